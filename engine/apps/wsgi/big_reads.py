"""Tells of applications that read much of a body at once (uWSGI ``--body-read-warning``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["tell_of_big_reads"]


def tell_of_big_reads(app: Callable[..., Any], limit: int, log: Callable[[str], None]) -> Callable[..., Any]:
    """Return *app* with a ``wsgi.input`` that writes a line for each read of more than *limit* bytes."""

    def told(environ: dict[str, Any], start_response: Any) -> Any:
        def tell(size: int) -> None:
            if size > limit:
                log(
                    f"{environ.get('REQUEST_METHOD')} {environ.get('REQUEST_URI')}: {size >> 20} MB of the "
                    "body were read at once and are in memory; read in pieces"
                )

        environ["wsgi.input"] = _Told(environ["wsgi.input"], tell)
        return app(environ, start_response)

    return told


class _Told:
    """A file; *tell* gets how many bytes each read returns."""

    def __init__(self, stream: Any, tell: Callable[[int], None]) -> None:
        self._stream = stream
        self._tell = tell

    def _told(self, data: bytes) -> bytes:
        self._tell(len(data))
        return data

    def read(self, *size: Any) -> bytes:
        """As that of the file."""
        return self._told(self._stream.read(*size))

    def readline(self, *size: Any) -> bytes:
        """As that of the file."""
        return self._told(self._stream.readline(*size))

    def readlines(self, *hint: Any) -> list[bytes]:
        """As that of the file."""
        lines: list[bytes] = self._stream.readlines(*hint)
        self._tell(sum(map(len, lines)))
        return lines

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
