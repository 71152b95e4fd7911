"""Asks a worker about one of its requests, for the page ``/tree`` of the stats server.

Stacks tell file names, source code and what a request is about, so only this machine may ask, and no page
of another site that a browser here has open.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from engine.channels import Lane
from engine.process.plan import Phase

if TYPE_CHECKING:
    from engine.process.child import Child
    from engine.process.master import Master

__all__ = ["RequestTrees", "refusal_of"]

Then = Callable[[str, bytes], None]

_PATIENCE: Final = 2.0  # seconds; a worker with millions of objects needs some tenths
_OF_PROXIES: Final = frozenset((b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"))
_ELSEWHERE: Final = (
    "the inside of requests is shown on this machine only; from another one use "
    "'ssh -L 9191:ADDRESS-OF-STATS THIS-MACHINE' and open http://localhost:9191/"
)


class RequestTrees:
    """Lives in the master's events."""

    def __init__(self, master: Master) -> None:
        self._master = master
        self._asked = 0
        self._waiting: dict[int, Then] = {}
        master.on_control(b"tree", self._answered)

    def ask(self, query: str, then: Then) -> None:
        """Call *then* with status and JSON.

        :param query: ``worker=1&core=3``
        """
        values = parse_qs(query)
        try:
            worker, core = int(values["worker"][0]), int(values["core"][0])
        except (KeyError, ValueError):
            then("400 Bad Request", _said("ask for /tree?worker=NUMBER&core=NUMBER"))
            return
        self._asked += 1
        number = self._asked
        child = next((each for each in self._master.children() if _serves(each, worker)), None)
        if child is None or not self._master.send(child, Lane.CONTROL, b"tree %d %d" % (number, core)):
            then("404 Not Found", _said(f"there is no worker {worker}"))
            return
        self._waiting[number] = then
        self._master.events.call_later(_PATIENCE, lambda: self._give_up(number, worker))

    def _answered(self, child: Child, data: bytes) -> None:
        number, _, text = data.partition(b" ")
        then = self._waiting.pop(int(number), None)
        if then is None:
            return
        if text == b"null":
            then("404 Not Found", _said("no request runs there"))
        else:
            then("200 OK", text)

    def _give_up(self, number: int, worker: int) -> None:
        then = self._waiting.pop(number, None)
        if then is not None:
            then("504 Gateway Timeout", _said(f"worker {worker} does not answer: something holds its loop"))


def _serves(child: Child, worker: int) -> bool:
    return child.number == worker and child.phase is not Phase.STARTING


def _said(text: str) -> bytes:
    return json.dumps({"error": text}).encode()


def refusal_of(sock: socket.socket, head: bytes) -> str:
    """Say why whoever sent *head* may not look into requests; empty if it may.

    :param sock: its connection; who can open a unix socket is asked no more
    """
    try:
        peer = sock.getpeername()
    except OSError:
        return _ELSEWHERE
    if isinstance(peer, tuple) and not _is_loopback(str(peer[0])):
        return _ELSEWHERE
    for line in head.split(b"\n")[1:]:
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        if name in _OF_PROXIES:
            return f"{_ELSEWHERE}; a proxy asks here"
        # A name that a foreign page has made point to this machine (DNS rebinding) stands in Host.
        if name == b"host" and not _is_local(value.strip().decode("latin-1")):
            return f"{_ELSEWHERE}; 'Host: {ascii(value.strip().decode('latin-1'))[1:-1]}' is not this machine"
    return ""


def _is_local(host: str) -> bool:
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    name = name.strip("[]").lower()
    return name in ("", "localhost") or name.endswith(".localhost") or _is_loopback(name)


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # a socket of IPv6 that takes IPv4, too
    return (mapped or address).is_loopback
