"""The few verbs that the probes use; each library says how they are spelt with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from benchmarks.features.outcome import Missing, NotApplicable

__all__ = ["Library"]


class Library:
    """One library.  A verb it has no words for raises :class:`Missing`.

    ``asyncio`` and the library are imported when they are needed, as some
    probes have to patch first.
    """

    name: ClassVar[str]
    module: ClassVar[str]  # to be imported first of all
    requirements: ClassVar[tuple[str, ...]] = ()  # for pip
    versions_of: ClassVar[tuple[str, ...]] = ()  # distributions to name below the table
    origin: ClassVar[str] = "from source"  # what to call the version of one without a distribution
    uses_gevent: ClassVar[bool] = True

    def load(self) -> None:
        """Import the library and set it up as its documentation says."""
        __import__(self.module)

    def patch(self) -> None:
        """Patch the standard library, before anything else is imported."""
        from gevent import monkey

        monkey.patch_all()

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]], *, uvloop: bool = False) -> Any:
        """Run a coroutine function, with the library ready for use in it."""
        import asyncio

        self.load()
        if not uvloop:
            return asyncio.run(main())
        import uvloop as library

        with asyncio.Runner(loop_factory=library.new_event_loop) as runner:
            return runner.run(main())

    # -- blocking code ----------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Block the caller the way the library's blocking code does."""
        import gevent

        gevent.sleep(seconds)

    def spawn(self, fn: Callable[[], Any]) -> Any:
        """Start blocking code; called in a task."""
        raise Missing("it starts no blocking code")

    def ended(self, started: Any) -> Awaitable[Any]:
        """Return an awaitable for what :meth:`spawn` returned."""
        raise Missing("what blocks cannot be awaited")

    def call(self, fn: Callable[[], Any]) -> Awaitable[Any]:
        """Run blocking code and await its result, in the shortest way."""
        return self.ended(self.spawn(fn))

    def call_in_context(self, fn: Callable[[], Any]) -> Awaitable[Any]:
        """Do the same in the way that keeps context variables best."""
        return self.call(fn)

    def kill(self, started: Any) -> None:
        """End what :meth:`spawn` or :meth:`waiting` started, from outside."""
        raise Missing("what blocks cannot be ended from outside")

    def timeout(self, seconds: float) -> AbstractContextManager[Any]:
        """Limit the blocking code inside; raises at its end."""
        raise Missing("no timeouts for blocking code")

    # -- blocking code that waits for tasks ----------------------------------------

    def wait(self, awaitable: Any) -> Any:
        """Wait for an awaitable in blocking code."""
        raise Missing("blocking code cannot wait for an awaitable")

    def waiting(self, awaitable: Any) -> Any:
        """Start something for :meth:`kill` that waits for an awaitable."""
        return self.spawn(lambda: self.wait(awaitable))

    # -- the rest ---------------------------------------------------------------------

    def green(self, fn: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[], Coroutine[Any, Any, Any]]:
        """Let a coroutine function block."""
        return fn

    def together(self, functions: list[Callable[[], Any]]) -> list[Any]:
        """Run functions in greenlets at the same time; return what they return."""
        import gevent

        started = [gevent.spawn(fn) for fn in functions]
        gevent.joinall(started, raise_error=True)
        return [each.value for each in started]

    def queue(self) -> Any:
        """Return a queue with ``get`` and ``put`` for blocking code, ``aget`` for tasks."""
        raise Missing("no queue for both")

    def tree(self) -> str:
        """Return all tasks and greenlets as text."""
        raise Missing("no such picture")

    def blocked_lines(self, block: Callable[[], None]) -> str:
        """Call a function that holds the loop, under a detector; return what that reported."""
        raise Missing("no detector")

    def pytest_plugin(self) -> str:
        """Return the module of the pytest plugin."""
        raise Missing("no plugin")

    def needs_gevent(self) -> None:
        """Leave a probe that is about gevent."""
        if not self.uses_gevent:
            raise NotApplicable("does without gevent")
