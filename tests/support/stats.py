"""What a stats server says to whoever connects."""

from __future__ import annotations

import json
from typing import Any

from tests.support.addresses import Address, connect

__all__ = ["read_all", "stats"]


def read_all(address: Address, request: bytes = b"") -> bytes:
    """Connect, send *request*, and return what comes until the other side closes."""
    with connect(address, timeout=10) as sock:
        sock.sendall(request)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def stats(address: Address) -> Any:
    """Return the document of a stats server."""
    return json.loads(read_all(address))
