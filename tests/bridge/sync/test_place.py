"""Who is taken for whom."""

from __future__ import annotations

import asyncio
from asyncio.events import _set_running_loop
from typing import Any

import gevent
import pytest
from greenlet import getcurrent

import bridge
from bridge.sync import Event, Queue, RLock
from bridge.sync._place import current_owner
from bridge.sync._waiters import GreenletWaiter, sync_waiter
from tests.bridge.sync.actors import until
from tests.bridge.sync.conftest import Run

pytestmark = pytest.mark.timeout(20)


def test_a_greenlet_that_sees_the_running_loop_is_itself_and_may_park(run: Run) -> None:
    """As one does that runs while a callback pumps the hub."""

    def in_greenlet(loop: Any) -> None:
        _set_running_loop(loop)
        try:
            assert current_owner() is getcurrent()
            assert isinstance(sync_waiter("x", "y"), GreenletWaiter)
        finally:
            _set_running_loop(None)

    async def main() -> None:
        await bridge.spawn(in_greenlet, asyncio.get_running_loop())
        assert current_owner() is asyncio.current_task()

    run(main())


def test_tasks_of_the_private_loop_are_tasks(host: str) -> None:
    """``bridge.wait`` in a greenlet with no loop running makes such tasks."""
    lock = RLock()
    event = Event()

    async def main() -> object:
        with pytest.raises(bridge.WrongContextError):
            event.wait()
        async with lock, lock:
            assert lock.statistics().owner is asyncio.current_task()
        gevent.spawn(event.set)
        await event.await_set()
        return current_owner()

    assert isinstance(gevent.spawn(bridge.wait, main()).get(), asyncio.Task)


def test_an_asyncio_run_in_a_greenlet(run: Run) -> None:
    event = Event()

    async def inner() -> bool:
        assert current_owner() is asyncio.current_task()
        with pytest.raises(bridge.WrongContextError):
            Event().wait()
        return await event.await_set()

    greenlet = gevent.spawn(lambda: run(inner()))
    other = gevent.spawn(lambda: (gevent.sleep(0), event.set()))
    assert greenlet.get() is True
    other.join()


def test_a_green_task_parks_in_plain_calls_and_is_the_owner_as_a_task(run: Run) -> None:
    lock, queue, event = RLock(), Queue[int](1), Event()

    @bridge.green
    async def inner() -> None:
        with lock:
            assert lock.statistics().depth == 2
        queue.put(0)
        queue.put(1)  # parks

    async def green_task() -> int:
        async with lock:
            assert lock.statistics().owner is asyncio.current_task()
            with lock:
                await asyncio.sleep(0)
                event.wait()  # parks
                assert current_owner() is asyncio.current_task()
        return queue.get() + await queue.aget()

    async def plain_task() -> None:
        async with lock:
            await inner()

    async def main() -> None:
        task = bridge.create_green_task(green_task())
        await until(lambda: event.statistics().waiting.greenlets)
        other = asyncio.create_task(plain_task())
        await until(lambda: lock.statistics().waiting.tasks)
        event.set()
        assert await task == 1
        await other
        assert not lock.locked()

    run(main())


def test_a_green_task_that_is_cancelled_gives_back_what_it_was_handed(run: Run) -> None:
    queue: Queue[int] = Queue()

    async def green_task() -> int:
        return queue.get()

    async def main() -> None:
        task = bridge.create_green_task(green_task())
        await until(lambda: queue.statistics().getting.greenlets)
        queue.put(1)
        task.cancel()
        results = await asyncio.gather(task, return_exceptions=True)
        if isinstance(results[0], asyncio.CancelledError):
            assert queue.get() == 1
        else:
            assert results == [1]
        assert queue.empty()

    run(main())
