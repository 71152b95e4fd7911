"""Reading replies and checking them byte by byte."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

from benchmarks.soak.tally import LostReplyError, WrongReplyError

PATIENCE = 30.0  # seconds for one reply


@dataclass
class Reply:
    """Status, fields with lower-case names, body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Wire:
    """One client connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.replies = 0
        self.must_close = False

    @classmethod
    async def open(cls, port: int, context: ssl.SSLContext | None = None) -> Wire:
        """Connect; TLS with a context."""
        host = None if context is None else "localhost"
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=host))

    def send(self, data: bytes) -> None:
        """Send, later if the server does not read."""
        self.writer.write(data)

    async def read(self, pause: float = 0.0) -> Reply:
        """Read one reply.

        :param pause: seconds to wait after each piece of the body: a slow client
        :raises LostReplyError: if it does not come, or not whole
        :raises WrongReplyError: if it is no reply
        """
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._read(pause)
        except TimeoutError:
            raise LostReplyError(f"nothing for {PATIENCE:g} s after {self.replies} replies") from None
        except (OSError, asyncio.IncompleteReadError) as exc:
            raise LostReplyError(f"{type(exc).__name__} after {self.replies} replies") from exc
        self.replies += 1
        return reply

    async def _read(self, pause: float) -> Reply:
        raw = await self.reader.readuntil(b"\r\n\r\n")
        lines = raw[:-4].decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        if version != "HTTP/1.1" or not rest[:3].isdecimal():
            raise WrongReplyError(f"a status line like {lines[0]!r}")
        reply = Reply(int(rest[:3]))
        for line in lines[1:]:
            name, _, value = line.partition(":")
            reply.headers[name.lower()] = value.strip()
        self.must_close = reply.headers.get("connection", "").lower() == "close"
        if reply.headers.get("transfer-encoding") == "chunked":
            reply.body = await self._chunks(pause)
        else:
            reply.body = await self._exactly(int(reply.headers["content-length"]), pause)
        return reply

    async def _chunks(self, pause: float) -> bytes:
        parts = []
        while size := int(await self.reader.readuntil(b"\n"), 16):
            parts.append(await self._exactly(size, pause))
            if await self.reader.readexactly(2) != b"\r\n":
                raise WrongReplyError("a chunk without its end")
        if await self.reader.readexactly(2) != b"\r\n":
            raise WrongReplyError("a last chunk without its end")
        return b"".join(parts)

    async def _exactly(self, size: int, pause: float) -> bytes:
        if not pause:
            return await self.reader.readexactly(size)
        data = b""
        while len(data) < size:
            data += await self.reader.readexactly(min(16384, size - len(data)))
            await asyncio.sleep(pause)
        return data

    def is_open(self) -> bool:
        """Whether the server has neither closed nor reset the connection, as far as is known."""
        closed = self.reader.at_eof() or self.reader.exception() is not None
        return not (closed or self.writer.is_closing())

    def reset(self) -> None:
        """Go away without a farewell."""
        self.writer.transport.abort()

    async def close(self) -> None:
        """Go away."""
        self.writer.close()
        try:
            async with asyncio.timeout(5):
                await self.writer.wait_closed()
        except (OSError, TimeoutError):
            pass
