"""WSGI applications whose replies are compressed where they ask for it (uWSGI ``--http-auto-gzip``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engine.apps.gzip_body import Begin, GzipBody, accepts_gzip, asks_for_gzip, gzip_fields

__all__ = ["wsgi_gzipped"]


class _Reply:
    """A reply of a WSGI application that may come to be compressed."""

    def __init__(self, start_response: Callable[..., Any], keep: Callable[[Any], None], silent: bool) -> None:
        self._start_response = start_response
        self._keep = keep
        self._silent = silent  # to HEAD
        self._started = False
        self._settled = False  # the server has got what the application returned
        self._body: GzipBody | None = None

    def start(self, status: Any, headers: Any, exc_info: Any = None, /) -> Any:
        """Stand in for ``start_response``; what is no list of pairs of texts is left to the server."""
        body = None
        if not self._settled and _are_fields(headers) and asks_for_gzip(_code(status), headers):
            body, headers = GzipBody(), gzip_fields(headers)
        write = self._start_response(status, headers, exc_info)
        self._started = True
        self._body = body
        self._keep(None if body is None else body.part)
        if body is None:
            return write
        return lambda data: write(body.part(data))

    def of(self, result: Any, strict: bool) -> Any:
        """Return what the server is to send for what the application returned."""
        body = self._body
        if self._started and body is None:
            self._settled = True
            return result
        if not isinstance(result, Iterable):
            return result  # the server says what is wrong with it
        if isinstance(result, bytes | str):
            result = [result]
        whole = type(result) in (list, tuple) and all(_is_item(each, strict) for each in result)
        if body is not None and whole and not self._silent:
            return [body.last(b"".join(map(_to_bytes, result)))]
        return _Items(self, result, strict)

    def items(self, result: Iterable[Any], strict: bool) -> Iterator[Any]:
        """Yield each item compressed; ``start_response`` may be called as late as for the first."""
        for item in result:
            body = self._body
            yield body.part(_to_bytes(item)) if body is not None and _is_item(item, strict) else item
        if self._body is not None and not self._silent:
            yield self._body.last()  # not after an error: a reply that broke off must not look whole


class _Items:
    """What an application returned, to be closed as that would be."""

    def __init__(self, reply: _Reply, result: Any, strict: bool) -> None:
        self._items = reply.items(result, strict)
        close = getattr(result, "close", None)
        if close is not None:
            self.close = close

    def __iter__(self) -> Iterator[Any]:
        return self._items


def wsgi_gzipped(app: Callable[..., Any], begin: Begin, strict: bool) -> Callable[..., Any]:
    """Return *app* with compressed replies.

    :param strict: text in place of bytes is left to the server, which refuses it
    """

    def gzipped(environ: Any, start_response: Callable[..., Any]) -> Any:
        keep = begin() if accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")) else None
        if keep is None:
            return app(environ, start_response)
        reply = _Reply(start_response, keep, environ["REQUEST_METHOD"] == "HEAD")
        return reply.of(app(environ, reply.start), strict)

    return gzipped


def _code(status: Any) -> int:
    return int(status[:3]) if isinstance(status, str) and status[:3].isdecimal() else 0


def _are_fields(headers: object) -> bool:
    return type(headers) is list and all(
        type(each) is tuple and len(each) == 2 and isinstance(each[0], str) and isinstance(each[1], str)
        for each in headers
    )


def _is_item(each: object, strict: bool) -> bool:
    return isinstance(each, bytes) or (isinstance(each, str) and not strict)


def _to_bytes(item: Any) -> bytes:
    return item.encode() if isinstance(item, str) else bytes(item)
