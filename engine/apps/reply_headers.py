"""Applications whose replies get, lose or tell header fields (``--add-header`` and its relatives)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from engine.config.response_headers import Keep, ResponseHeaders

__all__ = ["asgi_with_headers", "wsgi_at_once", "wsgi_with_headers"]


def wsgi_with_headers(app: Callable[..., Any], change: ResponseHeaders, keep: Keep) -> Callable[..., Any]:
    """Return *app* with other header fields; what is no list of pairs is left to the server's check.

    :param keep: gets the variables that are collected from fields, in the request's greenlet
    """

    def changed(environ: Any, start_response: Callable[..., Any]) -> Any:
        def start(status: Any, headers: Any, exc_info: Any = None, /) -> Any:
            if type(headers) is list and all(_is_field(each) for each in headers):
                headers = change.of(headers, keep)
            return start_response(status, headers, exc_info)

        return app(environ, start)

    return changed


def wsgi_at_once(app: Callable[..., Any], send_head: Callable[[], None]) -> Callable[..., Any]:
    """Return *app* whose ``start_response`` sends the head (uWSGI ``--start_response-nodelay``).

    PEP 3333 wants it kept until the first item of the body, so that an error can still replace it.

    :param send_head: sends the head of the reply of the current request
    """

    def eager(environ: Any, start_response: Callable[..., Any]) -> Any:
        def start(status: Any, headers: Any, exc_info: Any = None, /) -> Any:
            write = start_response(status, headers, exc_info)
            send_head()
            return write

        return app(environ, start)

    return eager


def asgi_with_headers(app: Callable[..., Any], change: ResponseHeaders, keep: Keep) -> Callable[..., Any]:
    """As :func:`wsgi_with_headers`, for an ASGI application."""
    added = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in change.added]
    removed = {name.encode("latin-1") for name in change.removed}

    async def changed(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        async def send_changed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                said = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
                texts = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in said)
                change.collect(texts, keep)
                sent = [*(each for each in said if each[0].lower() not in removed), *added]
                change.check(sent)
                message = {**message, "headers": sent}
            await send(message)

        await app(scope, receive, send_changed)

    return changed


def _is_field(each: object) -> bool:
    return type(each) is tuple and len(each) == 2 and isinstance(each[0], str) and isinstance(each[1], str)
