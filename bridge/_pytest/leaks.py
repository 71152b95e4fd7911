"""Greenlets, tasks and watchers that a test leaves behind."""

from __future__ import annotations

import asyncio
import functools
import warnings
import weakref
from collections.abc import Generator, Iterator
from typing import Any, Final

import gevent
import pytest
from gevent._hub_local import get_hub_if_exists

from bridge._pytest.settings import Settings
from bridge._tree.collect import collect
from bridge._tree.heap import registered_tasks
from bridge._tree.references import woken_by
from bridge._tree.render import render
from bridge.loop import loop

__all__ = ["LeakCheck", "LeakWarning"]

_RUNNERS: Final = tuple(
    f"_{scope}_scoped_runner" for scope in ("function", "class", "module", "package", "session")
)
_TURNS: Final = 3


class LeakWarning(UserWarning):
    """A test left something behind (``bridge_leaks = warn``)."""


class _Alive:
    """Everything that lives at one moment."""

    __slots__ = ("greenlets", "tasks", "watchers")

    def __init__(
        self, started: weakref.WeakSet[gevent.Greenlet[..., Any]], loops: weakref.WeakSet[Any]
    ) -> None:
        # Strong references: an id must not come back as something else.
        self.greenlets = {id(each): each for each in list(started) if not each.dead}
        self.tasks = {id(each): each for each in registered_tasks(list(loops)) if _counts(each)}
        self.watchers = {id(each): each for each in _watchers()}

    def forget(self, others: _Alive) -> None:
        """Leave out what lives in *others* too."""
        for mine, theirs in (
            (self.greenlets, others.greenlets),
            (self.tasks, others.tasks),
            (self.watchers, others.watchers),
        ):
            for key in theirs:
                mine.pop(key, None)

    def add(self, others: _Alive) -> None:
        self.greenlets.update(others.greenlets)
        self.tasks.update(others.tasks)
        self.watchers.update(others.watchers)

    def __bool__(self) -> bool:
        return bool(self.greenlets or self.tasks or self.watchers)


def _counts(task: asyncio.Task[Any]) -> bool:
    return not task.done() and not task.get_loop().is_closed()


def _watchers() -> Iterator[Any]:
    """Return this thread's active watchers that keep its loop alive: others call themselves background."""
    hub: Any = get_hub_if_exists()
    if hub is None or not isinstance(hub.loop, loop):
        return
    found: list[Any] = [w for entry in list(hub.loop._fds.values()) for w in entry.watchers]
    found += hub.loop._timers.timers()
    found += list(hub.loop._held)
    found += hub.loop._phase_watchers()
    yield from (w for w in found if getattr(w, "ref", False) and getattr(w, "active", False))


