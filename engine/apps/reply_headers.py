"""Applications whose replies get or lose header fields (``--add-header``, ``--del-header``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from engine.config.response_headers import ResponseHeaders

__all__ = ["asgi_with_headers", "wsgi_with_headers"]


def wsgi_with_headers(app: Callable[..., Any], change: ResponseHeaders) -> Callable[..., Any]:
    """Return *app* with other header fields; what is no list of pairs is left to the server's check."""

    def changed(environ: Any, start_response: Callable[..., Any]) -> Any:
        def start(status: Any, headers: Any, exc_info: Any = None, /) -> Any:
            if type(headers) is list and all(type(each) is tuple and len(each) == 2 for each in headers):
                headers = change.of(headers)
            return start_response(status, headers, exc_info)

        return app(environ, start)

    return changed


def asgi_with_headers(app: Callable[..., Any], change: ResponseHeaders) -> Callable[..., Any]:
    """The same for an ASGI application."""
    added = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in change.added]
    removed = {name.encode("latin-1") for name in change.removed}

    async def changed(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        async def send_changed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                kept = [each for each in message.get("headers", ()) if bytes(each[0]).lower() not in removed]
                message = {**message, "headers": [*kept, *added]}
            await send(message)

        await app(scope, receive, send_changed)

    return changed
