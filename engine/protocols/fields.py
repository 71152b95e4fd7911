"""Response header fields of an application: checked and turned into lines.

Shared by HTTP/1, HTTP/2 and uwsgi.  Names are judged once and remembered, each with the
last value that it had; another value costs one C call (``str.isprintable``) unless it holds
something unusual.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.protocols.grammar import TOKEN_CHARS

__all__ = ["CLOSE", "DATE", "LENGTH", "SERVER", "encode", "field_lines"]

# What an application has said by itself; bits of the third result of field_lines.
LENGTH: Final = 1
CLOSE: Final = 2
DATE: Final = 4
SERVER: Final = 8
_CONNECTION: Final = 16
_FORBIDDEN: Final = 32

_ROLES: Final[dict[str, int]] = {
    "content-length": LENGTH,
    "date": DATE,
    "server": SERVER,
    "connection": _CONNECTION,
    # Hop-by-hop: the server's own business (PEP 3333, RFC 9110 section 7.6.1).
    "keep-alive": _FORBIDDEN,
    "proxy-authenticate": _FORBIDDEN,
    "proxy-authorization": _FORBIDDEN,
    "proxy-connection": _FORBIDDEN,
    "te": _FORBIDDEN,
    "transfer-encoding": _FORBIDDEN,
    "upgrade": _FORBIDDEN,
}

_CACHE_SIZE: Final = 1024
_LONGEST: Final = 64
_names: dict[str, FieldName] = {}
_TOKEN: Final = frozenset(TOKEN_CHARS.decode())

# Visible characters, space, tab and obs-text (RFC 9110 section 5.5): no CR, LF, NUL or other control.
_CONTROLS: Final = frozenset(map(chr, [*range(0x09), *range(0x0A, 0x20), 0x7F]))


class FieldLine:
    """One value of a field, judged: ``line`` is what goes out, ``number`` that of a Content-Length."""

    __slots__ = ("line", "number", "value")

    def __init__(self, value: str | None, line: bytes, number: int) -> None:
        self.value = value
        self.line = line
        self.number = number


class FieldName:
    """A name that was judged.

    ``prefix``: name, colon and space.  ``role``: what the server does about it; 0: nothing.
    ``last``: the last value that came with it, since mostly the next one is the same; replaced as a
    whole, so that several threads may answer.
    """

    __slots__ = ("last", "prefix", "role")

    def __init__(self, prefix: str, role: int) -> None:
        self.prefix = prefix
        self.role = role
        self.last = _NOTHING


_NOTHING: Final = FieldLine(None, b"", 0)


def field_lines(
    headers: Iterable[tuple[str, str]], drop_length: bool = False
) -> tuple[list[bytes], int | None, int]:
    """Check header pairs and write them as lines, verbatim and in order.

    :param drop_length: leave Content-Length out, as 204 must (RFC 9110 section 8.6), and 205 if it is not 0
    :return: the lines, each with CRLF; the Content-Length or None; bits LENGTH, CLOSE, DATE, SERVER
    :raises ValueError: for anything that would break the message, or that only the server may send
    :raises TypeError: if a name or value is not ``str``
    """
    lines: list[bytes] = []
    length: int | None = None
    said = 0
    names = _names
    for name, value in headers:
        known = names.get(name)
        if known is None:
            known = _learn(name)
        role = known.role
        last = known.last
        if type(value) is not str or value != last.value:
            last = _learn_value(known, name, value)
        if role:
            if role == LENGTH:
                if said & LENGTH:
                    raise ValueError("the application sent more than one Content-Length")
                length = last.number
                if drop_length:
                    said |= LENGTH
                    continue
            elif role >= _CONNECTION:
                said |= _connection(name, value, role)
                continue
            said |= role
        lines.append(last.line)
    return lines, length, said


def _learn(name: str) -> FieldName:
    if type(name) is not str:
        raise TypeError(f"header name must be str, not {type(name).__name__}: {name!r}")
    if not name or not _TOKEN.issuperset(name):
        raise ValueError(f"header name {name!r} is not a token (RFC 9110 section 5.1)")
    known = FieldName(f"{name}: ", _ROLES.get(name.lower(), 0))
    if len(name) <= _LONGEST:
        if len(_names) >= _CACHE_SIZE:  # an application that makes names up must not fill the memory
            _names.clear()
        _names[name] = known
    return known


def _learn_value(known: FieldName, name: str, value: str) -> FieldLine:
    try:
        if not value.isprintable():
            _check_value(name, value)
    except AttributeError:
        raise TypeError(f"value of header {name!r} must be str, not {type(value).__name__}") from None
    number = _length(value) if known.role == LENGTH else 0
    line = FieldLine(value, encode(f"{known.prefix}{value}\r\n"), number)
    if type(value) is str and len(value) <= _LONGEST:
        known.last = line
    return line


def _check_value(name: str, value: str) -> None:
    """Say what is wrong; ``isprintable`` is also False for a tab and for some of obs-text, which are fine."""
    if type(value) is not str:  # bytearray and the like have no isprintable, but str subclasses do
        value = str(value)
    bad = _CONTROLS.intersection(value)
    if bad:
        raise ValueError(
            f"value of header {name!r} contains {min(bad)!r}; a line break or NUL would split it"
        )


def _length(value: str) -> int:
    digits = value.strip(" \t")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise ValueError(f"Content-Length {value!r} is not a decimal number")
    return int(digits)


def _connection(name: str, value: str, role: int) -> int:
    """``Connection: close`` is honoured, ``keep-alive`` says nothing new; the rest is refused."""
    option = value.strip(" \t").lower()
    if role == _CONNECTION and option in ("close", "keep-alive"):
        return CLOSE if option == "close" else 0
    raise ValueError(
        f"header '{name}: {value}' is hop-by-hop and set by the server only (PEP 3333); remove it"
    )


def encode(text: str) -> bytes:
    """Lines to bytes.

    :raises ValueError: with the line that does not fit latin-1 (PEP 3333)
    """
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        line = text[text.rfind("\n", 0, error.start) + 1 : text.find("\r", error.start)]
        raise ValueError(
            f"response line {line!r} does not fit latin-1; encode the value (RFC 8187)"
        ) from None
