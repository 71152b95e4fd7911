"""Runs each request in a greenlet of its own.

The greenlet is switched into directly from the callback in which the request
arrived: no queue and no turn of the loop before the application runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from bridge.lowlevel import Greenlet, Parking, direct_runner
from engine.cores.parking import RequestParking
from engine.cores.pool import CorePool

__all__ = ["RequestGreenlet", "Runnable", "Runner"]

_QUEUE_FULL = "[DANGER] async queue is full !!!"


class Runnable(Protocol):
    """A request, as far as running it goes."""

    core: int


class RequestGreenlet(Greenlet):
    """The greenlet of one request; ``exchange`` identifies the request for the ``uwsgi`` API."""

    # Saves a dict for each; applications may set attributes all the same.
    __slots__ = ("exchange",)

    exchange: Any


class Runner:
    """Hands cores to requests and runs them; one per worker, in its main thread.

    :param cores: how many requests run at once
    :param serve: runs one request to its end; must not raise
    :param log: writes one line to the server log
    """

    def __init__(self, cores: int, serve: Callable[[Any], None], log: Callable[[str], None]) -> None:
        self.pool: CorePool = CorePool(cores)
        self._serve = serve
        self._log = log
        self._run_now = direct_runner()
        self._last_warning = 0.0
        self.greenlets: list[Any] = [None] * cores  # those of ASGI requests (cores.tasks) come behind
        self.served = [0] * cores
        self._idle_callbacks: list[Callable[[], None]] = []
        self._was_full = False
        self.on_full: Callable[[], None] | None = None
        self.on_free: Callable[[], None] | None = None

    def submit(self, exchange: Runnable) -> None:
        """Run *exchange* now, or when a core is free; call in an asyncio callback."""
        core = self.pool.take(exchange)
        if core is None:
            self._warn_full()
            self._was_full = True
            if self.on_full is not None:
                self.on_full()
            return
        exchange.core = core
        greenlet = RequestGreenlet(self._run, exchange)
        greenlet.exchange = exchange
        self.greenlets[core] = greenlet
        self._run_now(greenlet)

    def _run(self, exchange: Any) -> None:
        try:
            self._serve(exchange)
        finally:
            self._release(exchange.core)

    def _release(self, core: int) -> None:
        self.served[core] += 1
        following = self.pool.release(core)
        if following is not None:
            following.core = core
            greenlet = RequestGreenlet(self._run, following)
            greenlet.exchange = following
            self.greenlets[core] = greenlet
            greenlet.start()
            return
        if self._was_full:
            self._was_full = False
            if self.on_free is not None:
                self.on_free()
        if self._idle_callbacks:
            self.look_idle()

    def look_idle(self) -> None:
        """Call back those who asked :meth:`when_idle`, if that is now."""
        if self._idle_callbacks and self.pool.is_idle():
            callbacks, self._idle_callbacks = self._idle_callbacks, []
            for callback in callbacks:
                callback()

    def withdraw(self, exchange: Runnable) -> None:
        """Forget a request that waits for a core; its client left."""
        self.pool.withdraw(exchange)

    def end(self, exchange: Runnable, error: BaseException) -> None:
        """Raise *error* in the greenlet that runs *exchange*, where it waits; nothing if none does."""
        greenlet = self.greenlets[exchange.core] if 0 <= exchange.core < len(self.greenlets) else None
        if greenlet is not None and getattr(greenlet, "exchange", None) is exchange:
            greenlet.kill(error, block=False)

    def when_idle(self, callback: Callable[[], None]) -> None:
        """Call back once no request runs or waits: now, or at the end of the last one."""
        if self.pool.is_idle():
            callback()
        else:
            self._idle_callbacks.append(callback)

    def _warn_full(self) -> None:
        now = time.monotonic()
        if now - self._last_warning >= 1.0:
            self._last_warning = now
            self._log(f"{time.ctime()} - {_QUEUE_FULL}")

    @staticmethod
    def new_parking() -> Parking:
        """Return a place where a request's greenlet can wait."""
        return RequestParking()

    def __repr__(self) -> str:
        return f"<Runner {self.pool!r}>"
