"""The request line in uWSGI's default format (uWSGI LogFormat page, "default")."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["LoggedRequest", "request_line"]

_ctime_of: tuple[int, str] = (0, "")


class LoggedRequest(Protocol):
    """What the line is made of."""

    core: int
    started_at: float
    header_count: int
    header_bytes: int
    body_bytes: int
    variable_count: int
    variable_bytes: int
    switches: int
    sent_file: bool

    @property
    def status_code(self) -> int: ...
    @property
    def method(self) -> str: ...
    @property
    def uri(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def remote_addr(self) -> str: ...
    @property
    def remote_user(self) -> str: ...


def _ctime(epoch: float) -> str:
    global _ctime_of
    second = int(epoch)
    if _ctime_of[0] != second:
        _ctime_of = (second, time.ctime(second))
    return _ctime_of[1]


def request_line(request: LoggedRequest, pid: int, number: int, total: int, msecs: int) -> str:
    """Return one line, without newline.

    :param number: requests this worker has started for the application
    :param total: requests all workers have finished, this one included
    :param msecs: duration in milliseconds
    """
    return (
        f"[pid: {pid}|app: 0|req: {number}/{total}] {request.remote_addr} ({request.remote_user}) "
        f"{{{request.variable_count * 2} vars in {request.variable_bytes} bytes}} "
        f"[{_ctime(request.started_at)}] "
        f"{request.method} {request.uri} => generated {request.body_bytes} bytes in {msecs} msecs"
        f"{' via sendfile() ' if request.sent_file else ' '}"
        f"({request.protocol} {request.status_code}) {request.header_count} headers in "
        f"{request.header_bytes} bytes ({request.switches} switches on core {request.core})"
    )
