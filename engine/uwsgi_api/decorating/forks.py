"""Functions that run in each process after the fork."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

__all__ = ["postfork", "postfork_chain", "postfork_chain_hook"]

uwsgi: Any = importlib.import_module("uwsgi")

postfork_chain: list[Callable[[], Any]] = []


def postfork_chain_hook() -> None:
    """Call everything that was decorated with :class:`postfork`."""
    for call in postfork_chain:
        call()


class postfork:
    """``@postfork``, or ``@postfork(2)`` for worker 2 only: call the function after each fork."""

    def __init__(self, f: Callable[[], Any] | int) -> None:
        if callable(f):
            self.wid = 0
            self.f: Callable[[], Any] | None = f
        else:
            self.wid = f
            self.f = None
        postfork_chain.append(self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.f is None:
            self.f = args[0]
            return None
        if self.wid and self.wid != uwsgi.worker_id():
            return None
        return self.f(*args, **kwargs)
