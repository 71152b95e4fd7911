"""A connection and a parking place without sockets or greenlets."""

from __future__ import annotations

import os

from engine.protocols.events import RequestHead
from engine.protocols.http1.framing import Framing
from engine.protocols.http1.writer import interim_head, response_head
from engine.request.exchange import Exchange
from engine.request.link import Link

DATE = b"Mon, 23 Nov 2026 12:00:00 GMT"


class FakeLink(Link):
    """Collects what a reply sends."""

    def __init__(self, fail_after: int | None = None) -> None:
        self.sent: list[bytes] = []
        self.ended: list[bool] = []
        self.aborted = False
        self.reset = False
        self.keep_alive = True
        self.fail_after = fail_after

    def encode_head(self, head, status, headers, length) -> tuple[bytes, Framing]:
        keep = head.keep_alive and self.keep_alive
        return response_head(status, headers, head.method, head.http_version, keep, DATE, b"", length)

    def encode_interim(self, status, headers) -> bytes:
        return interim_head(status, headers)

    def transmit(self, data: bytes) -> None:
        self.sent.append(bytes(data))

    def transmit_file(self, fd: int, offset: int, count: int) -> int:
        data = os.pread(fd, count, offset)
        self.transmit(data)
        return len(data)

    def reply_ended(self, exchange: Exchange, reusable: bool) -> None:
        self.ended.append(reusable)

    def abort(self, reset: bool) -> None:
        self.aborted = True
        self.reset = reset

    def remote_addr(self, head) -> str:
        return "127.0.0.1"

    def environ_base(self) -> dict[str, object]:
        return {}

    @property
    def wire(self) -> bytes:
        return b"".join(self.sent)

    @property
    def body(self) -> bytes:
        return self.wire.partition(b"\r\n\r\n")[2]


class FakeParking:
    """Instead of parking, does what the test wants to happen meanwhile."""

    def __init__(self, meanwhile) -> None:
        self.meanwhile = meanwhile
        self.parked = 0

    def park(self, timeout: float | None = None) -> bool:
        self.parked += 1
        return self.meanwhile() is not False

    def park_writable(self, fd: int, timeout: float | None = None) -> bool:
        return self.park(timeout)

    def unpark(self) -> None:
        pass


def get(path: bytes = b"/", **facts) -> RequestHead:
    return RequestHead("GET", path, path, b"", [(b"host", b"x")], **facts)
