"""ASGI applications whose replies are compressed where they ask for it (uWSGI ``--http-auto-gzip``)."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from engine.apps.gzip_body import Begin, GzipBody, accepts_gzip, asks_for_gzip, gzip_fields

__all__ = ["asgi_gzipped"]

_BLOCK: Final = 65536
_ACCEPT: Final = b"accept-encoding"


def asgi_gzipped(app: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    """Return *app* with compressed replies."""

    async def gzipped(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        accepted = scope["type"] == "http" and accepts_gzip(
            ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == _ACCEPT)
        )
        keep = begin() if accepted else None
        if keep is None:
            await app(scope, receive, send)
        else:
            await app(scope, receive, _Sender(send, scope["method"] == "HEAD").send)

    return gzipped


class _Sender:
    """Stands in for ``send`` of one ASGI request."""

    def __init__(self, send: Callable[[Any], Awaitable[None]], silent: bool) -> None:
        self._send = send
        self._silent = silent
        self._body: GzipBody | None = None

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Pass a message on, compressed if that was asked for."""
        kind = message["type"]
        if kind == "http.response.start":
            await self._send(self._started(message))
        elif self._body is None or self._silent:
            await self._send(message)
        elif kind == "http.response.body":
            await self._send(self._compressed(message, bytes(message.get("body", b""))))
        elif kind == "http.response.pathsend":
            await self._send_file(message["path"])
        else:
            await self._send(message)

    def _started(self, message: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        said = message.get("headers", ())
        pairs = [(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in said]
        if not asks_for_gzip(message["status"], pairs):
            return message
        self._body = GzipBody()
        sent = [
            (name.encode("latin-1").lower(), value.encode("latin-1")) for name, value in gzip_fields(pairs)
        ]
        return {**message, "headers": sent}

    def _compressed(self, message: MutableMapping[str, Any], data: bytes) -> MutableMapping[str, Any]:
        assert self._body is not None
        more = message.get("more_body", False)
        return {**message, "body": self._body.part(data) if more else self._body.last(data)}

    async def _send_file(self, path: Any) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            while data := os.read(fd, _BLOCK):
                await self.send({"type": "http.response.body", "body": data, "more_body": True})
        finally:
            os.close(fd)
        await self.send({"type": "http.response.body"})
