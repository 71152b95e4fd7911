"""Greenlets that a green task's code makes with ``greenlet.greenlet``, and that block in its place."""

from __future__ import annotations

import asyncio
from asyncio.events import _get_running_loop
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event
from greenlet import greenlet

import bridge
from tests.bridge.interop.places import Place


def inside(fn: Callable[..., Any], *args: Any) -> Any:
    """Call *fn* in a greenlet of its own and return its result."""
    own = greenlet(fn)
    return own.switch(*args)


def who() -> tuple[object, object]:
    return _get_running_loop(), asyncio.current_task() if _get_running_loop() is not None else None


def looks_while_it_sleeps(*_: object) -> list[object]:
    """Return what is visible before, between and after two waits."""
    seen = [who()]
    for _ in range(2):
        gevent.sleep(0.002)
        seen.append(who())
    return seen


def test_loop_and_task_are_visible_when_it_goes_on(run) -> None:
    async def main() -> None:
        here = who()
        assert inside(looks_while_it_sleeps) == [here] * 3
        assert who() == here
        await asyncio.sleep(0)
        assert who() == here

    run(main)


def test_so_they_are_in_a_greenlet_made_after_a_wait(run) -> None:
    async def main() -> None:
        here = who()
        gevent.sleep(0.001)
        assert inside(looks_while_it_sleeps) == [here] * 3
        assert inside(inside, looks_while_it_sleeps) == [here] * 3
        assert who() == here

    run(main)


def test_and_in_a_greenlet_of_that_one_made_after_a_wait(run) -> None:
    async def main() -> None:
        here = who()

        def outer() -> list[object]:
            gevent.sleep(0.001)
            seen: list[object] = inside(looks_while_it_sleeps)
            gevent.sleep(0.001)
            return [*seen, who()]

        assert inside(outer) == [here] * 4

    run(main)


def test_other_greenlets_see_no_loop_meanwhile(run) -> None:
    seen: list[object] = []

    def other() -> None:
        for _ in range(10):
            seen.append(_get_running_loop())
            gevent.sleep(0.001)

    async def main() -> None:
        beside = gevent.spawn(other)
        gevent.sleep(0)
        inside(looks_while_it_sleeps)
        inside(gevent.sleep, 0.01)
        beside.join()

    run(main)
    assert seen == [None] * 10


def test_plain_tasks_go_on_meanwhile(run) -> None:
    enough = Event()

    async def turns() -> None:
        for _ in range(5):
            await asyncio.sleep(0.001)
        enough.set()

    async def main() -> None:
        turning = asyncio.create_task(turns())
        assert inside(enough.wait, 30)
        await turning

    run(main)


@pytest.mark.parametrize("after_a_wait", [False, True])
def test_a_cancelled_task_raises_at_the_gevent_call(place: Place, after_a_wait: bool) -> None:
    seen: list[object] = []

    def blocks() -> None:
        try:
            gevent.sleep(30)
        except asyncio.CancelledError:
            seen.append("cancelled")
            gevent.sleep(0.002)
            seen.append(who()[1])
            raise
        seen.append("went on")

    async def body() -> None:
        if after_a_wait:
            gevent.sleep(0.001)
        inside(blocks)

    async def main() -> None:
        task = bridge.create_green_task(body())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert seen == ["cancelled", task]

    place.task(main)


def test_a_gevent_timeout_inside(run) -> None:
    def limited() -> object:
        with gevent.Timeout(0.005, LookupError), pytest.raises(LookupError):
            gevent.sleep(30)
        return who()

    async def main() -> None:
        here = who()
        assert inside(limited) == here
        assert who() == here

    run(main)


@pytest.mark.parametrize("after_a_wait", [False, True])
def test_a_gevent_timeout_around_it_ends_the_greenlet(run, after_a_wait: bool) -> None:
    seen: list[object] = []

    def blocks() -> None:
        try:
            gevent.sleep(30)
        finally:
            gevent.sleep(0.001)
            seen.append(who())

    async def main() -> None:
        here = who()
        if after_a_wait:
            gevent.sleep(0.001)
        with gevent.Timeout(0.005, LookupError), pytest.raises(LookupError):
            inside(blocks)
        assert seen == [here]
        assert who() == here
        await asyncio.sleep(0)
        assert who() == here

    run(main)


def test_an_exception_of_the_greenlet_comes_out(run) -> None:
    def fails() -> None:
        gevent.sleep(0.001)
        raise LookupError("from the greenlet")

    async def main() -> None:
        here = who()
        with pytest.raises(LookupError, match="from the greenlet"):
            inside(fails)
        assert who() == here
        await asyncio.sleep(0)

    run(main)


def test_sqlalchemys_greenlets_may_block_in_gevent_and_await(run) -> None:
    concurrency = pytest.importorskip("sqlalchemy.util.concurrency")

    async def answers(value: int) -> int:
        await asyncio.sleep(0.001)
        return value

    def synchronous() -> list[object]:
        seen: list[object] = [concurrency.await_only(answers(1)), who()]
        gevent.sleep(0.002)
        seen += [who(), concurrency.await_only(answers(2)), who()]
        gevent.sleep(0.002)
        return [*seen, who()]

    async def main() -> None:
        here = who()
        found = await concurrency.greenlet_spawn(synchronous)
        assert found == [1, here, here, 2, here, here]
        assert who() == here

    run(main)


def test_the_tree_shows_it_below_the_task(place: Place) -> None:
    def blocks_for_the_task() -> None:
        gevent.sleep(30)

    async def body() -> None:
        inside(blocks_for_the_task)

    async def main() -> str:
        task = bridge.create_green_task(body(), name="green")
        await asyncio.sleep(0.005)
        tree = bridge.format_tree(source=False)
        task.cancel()
        await asyncio.wait([task])
        return tree

    tree = place.task(main)
    after = tree[tree.index('Task "green"') :]
    assert "waiting for the greenlet below" in after.splitlines()[0]
    assert "blocks_for_the_task" in after
