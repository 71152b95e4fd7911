"""A greenlet as seen from asyncio: a future that ends when the greenlet does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import gevent
from gevent.hub import get_hub
from greenlet import GreenletExit

from bridge._interop.observers import forget_observers, observe
from bridge._interop.place import here, running_loop

__all__ = ["GreenletFuture", "future"]


class GreenletFuture(asyncio.Future[Any]):
    """Behaves towards its greenlet as a Task does towards its coroutine.

    Cancelling it kills the greenlet (``GreenletExit``) and the future ends when
    the greenlet has ended: cancelled, or with a result if the greenlet caught
    the kill and returned one.
    """

    def __init__(self, greenlet: gevent.Greenlet[..., Any], aio: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=aio)
        self._greenlet = greenlet
        self._hub = get_hub()
        self._elsewhere = greenlet.parent is not self._hub and not greenlet.dead
        if not greenlet.ready():
            observe(greenlet, self)
        if self._elsewhere:
            # A greenlet of another native thread: only that thread may touch it.
            self._in_its_thread(greenlet.rawlink, self._ended)
        else:
            greenlet.rawlink(self._ended)

    def cancel(self, msg: Any | None = None) -> bool:
        """Kill the greenlet; False if it has already ended."""
        if self.done():
            return False
        if self._elsewhere:
            if not self._in_its_thread(self._greenlet.kill, GreenletExit, False):
                super().cancel(msg)
        else:
            self._greenlet.kill(block=False)
        return True

    def _in_its_thread(self, fn: Callable[..., Any], *args: Any) -> bool:
        """Call in the greenlet's own thread; False if that has ended, so the greenlet never runs again."""
        loop: Any = getattr(self._greenlet.parent, "loop", None)
        if loop is None:
            return False
        loop.run_callback_threadsafe(fn, *args)
        return True

    def takes(self, exc_type: type[BaseException]) -> bool:
        """Tell whether this future will pass on an exception of its greenlet to somebody.

        What ends programs (KeyboardInterrupt, SystemExit) must not get lost in a future that nobody awaits.
        """
        if self.done() or self.get_loop().is_closed():
            return False
        return not issubclass(exc_type, (KeyboardInterrupt, SystemExit)) or bool(self._callbacks)

    def _ended(self, greenlet: gevent.Greenlet[..., Any]) -> None:
        """Link callback; runs in the hub of the greenlet's thread."""
        forget_observers(greenlet)
        aio = self.get_loop()
        if aio.is_closed():
            return
        if get_hub() is self._hub:
            self._finish(greenlet)
        else:
            aio.call_soon_threadsafe(self._finish, greenlet)

    def _finish(self, greenlet: gevent.Greenlet[..., Any]) -> None:
        if self.done():
            return
        value = greenlet.value
        exc = greenlet.exception
        if isinstance(exc, asyncio.CancelledError) or isinstance(value, GreenletExit):
            # What the greenlet waited for was cancelled, or the greenlet was killed.
            super().cancel()
        elif exc is not None:
            if isinstance(exc, StopIteration):
                # A future refuses StopIteration, as PEP 479 does for generators.
                wrapped = RuntimeError("greenlet raised StopIteration")
                wrapped.__cause__ = exc
                exc = wrapped
            self.set_exception(exc)
            if isinstance(exc, (KeyboardInterrupt, SystemExit)) and not self._callbacks:
                self.exception()  # gevent has passed it on, see takes()
        else:
            self.set_result(value)


def future(greenlet: gevent.Greenlet[..., Any]) -> asyncio.Future[Any]:
    """Return an asyncio future for any gevent greenlet, on the running loop.

    The result is the greenlet's value, its exception is raised with its
    traceback, and a killed greenlet makes the future cancelled.  Cancelling
    the future kills the greenlet.  The greenlet may be one of another native
    thread.

    :raises TypeError: if it is no greenlet of gevent's
    :raises NoHostLoopError: if no asyncio loop runs here
    :raises LoopSelectionError: if gevent runs on another event loop
    """
    if not isinstance(greenlet, gevent.Greenlet):
        raise TypeError(f"bridge.future() needs a greenlet, as gevent.spawn() returns one, not {greenlet!r}")
    aio = running_loop("bridge.future()")
    here()
    return GreenletFuture(greenlet, aio)
