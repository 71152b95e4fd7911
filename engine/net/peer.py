"""Who is connected to what, as environ keys."""

from __future__ import annotations

import asyncio
import socket

from engine.interfaces import Environ

__all__ = ["peer_facts"]

_hostname = socket.gethostname()


def peer_facts(transport: asyncio.BaseTransport) -> Environ:
    """Return SERVER_NAME, SERVER_PORT, REMOTE_ADDR and REMOTE_PORT of a connection.

    SERVER_NAME is the host's name, as uWSGI sets it; the address a client asked
    for is in HTTP_HOST.  Over a unix socket the addresses are empty.
    """
    here = transport.get_extra_info("sockname")
    there = transport.get_extra_info("peername")
    facts: Environ = {"SERVER_NAME": _hostname, "SERVER_PORT": "", "REMOTE_ADDR": "", "REMOTE_PORT": ""}
    if isinstance(here, tuple):
        facts["SERVER_PORT"] = str(here[1])
    if isinstance(there, tuple):
        facts["REMOTE_ADDR"] = there[0]
        facts["REMOTE_PORT"] = str(there[1])
    return facts
