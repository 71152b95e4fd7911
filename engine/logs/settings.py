"""What is to be logged of requests, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Exceptions", "RequestLogSettings"]


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Requests that are logged although ``--disable-logging`` is given.

    :param slow: milliseconds from which on a request counts; 0 means none
    :param big: bytes of a reply from which on it counts; 0 means none
    """

    status_4xx: bool = False
    status_5xx: bool = False
    slow: int = 0
    big: int = 0
    zero: bool = False
    sendfile: bool = False
    io_error: bool = False

    def filter(self) -> Callable[[Any, float], bool] | None:
        """Return what tells of a request and its seconds whether it is one; None if none ever is."""
        return None if self == Exceptions() else self._matches

    def _matches(self, exchange: Any, took: float) -> bool:
        kind = exchange.status_code // 100
        size = exchange.header_bytes + exchange.body_bytes
        return bool(
            (self.status_4xx and kind == 4)
            or (self.status_5xx and kind == 5)
            or (self.slow and took * 1000 >= self.slow and kind != 1)  # a websocket is there to last
            or (self.big and size >= self.big)
            or (self.zero and not exchange.body_bytes)
            or (self.sendfile and exchange.sent_file)
            or (self.io_error and exchange.is_cut())
        )


@dataclass(frozen=True, slots=True)
class RequestLogSettings:
    """How a request is logged.

    :param pattern: uWSGI's ``--log-format``; None means uWSGI's default line
    :param json_fields: names of variables: lines are JSON objects of these
    :param micros: the default line tells microseconds
    :param forwarded_for: the client's address is that of X-Forwarded-For, if there is one
    :param memory: the default line begins with the size of the process
    :param date_format: strftime pattern of ``%(ftime)``
    """

    enabled: bool = True
    exceptions: Exceptions = field(default_factory=Exceptions)
    pattern: str | None = None
    json_fields: tuple[str, ...] = ()
    micros: bool = False
    forwarded_for: bool = False
    memory: bool = False
    date_format: str | None = None
