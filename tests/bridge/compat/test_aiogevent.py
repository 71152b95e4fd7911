"""Programs written for aiogevent run when only their import is changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import gevent
import greenlet
import pytest

import bridge
from bridge.compat import aiogevent


@pytest.fixture
def loop() -> Iterator[aiogevent.EventLoop]:
    """A loop of aiogevent's, the current one of this thread."""
    made = aiogevent.EventLoop()
    asyncio.set_event_loop(made)
    yield made
    asyncio.set_event_loop(None)
    made.close()


async def slow_sum(x: int, y: int) -> int:
    await asyncio.sleep(0.05)
    return x + y


def green_slow_sum(x: int, y: int) -> int:
    gevent.sleep(0.05)
    return x + y


def test_hello_world(loop: aiogevent.EventLoop) -> None:
    said: list[str] = []

    def hello_world() -> None:
        said.append("Hello World")
        loop.stop()

    loop.call_soon(hello_world)
    loop.run_forever()
    assert said == ["Hello World"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_policy_makes_such_loops() -> None:
    policy = aiogevent.EventLoopPolicy()
    made = policy.new_event_loop()
    assert isinstance(made, aiogevent.EventLoop)
    made.close()


@pytest.mark.parametrize("name", ["yield_future", "link_future"])
def test_a_greenlet_waits_for_a_task_while_the_loop_turns(loop: aiogevent.EventLoop, name: str) -> None:
    seen: list[object] = []

    def progress() -> None:
        seen.append("progress")
        loop.call_later(0.01, progress)

    def green_sum() -> None:
        loop.call_soon(progress)
        task = asyncio.ensure_future(slow_sum(1, 2), loop=loop)
        seen.append(getattr(aiogevent, name)(task))
        loop.stop()

    gevent.spawn(green_sum)
    loop.run_forever()
    assert 3 in seen
    assert seen.count("progress") >= 3


def test_a_coroutine_may_be_given_and_an_exception_comes_out(loop: aiogevent.EventLoop) -> None:
    async def fails() -> None:
        raise ValueError("no")

    def green() -> None:
        try:
            assert aiogevent.yield_future(slow_sum(1, 2), loop=loop) == 3
            assert aiogevent.yield_future(slow_sum(3, 4)) == 7
            with pytest.raises(ValueError, match="no"):
                aiogevent.yield_future(fails())
        finally:
            loop.stop()

    spawned = gevent.spawn(green)
    loop.run_forever()
    spawned.get()


def test_the_greenlet_of_the_loop_must_not_wait_for_a_future(loop: aiogevent.EventLoop) -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="yield_future"):
            aiogevent.yield_future(slow_sum(1, 2))

    loop.run_until_complete(main())


def test_what_cannot_be_awaited_is_refused(loop: aiogevent.EventLoop) -> None:
    with pytest.raises(TypeError):
        aiogevent.yield_future(42, loop=loop)  # type: ignore[arg-type]


@pytest.mark.parametrize("started", [True, False])
def test_a_coroutine_waits_for_a_gevent_greenlet(loop: aiogevent.EventLoop, started: bool) -> None:
    async def main() -> int:
        gt: gevent.Greenlet[..., int] = gevent.Greenlet(green_slow_sum, 1, 2)
        if started:
            gt.start()
        future = aiogevent.wrap_greenlet(gt, loop=loop)
        gt.start()
        result: int = await future
        return result

    assert loop.run_until_complete(main()) == 3


def test_a_failed_and_a_killed_greenlet_raise(loop: aiogevent.EventLoop) -> None:
    def fails() -> None:
        raise ValueError("no")

    async def main() -> None:
        with pytest.raises(ValueError, match="no"):
            await aiogevent.wrap_greenlet(gevent.spawn(fails))
        gt = gevent.spawn(gevent.sleep, 5)
        future = aiogevent.wrap_greenlet(gt)
        await asyncio.sleep(0.01)
        gt.kill(block=False)
        with pytest.raises(gevent.GreenletExit):
            await future

    loop.run_until_complete(main())


def test_plain_greenlets_can_be_wrapped(loop: aiogevent.EventLoop) -> None:
    def triple(value: int) -> int:
        return value * 3

    def fails() -> None:
        raise ValueError(7)

    gl = greenlet.greenlet(triple)
    future = aiogevent.wrap_greenlet(gl, loop=loop)
    gl.switch(5)
    assert loop.run_until_complete(future) == 15
    gl = greenlet.greenlet(fails)
    future = aiogevent.wrap_greenlet(gl, loop=loop)
    gl.switch()
    with pytest.raises(ValueError, match="7"):
        loop.run_until_complete(future)


def test_greenlets_that_cannot_be_wrapped(loop: aiogevent.EventLoop) -> None:
    with pytest.raises(TypeError):
        aiogevent.wrap_greenlet(42, loop=loop)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="run attribute of the greenlet is not set"):
        aiogevent.wrap_greenlet(greenlet.greenlet(), loop=loop)
    dead = gevent.spawn(int)
    dead.join()
    with pytest.raises(RuntimeError, match="already finished"):
        aiogevent.wrap_greenlet(dead, loop=loop)
    running = gevent.spawn(gevent.sleep, 5)
    gevent.sleep(0)
    with pytest.raises(RuntimeError, match="is running"):
        aiogevent.wrap_greenlet(running, loop=loop)
    running.kill()


def test_a_cancelled_future_leaves_the_greenlet_alone(loop: aiogevent.EventLoop) -> None:
    async def main() -> None:
        gt = gevent.spawn(green_slow_sum, 1, 2)
        future = aiogevent.wrap_greenlet(gt)
        future.cancel()
        await asyncio.sleep(0.1)
        assert gt.value == 3

    loop.run_until_complete(main())


def test_the_loop_runs_in_a_greenlet_while_the_main_one_works(loop: aiogevent.EventLoop) -> None:
    runner = gevent.spawn(loop.run_forever)
    gevent.sleep(0)
    began = time.monotonic()
    assert aiogevent.yield_future(slow_sum(1, 2), loop=loop) == 3
    loop.call_soon(loop.stop)
    runner.join(5)
    assert runner.dead
    assert time.monotonic() - began < 5


def test_it_works_beside_a_loop_of_somebody_else() -> None:
    async def main() -> None:
        def green() -> int:
            return aiogevent.yield_future(slow_sum(1, 2))

        assert await aiogevent.wrap_greenlet(gevent.spawn(green)) == 3

    bridge.run(main())
