"""The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): who a proxy speaks for.

Bytes in, facts out; the connection gets nothing of the header.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from engine.errors import ProtocolError

__all__ = ["ProxyHeader", "read_proxy_header"]

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_SHORTEST: Final = 15  # "PROXY UNKNOWN\r\n"; version 2 has 16 bytes at least
_LONGEST_V1: Final = 107
_LONGEST_V2: Final = 4096  # what TLVs may take; the proxies that send certificates stay below
_IPV4: Final = 1
_IPV6: Final = 2
_SSL: Final = 0x20
_SSL_USED: Final = 1


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What a proxy says of its client; ``source`` empty: nothing, so the connection itself counts.

    :param tls: the client came to the proxy over TLS (version 2, PP2_TYPE_SSL)
    """

    source: str = ""
    source_port: int = 0
    destination: str = ""
    destination_port: int = 0
    tls: bool = False


def read_proxy_header() -> Generator[tuple[int, bool], bytes, ProxyHeader]:
    """Read a header: a generator that says what it needs.

    It yields (most bytes, only look); give it what has arrived.  With ``only look`` the bytes are
    not to be taken from the socket: what follows the header belongs to the next protocol.

    :raises ProtocolError: if it is none
    """
    data = yield from _exactly(_SHORTEST)
    if data.startswith(SIGNATURE):
        data += yield from _exactly(1)
        length = int.from_bytes(data[14:16], "big")
        if length > _LONGEST_V2:
            raise ProtocolError(400, f"a PROXY header of {length} bytes, the most is {_LONGEST_V2}")
        return _version_2(data[12], data[13], (yield from _exactly(length)))
    if not data.startswith(b"PROXY "):
        raise ProtocolError(400, f"no PROXY header, but {data!r}")
    while not data.endswith(b"\r\n"):
        if len(data) >= _LONGEST_V1:
            raise ProtocolError(400, "a PROXY line without end")
        seen = yield (_LONGEST_V1 - len(data), True)
        data += yield from _exactly(seen.find(b"\n") + 1 or len(seen))
    return _version_1(data)


def _exactly(number: int) -> Generator[tuple[int, bool], bytes, bytes]:
    data = b""
    while len(data) < number:
        data += yield (number - len(data), False)
    return data


def _version_1(line: bytes) -> ProxyHeader:
    words = line[:-2].decode("latin-1").split(" ")
    if words[1] == "UNKNOWN":
        return ProxyHeader()
    try:
        _, family, source, destination, source_port, destination_port = words
        want = {"TCP4": 4, "TCP6": 6}[family]
        if any(ipaddress.ip_address(each).version != want for each in (source, destination)):
            raise ValueError
        return ProxyHeader(source, _port(source_port), destination, _port(destination_port))
    except (ValueError, KeyError):
        raise ProtocolError(400, f"a PROXY line that cannot be read: {line!r}") from None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > 65535 or (text[0] == "0" and text != "0"):
        raise ValueError
    return int(text)


def _version_2(version: int, family: int, rest: bytes) -> ProxyHeader:
    if version >> 4 != 2 or version & 15 > 1:
        raise ProtocolError(400, f"a PROXY header of version {version >> 4}, command {version & 15}")
    if version & 15 == 0:
        return ProxyHeader()  # LOCAL: the proxy speaks for itself, as for a health check
    size = {_IPV4: 4, _IPV6: 16}.get(family >> 4, 0)
    if not size:
        return ProxyHeader()  # a unix socket, or unspecified
    if len(rest) < 2 * size + 4:
        raise ProtocolError(400, "a PROXY header shorter than its addresses")
    tail = rest[2 * size :]
    return ProxyHeader(
        str(ipaddress.ip_address(rest[:size])),
        int.from_bytes(tail[:2], "big"),
        str(ipaddress.ip_address(rest[size : 2 * size])),
        int.from_bytes(tail[2:4], "big"),
        _used_tls(tail[4:]),
    )


def _used_tls(tlvs: bytes) -> bool:
    while len(tlvs) >= 3:
        length = int.from_bytes(tlvs[1:3], "big")
        if tlvs[0] == _SSL and length >= 5:
            return bool(tlvs[3] & _SSL_USED)
        tlvs = tlvs[3 + length :]
    return False
