"""Where the figures come from: a stats server, on TCP or a unix socket, plain or over HTTP.

A plain one speaks first; one with ``--stats-http`` waits for a request.  So an address is listened to
for a moment, and asked over HTTP if it stays silent; a URL is asked at once.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from engine.errors import EngineError, UsageError

__all__ = ["Place", "Source", "SourceError", "parse_place"]

_TIMEOUT: Final = 5.0
_SILENCE: Final = 1.0  # seconds; a plain server speaks after half a second at the latest
ACCEPTED: Final = "accepted are HOST:PORT, :PORT, /path/to.sock, @abstract-name and http://HOST:PORT/"


class SourceError(EngineError):
    """The stats server does not answer, or not with its document."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stats server.

    :param path: of its unix socket; empty for TCP
    :param target: path to ask for over HTTP; None if it is not known to speak HTTP
    """

    text: str
    host: str = ""
    port: int = 0
    path: str = ""
    target: str | None = None
    tls: bool = False


def parse_place(text: str) -> Place:
    """Read an address as ``--stats`` takes it, or a URL.

    :raises UsageError: if it is neither
    """
    if "://" in text:
        return _parse_url(text)
    if text.startswith("@"):
        return Place(text, path="\0" + text[1:])
    if "/" in text:
        return Place(text, path=text)
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"{text!r} is no address of a stats server; {ACCEPTED}")
    return Place(text, host=host.strip("[]") or "127.0.0.1", port=int(port))


def _parse_url(text: str) -> Place:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise UsageError(f"{text!r} is no URL: {error}; {ACCEPTED}") from None
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise UsageError(f"{text!r} is no URL of a stats server; {ACCEPTED}")
    tls = url.scheme == "https"
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Place(text, url.hostname, port or (443 if tls else 80), target=target, tls=tls)


class Source:
    """Asks one stats server, a connection for each answer."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._target = place.target

    async def fetch(self) -> dict[str, Any]:
        """Return the document.

        :raises SourceError: if there is none within 5 seconds
        """
        try:
            async with asyncio.timeout(_TIMEOUT):
                data = await self._ask()
        except TimeoutError:
            raise SourceError(f"{self.place.text} says nothing") from None
        except OSError as error:
            raise SourceError(f"{self.place.text}: {error.strerror or error}") from None
        try:
            document = json.loads(data)
        except ValueError:
            document = None
        if not isinstance(document, dict) or "workers" not in document:
            raise SourceError(
                f"{self.place.text} is no stats server: it does not send the document of --stats"
            )
        return document

    async def _ask(self) -> bytes:
        place = self.place
        if place.path:
            reader, writer = await asyncio.open_unix_connection(place.path)
        else:
            reader, writer = await asyncio.open_connection(place.host, place.port, ssl=place.tls or None)
        try:
            beginning = b"" if self._target is not None else await _first_bytes(reader)
            if self._target is None and not beginning:
                self._target = "/"
            if self._target is None:
                return beginning + await reader.read(-1)
            writer.write(_request(self._target, place.host or "localhost"))
            return _body(await reader.read(-1), place.text)
        finally:
            writer.close()


async def _first_bytes(reader: asyncio.StreamReader) -> bytes:
    """Return the first bytes the server says by itself; none if it waits to be asked."""
    try:
        async with asyncio.timeout(_SILENCE):
            return await reader.read(65536)
    except TimeoutError:
        return b""


def _request(target: str, host: str) -> bytes:
    shown = f"[{host}]" if ":" in host else host
    return f"GET {target} HTTP/1.0\r\nHost: {shown}\r\nAccept: application/json\r\n\r\n".encode()


def _body(reply: bytes, name: str) -> bytes:
    """Return the body of a reply that lasts until the connection ends (HTTP/1.0 was asked for)."""
    head, _, body = reply.partition(b"\r\n\r\n")
    status = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    if len(status) < 2 or not status[0].startswith("HTTP/"):
        raise SourceError(f"{name} speaks neither JSON nor HTTP")
    if status[1] != "200":
        raise SourceError(f"{name} answers {' '.join(status[1:])}")
    return body
