"""A loaded application and where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Application", "is_single"]


@dataclass(frozen=True, slots=True)
class Application:
    """One application of the server.

    :param number: from 0 in the order loaded, as uWSGI counts
    :param mountpoint: ``/like/this``; empty for the one that gets what is mounted nowhere else
    :param is_asgi: ASGI 3, else WSGI
    :param seconds: that loading it took
    :param green: its tasks may call what blocks in gevent
    """

    number: int
    mountpoint: str
    call: Callable[..., Any]
    is_asgi: bool = False
    green: bool = False
    seconds: int = 0

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"application {self.number} at '{self.mountpoint or '/'}'"


def is_single(apps: Sequence[Application]) -> bool:
    """Whether there is one application for everything, so that nothing has to be looked up."""
    return not apps or (len(apps) == 1 and not apps[0].mountpoint)
