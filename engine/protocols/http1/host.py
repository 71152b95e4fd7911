"""Is this a host a request may name? (RFC 9110 section 7.2, RFC 3986 section 3.2.2)"""

from __future__ import annotations

import re
from typing import Final

from engine.errors import ProtocolError

__all__ = ["check_host"]

# uri-host [ ":" port ].  Narrower than RFC 3986 on purpose: no empty name (nginx refuses it too), and no
# comma, which is what a proxy writes when it merges two Host fields.
_HOST: Final = re.compile(
    rb"(?: \[ [0-9A-Fa-f:.]{2,45} \]  |  [A-Za-z0-9._~!$&'()*+;=%-]+ ) (?: : [0-9]{0,5} )?", re.VERBOSE
)

_CACHE_SIZE: Final = 256
_known: dict[bytes, None] = {}


def check_host(value: bytes) -> None:
    """Accept a Host value or the authority of a request-target.

    Hosts seen before cost one dict look-up.  The memory of hosts is bounded: when it
    is full it is emptied, so that no client can lock the real names out.

    :raises ProtocolError: 400
    """
    if value in _known:
        return
    if b", " in value:
        raise ProtocolError(400, "more than one Host header, or a list in it")
    if _HOST.fullmatch(value) is None:
        raise ProtocolError(400, "Host is not a valid 'name' or 'name:port'")
    if len(_known) >= _CACHE_SIZE:
        _known.clear()
    if len(value) <= 255:
        _known[value] = None
