"""Tests that may block in gevent: ``@pytest.mark.gevent``."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Generator
from contextvars import copy_context
from typing import Any, Final

import gevent
import pytest

from bridge._interop.place import here
from bridge._interop.spawned import AwaitableGreenlet
from bridge._pytest.deadline import Alarm, alarm_of
from bridge._pytest.settings import LoopFactory, Settings

__all__ = ["GreenletTests", "is_async"]

# pytest-asyncio's fixtures, narrowest first; each holds the asyncio.Runner of its scope.
_SCOPES: Final = ("function", "class", "module", "package", "session")
_THEIR_FACTORY: Final = "_asyncio_loop_factory"
_OUR_FACTORY: Final = "_bridge_loop_factory"


def is_async(function: object) -> bool:
    """Tell whether a test is a coroutine function, whatever it is wrapped in by now."""
    return inspect.iscoroutinefunction(inspect.unwrap(function)) if callable(function) else False


def _runner_name(scope: str) -> str:
    return f"_{scope}_scoped_runner"


class GreenletTests:
    """Runs marked tests in greenlets, and lets time limits reach them and async tests."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._factories = settings.loops
        self._with_pytest_asyncio = config.pluginmanager.hasplugin("asyncio")
        self._runners: dict[str, asyncio.Runner] = {}

    # -- which loop --------------------------------------------------------------

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Let plain tests marked 'gevent' take part in the loop matrix, as async tests do."""
        if not self._factories or is_async(metafunc.function):
            return
        if metafunc.definition.get_closest_marker("gevent") is None:
            return
        name = _THEIR_FACTORY if self._with_pytest_asyncio else _OUR_FACTORY
        if name not in metafunc.fixturenames:
            metafunc.fixturenames.insert(0, name)
        ids: Any = list(self._factories)
        if len(ids) == 1 and hasattr(pytest, "HIDDEN_PARAM"):
            ids = [pytest.HIDDEN_PARAM]
        scope: Any = self._marked_scope(metafunc.definition) or "function"
        metafunc.parametrize(name, list(self._factories.values()), ids=ids, indirect=True, scope=scope)

    @pytest.fixture(scope="session", name=_OUR_FACTORY)
    def loop_factory(self, request: pytest.FixtureRequest) -> LoopFactory | None:
        """What the matrix has chosen, if pytest-asyncio is not there to be told."""
        return getattr(request, "param", None)

    @staticmethod
    def _marked_scope(item: pytest.Item) -> str | None:
        marker = item.get_closest_marker("gevent")
        scope = None if marker is None else marker.kwargs.get("loop_scope")
        if scope is not None and scope not in _SCOPES:
            raise pytest.UsageError(
                f"{item.nodeid}: loop_scope={scope!r} is not known; use one of {', '.join(_SCOPES)}."
            )
        return scope

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Remember the runners that pytest-asyncio has made."""
        result = yield
        for scope in _SCOPES:
            if fixturedef.argname == _runner_name(scope) and isinstance(result, asyncio.Runner):
                self._runners[scope] = result
                fixturedef.addfinalizer(functools.partial(self._runners.pop, scope, None))
        return result

    def _runner(self, item: pytest.Function) -> asyncio.Runner | None:
        """Return the runner whose loop has to turn while the test runs; None: gevent's own will do."""
        scope = self._marked_scope(item)
        if scope is None:
            scope = next((each for each in _SCOPES if each in self._runners), None)
        if scope is None and self._factories:
            scope = "function"
        if scope is None or not self._with_pytest_asyncio:
            return None
        runner: asyncio.Runner = item._request.getfixturevalue(_runner_name(scope))
        return runner

    # -- running --------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Put a function of ours around the test function."""
        __tracebackhide__ = True
        function = self._wrapped(item) if isinstance(item, pytest.Function) else None
        if function is None:
            return (yield)
        assert isinstance(item, pytest.Function)
        original = item.obj
        item.obj = function
        try:
            return (yield)
        finally:
            item.obj = original

    def _wrapped(self, item: pytest.Function) -> Callable[..., Any] | None:
        marked = item.get_closest_marker("gevent") is not None
        alarm = alarm_of(item)
        if inspect.iscoroutinefunction(item.obj):
            if marked or alarm is not None:
                return _async_test(item, marked, alarm)
        elif marked and not is_async(item.obj):
            return self._greenlet_test(item, alarm)
        return None

    def _greenlet_test(self, item: pytest.Function, alarm: Alarm | None) -> Callable[..., Any]:
        function = item.obj

        @functools.wraps(function)
        def in_greenlet(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            outcome = _Outcome(functools.partial(function, *args, **kwargs))
            greenlet = AwaitableGreenlet(outcome)
            greenlet.gr_context = copy_context()
            if alarm is not None:
                alarm.interrupt_greenlet(greenlet)
            runner = self._runner(item)
            if runner is not None:
                runner.run(_end_of(greenlet), context=copy_context())
            elif self._factories:
                factory = item._request.getfixturevalue(_OUR_FACTORY)
                with asyncio.Runner(loop_factory=factory) as own:
                    own.run(_end_of(greenlet))
            else:
                greenlet.start()
                _join(greenlet)
            return outcome.get()

        return in_greenlet


class _Outcome:
    """Calls a function in a greenlet and keeps how it ended: gevent would print the exception."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._value: Any = None
        self._exc: BaseException | None = None
        self._ended = False

    def __call__(self) -> None:
        __tracebackhide__ = True
        try:
            self._value = self._function()
        except BaseException as exc:
            self._exc = exc
        self._ended = True

    def get(self) -> Any:
        __tracebackhide__ = True
        if self._exc is not None:
            try:
                raise self._exc
            finally:
                self._exc = None
        if not self._ended:
            pytest.fail("the test's greenlet was killed before it began")
        return self._value


def _join(greenlet: gevent.Greenlet[..., Any]) -> None:
    here()
    try:
        greenlet.join()
    except BaseException:
        greenlet.kill(block=False)
        raise


async def _end_of(greenlet: AwaitableGreenlet) -> None:
    greenlet.start()
    await greenlet


def _async_test(item: pytest.Function, green: bool, alarm: Alarm | None) -> Callable[..., Any]:
    """Return the coroutine function that stands for an async test.

    pytest-asyncio gives each test a task; others (anyio) run all tests in one,
    which must not be cancelled, so the test gets a task of its own there.
    """
    function = item.obj
    own_task = item.get_closest_marker("asyncio") is not None

    @functools.wraps(function)
    async def test(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            me = asyncio.current_task()
        except RuntimeError:  # another library's loop
            return await function(*args, **kwargs)
        task = None
        if green:
            from bridge import create_green_task

            task = create_green_task(function(*args, **kwargs))
        elif not own_task:
            task = asyncio.create_task(function(*args, **kwargs))
        if alarm is not None and me is not None:
            alarm.interrupt_task(me if task is None else task)
        try:
            return await (function(*args, **kwargs) if task is None else task)
        except asyncio.CancelledError as exc:
            if alarm is None or not alarm.expired:
                raise
            raise alarm.error() from exc

    return test
