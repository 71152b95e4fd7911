"""``wsgi.input``: the request body as a file, read on demand (PEP 3333, "Input and Error Streams").

Errors are OSError with uWSGI's texts, since programs look for them.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import BodyNotRead, BodyTimeout, BrokenBody, ClientDisconnected
from engine.request.body import RequestBody
from engine.request.io_errors import IO_ERRORS

__all__ = ["InputStream"]


class InputStream:
    """A read-only binary file over a :class:`RequestBody`; one greenlet at a time."""

    __slots__ = ("_body", "_pending", "_position")

    def __init__(self, body: RequestBody) -> None:
        self._body = body
        self._pending = b""
        self._position = 0

    def _take(self, limit: int | None, asked: int) -> bytes:
        try:
            return self._body.take(limit)
        except (BodyTimeout, ClientDisconnected) as exc:
            raise _as_uwsgi_says(exc, asked) from exc

    def _gather(self, count: int, asked: int) -> bytes:
        try:
            return self._body.gather(count)
        except (BodyTimeout, ClientDisconnected) as exc:
            raise _as_uwsgi_says(exc, asked) from exc

    def read(self, size: int | None = -1) -> bytes:
        """Return *size* bytes, fewer only at the end of the body; all the rest if None, 0 or negative.

        :raises OSError: if the client sent less than it announced, or nothing for ``--socket-timeout``
        """
        wanted = -1 if size is None or size <= 0 else size
        if wanted > 0:
            data = self._read_some(wanted)
        else:
            pending, self._pending = self._pending, b""
            data = self._gather(-1, 0)
            if pending:
                data = pending + data
        self._position += len(data)
        return data

    def _read_some(self, wanted: int) -> bytes:
        pending = self._pending
        if len(pending) >= wanted:
            self._pending = pending[wanted:]
            return pending[:wanted]
        if not pending:
            return self._gather(wanted, wanted)
        self._pending = b""
        return pending + self._gather(wanted - len(pending), wanted)

    def read1(self, size: int = -1) -> bytes:
        """Return what is there, at most *size* bytes; wait only if nothing is (io.BufferedIOBase)."""
        if self._pending:
            data = self._pending if size <= 0 else self._pending[:size]
            self._pending = self._pending[len(data) :]
        else:
            data = self._take(size if size > 0 else None, size)
        self._position += len(data)
        return data

    def readline(self, size: int | None = -1) -> bytes:
        """Return the next line with its newline, at most *size* bytes of it; ``b""`` at the end."""
        limit = -1 if size is None or size < 0 else size
        if limit == 0:
            return b""
        line = bytearray()
        while True:
            if not self._pending:
                self._pending = self._take(None, limit)
                if not self._pending:
                    break
            end = self._pending.find(b"\n") + 1
            cut = end or len(self._pending)
            if limit > 0:
                cut = min(cut, limit - len(line))
            line += self._pending[:cut]
            self._pending = self._pending[cut:]
            if line.endswith(b"\n") or len(line) == limit:
                break
        self._position += len(line)
        return bytes(line)

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Return all lines, or lines of at least *hint* bytes together."""
        lines: list[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def trailers(self) -> list[tuple[str, str]]:
        """Return the fields that came after the body, names in lower case (RFC 9110 section 6.5).

        Offered as ``environ["engine.request_trailers"]``.  Fields that only a head may have are left out
        (section 6.5.1), and names with an underscore.

        :raises BodyNotRead: before a read has returned ``b""`` or all of the rest
        """
        body = self._body
        if self._pending or body.buffered or not body.complete:
            raise BodyNotRead("the request body was not read to its end; its trailers come after it")
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in body.trailers]

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        """Refuse, as uWSGI does without ``--post-buffering``."""
        raise OSError("seeking wsgi.input without post_buffering is IMPOSSIBLE !!!")

    def readable(self) -> bool:
        """True."""
        return True

    def close(self) -> None:
        """Do nothing: the connection outlives the body."""


def _as_uwsgi_says(exc: BodyTimeout | ClientDisconnected, asked: int) -> OSError:
    if isinstance(exc, BodyTimeout):
        return BodyTimeout(f"timeout during read({asked}) on wsgi.input")
    IO_ERRORS.body_lost()
    text = f"error during read({asked}) on wsgi.input: {exc}"
    return BrokenBody(text, exc.status) if isinstance(exc, BrokenBody) else ClientDisconnected(text)
