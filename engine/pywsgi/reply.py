"""Status and headers of a reply: checked when the application gives them, encoded when they go out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.protocols.fields import CLOSE, DATE, field_lines
from engine.protocols.http1.framing import UNTIL_CLOSE, Framing, decide
from engine.protocols.status import parse_status

__all__ = ["BytesPairs", "ReplyHead", "encode_reply"]

BytesPairs = list[tuple[bytes, bytes]]

# A switch of protocols is framed by the new protocol (RFC 9110 section 7.8).
_SWITCHED: Final = Framing(UNTIL_CLOSE, None, False, b"")


class ReplyHead:
    """What an application said with ``start_response``.

    :raises UnicodeError: if a name or value is not ``str`` of latin-1 characters (PEP 3333)
    :raises ValueError: for anything that would break the message, or that only the server may send
    """

    __slots__ = ("close", "code", "dated", "headers", "length", "pairs", "status")

    def __init__(self, status: str, headers: Iterable[tuple[str, str]]) -> None:
        if not isinstance(status, str):
            raise UnicodeError(f"the status must be str, not {type(status).__name__}")
        if "\r" in status or "\n" in status:
            raise ValueError("carriage return or newline in status", status)
        self.code = parse_status(status)[1]
        self.status = status
        self.pairs = list(headers)
        self.headers: BytesPairs = [_encode_pair(name, value) for name, value in self.pairs]
        said = 0
        self.length: int | None = None
        if self.code == 101:  # Connection and Upgrade are the application's here
            said = DATE if any(name.lower() == "date" for name, _ in self.pairs) else 0
        else:
            _, self.length, said = field_lines(self.pairs)
        self.close = bool(said & CLOSE)
        self.dated = bool(said & DATE)


def _encode_pair(name: str, value: str) -> tuple[bytes, bytes]:
    for what, text in (("name", name), ("value", value)):
        if not isinstance(text, str):
            raise UnicodeError(f"header {what} must be str, not {type(text).__name__}: {text!r}")
        if "\r" in text or "\n" in text:
            raise ValueError(f"carriage return or newline in header {what}", text)
    try:
        return name.encode("latin-1"), value.encode("latin-1")
    except UnicodeEncodeError:
        raise UnicodeError(f"header {name!r}: {value!r} does not fit latin-1; encode it (RFC 8187)") from None


def encode_reply(
    reply: ReplyHead,
    status: bytes,
    headers: BytesPairs,
    method: str,
    version: str,
    keep_alive: bool,
    known: int | None,
) -> tuple[bytes, Framing]:
    """Return the head on the wire and how the body is framed (RFC 9112 section 6).

    :param status: as bytes, as are ``headers``: those that handlers may have changed since
    :param known: size of the body, if the server can tell
    """
    if reply.code == 101:
        framing = _SWITCHED
    else:
        framing = decide(method, version, keep_alive and not reply.close, reply.code, reply.length, known)
    lines = [b"HTTP/1.1 %b\r\n" % status]
    bare = reply.code == 204  # has no Content-Length (RFC 9110 section 8.6)
    for name, value in headers:
        lowered = name.lower()
        if lowered == b"connection" and reply.code != 101:
            continue  # the framing says it
        if not (bare and lowered == b"content-length"):
            lines.append(b"%b: %b\r\n" % (name, value))
    lines.append(framing.fields)
    lines.append(b"\r\n")
    return b"".join(lines), framing
