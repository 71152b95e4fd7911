"""Which peers are believed when they speak for somebody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["TrustedPeers", "check_peers"]

_CACHED = 1024  # addresses; parsing one takes longer than a small request


class TrustedPeers:
    """Addresses and networks; ``*`` is everybody, ``unix`` whoever comes through a unix socket.

    :raises ValueError: if one of them is none
    """

    def __init__(self, peers: Iterable[str]) -> None:
        names = [peer.strip() for peer in peers if peer.strip()]
        self.everybody = "*" in names
        self._unix = "unix" in names
        self._networks = [
            ipaddress.ip_network(name, strict=False) for name in names if name not in ("*", "unix")
        ]
        self.trusts = lru_cache(_CACHED)(self._look)

    def __bool__(self) -> bool:
        return self.everybody or self._unix or bool(self._networks)

    def _look(self, address: str) -> bool:
        """Whether *address* is one of them; empty for a unix socket."""
        if self.everybody:
            return True
        if not address:
            return self._unix
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
        return any(ip in network or (mapped is not None and mapped in network) for network in self._networks)

    def __repr__(self) -> str:
        return f"<TrustedPeers {'*' if self.everybody else self._networks}{' unix' if self._unix else ''}>"


def check_peers(text: str) -> tuple[str, ...]:
    """Split a list at commas and spaces.

    :raises ValueError: if something in it is no address, network, ``*`` or ``unix``
    """
    peers = tuple(text.replace(",", " ").split())
    for peer in peers:
        try:
            TrustedPeers([peer])
        except ValueError:
            raise ValueError(
                f"{peer!r} is no address; addresses, networks as in 10.0.0.0/8, unix and * are accepted"
            ) from None
    return peers
