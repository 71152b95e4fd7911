"""How far a client's certificate is from an authority that is trusted."""

from __future__ import annotations

import ssl
from typing import Any

__all__ = ["authorities_between"]


def authorities_between(obj: ssl.SSLObject) -> int:
    """Return how many authorities stand between the peer's certificate and the trusted one.

    Counted as SSL_CTX_set_verify_depth(3) does; that is not used because Python has no name for it.
    """
    connection: Any = obj if hasattr(obj, "get_verified_chain") else obj._sslobj  # type: ignore[attr-defined]
    return max(0, len(connection.get_verified_chain()) - 2)  # public since Python 3.13