class LeakCheck:
    """Compares what lives before and after each test."""

    def __init__(self, settings: Settings) -> None:
        self._default = settings.leaks
        self._started: weakref.WeakSet[gevent.Greenlet[..., Any]] = weakref.WeakSet()
        self._loops: weakref.WeakSet[Any] = weakref.WeakSet()
        self._before: _Alive | None = None
        self._left: _Alive | None = None

    def pytest_sessionstart(self) -> None:
        """Begin to list the greenlets that are started."""
        gevent.Greenlet.add_spawn_callback(self._started.add)

    def pytest_sessionfinish(self) -> None:
        """Cease to."""
        gevent.Greenlet.remove_spawn_callback(self._started.add)

    def _mode(self, item: pytest.Item) -> str:
        marker = item.get_closest_marker("bridge_leaks")
        mode = str(marker.args[0]) if marker is not None and marker.args else self._default
        if mode not in ("off", "warn", "error"):
            raise pytest.UsageError(
                f"{item.nodeid}: bridge_leaks({mode!r}) is not known; use error, warn or off."
            )
        return mode

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Look before."""
        self._before = _Alive(self._started, self._loops) if self._mode(item) != "off" else None
        self._left = None
        try:
            return (yield)
        finally:
            self._before = self._left = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """What a fixture starts that outlives the test is not the test's."""
        before = self._before
        if before is None:
            result = yield
            self._note_loop(result)
            return result
        earlier = _Alive(self._started, self._loops) if fixturedef.scope != "function" else None
        result = yield
        self._note_loop(result)
        if earlier is not None:
            made = _Alive(self._started, self._loops)
            made.forget(earlier)
            before.add(made)
        if fixturedef.argname in _RUNNERS and isinstance(result, asyncio.Runner):
            # Finalizers run last in, first out: this one before the runner cancels what is left,
            # and after the fixtures that use the runner.
            fixturedef.addfinalizer(functools.partial(self._before_runner_ends, result))
        return result

    def _note_loop(self, result: Any) -> None:
        if isinstance(result, asyncio.Runner):
            self._loops.add(result.get_loop())
        elif isinstance(result, asyncio.AbstractEventLoop):
            self._loops.add(result)

    def _before_runner_ends(self, runner: asyncio.Runner) -> None:
        before = self._before
        if before is None:
            return
        aio = runner.get_loop()
        left = _Alive(self._started, self._loops)
        left.forget(before)
        if any(not task.done() for task in left.tasks.values() if task.get_loop() is aio):
            runner.run(_turns())  # those that were cancelled may end
        left.greenlets.clear()
        left.watchers.clear()
        left.tasks = {
            key: task for key, task in left.tasks.items() if _counts(task) and task.get_loop() is aio
        }
        if left:
            self._left = left
            self._text = _describe(left)

    _text = ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Look after, and say what is left."""
        result = yield
        before = self._before
        if before is None:
            return result
        left = self._after(before)
        text = _describe(left) if left else ""
        if self._left is not None:
            text = self._text + text
        if not text:
            return result
        _clean_up(left)
        message = f"the test left something behind\n{text}"
        if self._mode(item) == "error":
            pytest.fail(message, pytrace=False)
        warnings.warn(LeakWarning(f"{item.nodeid}: {message}"), stacklevel=1)
        return result

    def _after(self, before: _Alive) -> _Alive:
        left = _Alive(self._started, self._loops)
        left.forget(before)
        if left and get_hub_if_exists() is not None:
            for _ in range(_TURNS):  # what was killed or cancelled may end
                gevent.sleep(0)
            left = _Alive(self._started, self._loops)
            left.forget(before)
        # A watcher that only wakes a greenlet which is listed anyway says nothing new.
        for key, w in list(left.watchers.items()):
            callback = getattr(w, "callback", None)
            args = getattr(w, "args", None) or ()
            woken = woken_by(callback, *(getattr(each, "throw", each) for each in args)).greenlets
            if any(id(g) in left.greenlets for g in woken.values()):
                del left.watchers[key]
        return left


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _describe(left: _Alive) -> str:
    """Return the stacks of what is left."""
    picture = collect()
    mine = {*left.greenlets, *left.tasks}
    picture.nodes = {key: node for key, node in picture.nodes.items() if key in mine}
    picture.threads = {
        ident: thread
        for ident, thread in picture.threads.items()
        if any(node.thread == ident for node in picture.nodes.values())
    }
    for thread in picture.threads.values():
        thread.stack = []
    text = render(picture).partition("\n\n")[2] if picture.nodes else ""
    unseen = [each for key, each in left.greenlets.items() if key not in picture.nodes]
    lines = [f"  Greenlet {each.name!r} that has not begun to run" for each in unseen]
    lines += [f"  Watcher {w!r}" for w in left.watchers.values()]
    return text + "".join(f"{line}\n" for line in lines)


def _clean_up(left: _Alive) -> None:
    """Spare the next test."""
    gevent.killall(list(left.greenlets.values()), timeout=1)
    for task in left.tasks.values():
        aio = task.get_loop()
        if not aio.is_closed() and not aio.is_running():
            task.cancel()
    for w in left.watchers.values():
        w.stop()
