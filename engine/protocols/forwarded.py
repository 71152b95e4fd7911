"""What proxies tell of the client in header fields: X-Forwarded-* and Forwarded (RFC 7239)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["FIELDS", "Told", "read_forwarded"]

FIELDS: Final = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded")
"""Fields that can be asked for."""

_MOST_HOPS: Final = 64
_PAIR: Final = re.compile(r'\s*([A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))\s*')
_HOST: Final = re.compile(r"[A-Za-z0-9._~%-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Told:
    """What the proxies say; empty where they say nothing, or nothing that can be right.

    :param address: of the client
    :param port: of the client
    :param server_port: that the client connected to
    """

    address: str = ""
    port: str = ""
    scheme: str = ""
    host: str = ""
    server_port: str = ""


def read_forwarded(
    headers: Iterable[tuple[bytes, bytes]], wanted: Sequence[str], trusts: Callable[[str], bool]
) -> Told:
    """Return what *headers* tell, sent by a peer that is trusted.

    The client is the last address that is not trusted: those before it could be its own invention.
    ``Forwarded`` counts before the others where both are wanted and there.

    :param wanted: of :data:`FIELDS`
    """
    found: dict[str, list[str]] = {}
    for name, value in headers:
        key = name.decode("latin-1")
        if key in wanted:
            found.setdefault(key, []).append(value.decode("latin-1"))
    if "forwarded" in found:
        return _of_standard(",".join(found["forwarded"]), trusts)
    address, port, _ = _client(_split(found.get("x-forwarded-for")), trusts)
    return Told(
        address,
        port,
        _scheme(_last(found.get("x-forwarded-proto"))),
        _host(_last(found.get("x-forwarded-host"))),
        _port(_last(found.get("x-forwarded-port"))),
    )


def _of_standard(text: str, trusts: Callable[[str], bool]) -> Told:
    elements = _elements(text)
    address, port, place = _client([element.get("for", "") for element in elements], trusts)
    if not elements:
        return Told()
    # The proxy next to the client knows what that asked for.
    element = elements[place] if place >= 0 else elements[-1]
    return Told(address, port, _scheme(element.get("proto", "")), _host(element.get("host", "")))


def _elements(text: str) -> list[dict[str, str]]:
    """Take a Forwarded field apart; empty if it is malformed (RFC 7239 section 4)."""
    elements: list[dict[str, str]] = [{}]
    place = 0
    while place < len(text):
        match = _PAIR.match(text, place)
        if match is None or len(elements) > _MOST_HOPS:
            return []
        name, quoted, plain = match.groups()
        value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        elements[-1][name.lower()] = value
        place = match.end()
        if place == len(text):
            break
        if text[place] == ",":
            elements.append({})
        elif text[place] != ";":
            return []
        place += 1
    return elements


def _client(hops: Sequence[str], trusts: Callable[[str], bool]) -> tuple[str, str, int]:
    """Return address and port of the client, and which of *hops* it is; -1 if none can be right."""
    best = ("", "", -1)
    for place in range(len(hops) - 1, max(-1, len(hops) - 1 - _MOST_HOPS), -1):
        address, port = _node(hops[place])
        if not address:
            break  # "unknown", a hidden name or nonsense: beyond it nothing can be believed
        best = (address, port, place)
        if not trusts(address):
            break
    return best


def _node(text: str) -> tuple[str, str]:
    """Split ``ADDRESS``, ``ADDRESS:PORT``, ``[IPV6]:PORT``; empty if it is none.

    A zone (RFC 4007 section 11) is left out: only the host that wrote it knows it, and it may be any text.
    """
    text = text.strip()
    port = ""
    if text.startswith("["):
        text, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
    try:
        return str(ipaddress.ip_address(text.partition("%")[0])), _port(port)
    except ValueError:
        return "", ""


def _split(values: list[str] | None) -> list[str]:
    return ",".join(values).split(",") if values else []


def _last(values: list[str] | None) -> str:
    """The value that the nearest proxy has put there."""
    return values[-1].rpartition(",")[2].strip() if values else ""


def _scheme(text: str) -> str:
    text = text.lower()
    return {"wss": "https", "ws": "http"}.get(text, text) if text in ("http", "https", "ws", "wss") else ""


def _host(text: str) -> str:
    return text if _HOST.fullmatch(text) else ""


def _port(text: str) -> str:
    return text if len(text) < 6 and text.isascii() and text.isdecimal() and 0 < int(text) < 65536 else ""
