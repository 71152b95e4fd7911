"""A time limit for each phase of a test; when it passes, everybody who waits is shown.

First the test is asked to end where it waits: its task is cancelled, or the
error is thrown into its greenlet, so its traceback ends at the line that hung.
If that does not help within a second (it computes, or catches everything), a
signal raises the error in the main thread, wherever that is.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any, Final

import gevent
import pytest
from gevent.monkey import get_original

from bridge._compat import MAIN_THREAD_IDENT, get_native_ident, native_signal
from bridge._interop.place import here
from bridge._pytest.settings import Settings, seconds
from bridge._tree import collect, format_tree, render

__all__ = ["Alarm", "Deadlines", "alarm_of"]

_GRACE: Final = 1.0
# Nobody uses it for anything else; SIGALRM belongs to pytest-timeout.
_SIGNAL: Final = getattr(signal, "SIGVTALRM", None)
_SECTION: Final = "tasks and greenlets when the time was up"

_trees: pytest.StashKey[str] = pytest.StashKey()
_alarms: pytest.StashKey[Alarm] = pytest.StashKey()


class Alarm:
    """The time limit of one phase of one test."""

    def __init__(self, item: pytest.Item, limit: float, phase: str) -> None:
        self._item = item
        self._limit = limit
        self._phase = phase
        self._interrupt: Callable[[], object] | None = None
        self._main = get_native_ident() == MAIN_THREAD_IDENT
        self._previous: Any = None
        self._ended: Any = get_original("_thread", "allocate_lock")()
        self._gone: Any = get_original("_thread", "allocate_lock")()
        self.active = True
        self.expired = False

    def error(self) -> BaseException:
        """Return what a test fails with whose time is up."""
        return pytest.fail.Exception(f"{self._phase} took longer than {self._limit:g} seconds", pytrace=True)

    def interrupt_task(self, task: asyncio.Task[Any]) -> None:
        """Cancel this task when the time is up."""
        aio = task.get_loop()
        self._interrupt = lambda: aio.call_soon_threadsafe(task.cancel)

    def interrupt_greenlet(self, greenlet: gevent.Greenlet[..., Any]) -> None:
        """Raise the error in this greenlet when the time is up."""
        loop = here()
        self._interrupt = lambda: loop.run_callback_threadsafe(self._throw, greenlet)

    def _throw(self, greenlet: gevent.Greenlet[..., Any]) -> None:
        if self.active and not greenlet.dead:
            greenlet.throw(self.error())

    def __enter__(self) -> Alarm:
        self._ended.acquire()
        self._gone.acquire()
        if self._main and _SIGNAL is not None:
            self._previous = native_signal(_SIGNAL, self._on_signal)
        get_original("_thread", "start_new_thread")(self._watch, ())
        return self

    def __exit__(self, *_: object) -> None:
        self.active = False
        self._ended.release()
        self._gone.acquire()
        self._interrupt = None
        if self._main and _SIGNAL is not None:
            native_signal(_SIGNAL, self._previous or signal.SIG_DFL)

    def _watch(self) -> None:
        """Body of the watching native thread."""
        try:
            if self._ended.acquire(True, self._limit) or not self.active:
                return
            self.expired = True
            self._item.stash[_trees] = render(collect(this_thread=False))
            interrupt = self._interrupt
            if interrupt is not None:
                try:
                    interrupt()
                except (RuntimeError, ValueError):
                    pass  # the loop was closed meanwhile
                if self._ended.acquire(True, _GRACE):
                    return
            while self._main and _SIGNAL is not None and self.active:
                signal.pthread_kill(MAIN_THREAD_IDENT, _SIGNAL)
                if self._ended.acquire(True, _GRACE):
                    return
        finally:
            self._gone.release()

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        if self.active and self.expired:
            raise self.error()


def alarm_of(item: pytest.Item) -> Alarm | None:
    """Return the alarm that is set for the present phase of a test."""
    alarm = item.stash.get(_alarms, None)
    return alarm if alarm is not None and alarm.active else None


class Deadlines:
    """Sets an alarm around each phase."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._paused = False

    def _limit(self, item: pytest.Item) -> float:
        marker = item.get_closest_marker("bridge_timeout")
        if marker is None:
            return self._settings.timeout
        given = marker.args[0] if marker.args else marker.kwargs.get("seconds")
        return seconds(given, item.nodeid)

    def _around(self, item: pytest.Item, phase: str) -> Generator[None, Any, Any]:
        __tracebackhide__ = True
        limit = self._limit(item)
        if not limit or self._paused or item.config.getoption("usepdb", False):
            return (yield)
        with Alarm(item, limit, phase) as alarm:
            item.stash[_alarms] = alarm
            try:
                result = yield
            except BaseException as exc:
                if not alarm.expired or isinstance(exc, pytest.fail.Exception):
                    raise
                raise alarm.error() from exc
        if alarm.expired:
            raise alarm.error()
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Limit the set-up."""
        __tracebackhide__ = True
        return (yield from self._around(item, "set-up"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Limit the test itself."""
        __tracebackhide__ = True
        return (yield from self._around(item, "the test"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Limit the tear-down."""
        __tracebackhide__ = True
        return (yield from self._around(item, "tear-down"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show the tree beside the traceback."""
        report = yield
        tree = item.stash.get(_trees, None)
        if tree is not None and report.failed:
            report.sections.append((_SECTION, tree))
            del item.stash[_trees]
        return report

    @pytest.hookimpl
    def pytest_enter_pdb(self) -> None:
        """No limits while somebody looks."""
        self._paused = True

    @pytest.hookimpl(wrapper=True, optionalhook=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> Generator[None, Any, Any]:
        """Let pytest-timeout's own alarm take the picture before it raises."""
        result = yield
        handler = signal.getsignal(signal.SIGALRM)
        if callable(handler) and get_native_ident() == MAIN_THREAD_IDENT and settings.method == "signal":

            def picture_first(signum: int, frame: FrameType | None) -> None:
                item.stash[_trees] = format_tree()
                handler(signum, frame)

            native_signal(signal.SIGALRM, picture_first)
        return result
