"""Tells of applications that read much of a body at once (uWSGI ``--body-read-warning``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engine.logs.clean import clean

__all__ = ["tell_of_big_reads"]


def tell_of_big_reads(app: Callable[..., Any], limit: int, log: Callable[[str], None]) -> Callable[..., Any]:
    """Return *app* with a ``wsgi.input`` that logs reads of more than *limit* bytes, once in a request."""

    def told(environ: dict[str, Any], start_response: Any) -> Any:
        def tell(size: int) -> None:
            request = clean(f"{environ.get('REQUEST_METHOD')} {environ.get('REQUEST_URI')}")
            log(f"{request}: {size >> 20} MB of the body were read at once and are in memory; read in pieces")

        environ["wsgi.input"] = _Told(environ["wsgi.input"], limit, tell)
        return app(environ, start_response)

    return told


class _Told:
    """A file; *tell* gets how many bytes the first read returns that has more than *limit*."""

    def __init__(self, stream: Any, limit: int, tell: Callable[[int], None]) -> None:
        self._stream = stream
        self._limit = limit
        self._tell = tell
        self._is_told = False

    def _look(self, size: int) -> None:
        if size > self._limit and not self._is_told:
            self._is_told = True
            self._tell(size)

    def read(self, *size: Any) -> bytes:
        """As that of the file."""
        data: bytes = self._stream.read(*size)
        self._look(len(data))
        return data

    def readline(self, *size: Any) -> bytes:
        """As that of the file."""
        line: bytes = self._stream.readline(*size)
        self._look(len(line))
        return line

    def readlines(self, *hint: Any) -> list[bytes]:
        """As that of the file."""
        lines: list[bytes] = self._stream.readlines(*hint)
        self._look(sum(map(len, lines)))
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
