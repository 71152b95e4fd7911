"""Coroutine code that calls blocking gevent functions directly blocks only its own task."""

from __future__ import annotations

import asyncio
import sys
import weakref
from contextvars import ContextVar

import gevent
import gevent.socket
import pytest
from gevent.event import AsyncResult, Event
from gevent.lock import Semaphore
from gevent.queue import Queue

import bridge
from tests.bridge.interop.places import Place

colour: ContextVar[str] = ContextVar("colour", default="none")

create = bridge.create_green_task


def check_identity() -> tuple[object, ...]:
    return asyncio.get_running_loop(), asyncio.current_task(), gevent.getcurrent()


def test_gather_mixes_both_kinds_of_sleep_concurrently(run) -> None:
    async def one(number: int, seen: list[int]) -> int:
        gevent.sleep(0.001)
        await asyncio.sleep(0.001)
        seen.append(number)
        while len(seen) < 20:
            gevent.sleep(0.0005)
            await asyncio.sleep(0)
        return number

    async def main() -> list[int]:
        seen: list[int] = []
        return await asyncio.gather(*[create(one(number, seen)) for number in range(20)])

    assert run(main) == list(range(20))


def test_loop_task_and_greenlet_are_right_at_each_point(run) -> None:
    async def one() -> None:
        mine = check_identity()
        for _ in range(3):
            gevent.sleep(0.0005)
            assert check_identity() == mine
            await asyncio.sleep(0)
            assert check_identity() == mine
            gevent.sleep(0)
            assert check_identity() == mine

    async def main() -> None:
        await asyncio.gather(create(one()), create(one()), bridge.green(one)())

    run(main)


def test_plain_tasks_go_on_while_one_is_blocked(run) -> None:
    async def main() -> int:
        turns = 0
        queue: Queue[str] = Queue()

        async def others() -> None:
            nonlocal turns
            me = asyncio.current_task()
            for _ in range(10):
                await asyncio.sleep(0)
                assert asyncio.current_task() is me
                turns += 1
            queue.put("item")

        other = asyncio.create_task(others())
        assert queue.get() == "item"
        await other
        return turns

    assert run(main) == 10


def test_greenlets_spawned_from_it_see_no_loop(run) -> None:
    def look() -> bool:
        gevent.sleep(0)
        return asyncio._get_running_loop() is None

    async def main() -> bool:
        return gevent.spawn(look).get()

    assert run(main)


def test_cancel_while_blocked_in_gevent(run) -> None:
    seen: list[str] = []

    async def blocked() -> None:
        try:
            Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            gevent.sleep(0.0005)
            await asyncio.sleep(0.0005)
            seen.append("cleaned up")

    async def main() -> None:
        task = create(blocked())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)
    assert seen == ["cancelled", "cleaned up"]


def test_cancel_suppressed_and_blocked_again(run) -> None:
    async def blocked() -> str:
        try:
            Event().wait()
        except asyncio.CancelledError:
            gevent.sleep(0.0005)
        return "went on"

    async def main() -> str:
        task = create(blocked())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert run(main) == "went on"


def test_cancel_in_an_await(run) -> None:
    async def waiting() -> None:
        gevent.sleep(0)
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        task = create(waiting())
        await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)


def test_cancel_before_it_began(run) -> None:
    async def never() -> None:
        raise AssertionError

    async def main() -> None:
        task = create(never())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)


def test_cancel_in_the_turn_in_which_it_was_woken(run) -> None:
    async def blocked(event: Event) -> str:
        event.wait()
        await asyncio.sleep(0)
        return "not reached"

    async def main() -> None:
        event = Event()
        task = create(blocked(event))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        event.set()
        gevent.sleep(0)  # its greenlet has gone on to the await
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)


def test_asyncio_timeout_and_wait_for_over_gevent_sleep(run) -> None:
    async def sleepy() -> None:
        gevent.sleep(30)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.005):  # noqa: ASYNC100
                gevent.sleep(30)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(create(sleepy()), 0.005)

    run(main)


def test_gevent_timeout_over_gevent_calls_and_awaits(run) -> None:
    async def main() -> None:
        with pytest.raises(gevent.Timeout), gevent.Timeout(0.005):
            gevent.sleep(30)
        with gevent.Timeout(0.005) as timeout, pytest.raises(gevent.Timeout) as caught:
            await asyncio.sleep(30)
        assert caught.value is timeout
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        with gevent.Timeout(0.005, False):
            await asyncio.sleep(30)
        await asyncio.sleep(0)

    run(main)


def test_gevent_kill_raises_in_an_await(run) -> None:
    async def waiting(workers: list[object]) -> str:
        workers.append(gevent.getcurrent())
        try:
            await asyncio.sleep(30)
        except LookupError:
            return "killed"
        return "not"

    async def main() -> str:
        workers: list[object] = []
        task = create(waiting(workers))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gevent.kill(workers[0], LookupError("reason"))
        return await task

    assert run(main) == "killed"


def test_a_real_cancellation_beats_a_timeout_that_is_on_its_way(run) -> None:
    async def waiting(workers: list[object]) -> None:
        workers.append(gevent.getcurrent())
        await asyncio.sleep(30)

    async def main() -> None:
        workers: list[object] = []
        task = create(waiting(workers))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        workers[0].throw(LookupError("reason"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)


def test_exceptions_keep_their_traceback(run) -> None:
    async def fail() -> None:
        gevent.sleep(0)
        raise LookupError("here")

    async def main() -> list[str]:
        with pytest.raises(LookupError) as caught:
            await create(fail())
        return [entry.name for entry in caught.traceback]

    assert run(main)[-1] == "fail"


def test_the_exception_being_handled_survives_blocking(run) -> None:
    async def main() -> None:
        try:
            raise LookupError
        except LookupError as exc:
            gevent.sleep(0)
            assert sys.exc_info()[1] is exc  # noqa: PT017
            await asyncio.sleep(0)
            assert sys.exc_info()[1] is exc  # noqa: PT017

    run(main)


def test_async_generators(run) -> None:
    closed: list[str] = []

    async def numbers():
        try:
            for number in range(100):
                gevent.sleep(0)
                yield number
                await asyncio.sleep(0)
        finally:
            gevent.sleep(0)
            closed.append("closed")

    async def main() -> list[int]:
        found = []
        generator = numbers()
        async for number in generator:
            found.append(number)
            if number == 3:
                break
        await generator.aclose()
        return found

    assert run(main) == [0, 1, 2, 3]
    assert closed == ["closed"]


def test_a_task_group_cancels_a_sibling_blocked_in_gevent(run) -> None:
    seen: list[str] = []

    async def blocked() -> None:
        try:
            Event().wait()
        finally:
            seen.append("ended")

    async def fail() -> None:
        await asyncio.sleep(0.001)
        raise LookupError

    async def main() -> None:
        with pytest.raises(ExceptionGroup):  # noqa: PT012
            async with asyncio.TaskGroup() as group:
                group.create_task(bridge.green(blocked)())
                group.create_task(fail())

    run(main)
    assert seen == ["ended"]


def test_primitives_of_gevent(run) -> None:
    async def main() -> list[object]:
        loop = asyncio.get_running_loop()
        event, result, semaphore = Event(), AsyncResult(), Semaphore(0)
        loop.call_later(0.001, event.set)
        assert event.wait(30)
        loop.call_soon(result.set, "value")
        loop.call_soon(semaphore.release)
        found = [result.get(), semaphore.acquire()]
        found.append(gevent.get_hub().threadpool.apply(lambda: "pool"))
        found.append(gevent.spawn(lambda: gevent.sleep(0.0005) or "spawned").get())
        return found

    assert run(main) == ["value", True, "pool", "spawned"]


def test_sockets_of_gevent(run) -> None:
    async def main() -> bytes:
        ours, theirs = gevent.socket.socketpair()
        with ours, theirs:

            async def answer() -> None:
                theirs.sendall(theirs.recv(100).upper())

            task = create(answer())
            ours.sendall(b"hello")
            got = ours.recv(100)
            await task
            return got

    assert run(main) == b"HELLO"


def test_stream_handlers_may_block_in_gevent(run) -> None:
    async def main() -> bytes:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            line = await reader.readline()
            gevent.sleep(0.0005)
            writer.write(line.upper())
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(bridge.green(answer), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            got = await reader.readline()
            writer.close()
            await writer.wait_closed()
        return got

    assert run(main) == b"HELLO\n"


def test_context_variables(run) -> None:
    async def child() -> str:
        seen = colour.get()
        colour.set("child's")
        gevent.sleep(0.0005)
        assert colour.get() == "child's"
        await asyncio.sleep(0)
        assert colour.get() == "child's"
        return seen

    async def main() -> tuple[str, str, str]:
        colour.set("mine")
        seen = await create(child())
        gevent.sleep(0)
        kept = colour.get()
        token = colour.set("other")
        gevent.sleep(0)
        colour.reset(token)
        return seen, kept, colour.get()

    assert run(main) == ("mine", "mine", "mine")


def test_shield_wait_queue_to_thread(run) -> None:
    async def slow() -> str:
        gevent.sleep(0.001)
        return "slow"

    async def main() -> list[object]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        task = create(slow())
        done, _ = await asyncio.wait([task])
        queue.put_nowait("item")
        shielded = await asyncio.shield(create(slow()))
        return [done.pop().result(), shielded, await queue.get(), await asyncio.to_thread(lambda: "thread")]

    assert run(main) == ["slow", "slow", "item", "thread"]


def test_bridge_wait_inside(run) -> None:
    async def child() -> str:
        await asyncio.sleep(0.0005)
        return "child"

    def plain_function() -> str:
        return bridge.wait(child())

    async def main() -> list[str]:
        mine = check_identity()
        found = [plain_function(), bridge.async_to_sync(child)(), await bridge.spawn(plain_function)]
        with pytest.raises(TimeoutError):
            bridge.wait(asyncio.get_running_loop().create_future(), timeout=0.001)
        assert check_identity() == mine
        return found

    assert run(main) == ["child"] * 3


def test_sync_to_async_inside(run) -> None:
    async def main() -> str:
        return await bridge.sync_to_async(lambda: gevent.sleep(0.0005) or "done")()

    assert run(main) == "done"


def test_a_coroutine_started_by_another_green_function(run) -> None:
    @bridge.green
    async def inner() -> str:
        gevent.sleep(0.0005)
        await asyncio.sleep(0)
        return "inner"

    async def main() -> str:
        return await inner()

    assert run(main) == "inner"


def test_finished_tasks_are_freed_at_once(run) -> None:
    async def child(blocks: bool) -> None:
        if blocks:
            gevent.sleep(0)

    async def main() -> None:
        for blocks in (False, True):
            task = create(child(blocks))
            await task
            gone = weakref.ref(task)
            del task
            await asyncio.sleep(0)
            assert gone() is None

    run(main)


def test_wrapper_shows_the_coroutines_own_attributes(run) -> None:
    async def child() -> None:
        pass

    async def main() -> None:
        task = create(child(), name="named")
        coro = task.get_coro()
        assert task.get_name() == "named"
        assert coro.__qualname__.endswith("child")
        assert coro.cr_code is child.__code__
        assert "child" in repr(task)
        await task

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in 3.12")
@pytest.mark.parametrize("blocks", [False, True])
def test_eager_tasks(place: Place, blocks: bool) -> None:
    async def child() -> str:
        mine = check_identity()
        if blocks:
            gevent.sleep(0.0005)
        assert check_identity() == mine
        await asyncio.sleep(0)
        assert check_identity() == mine
        return "done"

    def factory(loop, coro, **kwargs):
        return bridge.green_task_factory(loop, coro, **{**kwargs, "eager_start": True})

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        me = asyncio.current_task()
        loop.set_task_factory(factory)
        try:
            tasks = [asyncio.create_task(child()) for _ in range(3)]
            assert asyncio.current_task() is me
            from_greenlet = await asyncio.create_task(parent())
            return [await task for task in tasks] + from_greenlet
        finally:
            loop.set_task_factory(None)

    async def parent() -> list[str]:
        mine = check_identity()
        first = asyncio.create_task(child())
        assert check_identity() == mine
        gevent.sleep(0.0005)
        return [await first, await asyncio.create_task(child())]

    assert place.task(main) == ["done"] * 5


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in 3.12")
def test_eager_tasks_started_by_a_protocol(place: Place) -> None:
    async def child(transport: asyncio.Transport) -> None:
        gevent.sleep(0)
        await asyncio.sleep(0)
        transport.write(b"answer")
        transport.close()

    class Answering(asyncio.Protocol):
        def connection_made(self, transport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            loop = asyncio.get_running_loop()
            tasks.append(bridge.green_task_factory(loop, child(self.transport), eager_start=True))

    async def main() -> bytes:
        server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"question")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
        return answer

    tasks: list[asyncio.Task[None]] = []
    assert place.task(main) == b"answer"
    assert [task.done() for task in tasks] == [True]


def test_what_is_no_coroutine_is_refused() -> None:
    with pytest.raises(TypeError, match="needs a coroutine"):
        bridge.create_green_task(1)
    with pytest.raises(TypeError, match="needs a coroutine function"):
        bridge.green(lambda: None)


def test_without_a_loop_it_says_so() -> None:
    async def never() -> None:
        raise AssertionError

    with pytest.raises(bridge.NoHostLoopError, match="create_green_task"):
        bridge.create_green_task(never())


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_ending_the_program(place: Place, kind: type[BaseException]) -> None:
    if place.private:
        pytest.skip("asyncio lets it out of a loop that the program runs")

    async def leave() -> None:
        gevent.sleep(0)
        raise kind(3)

    async def main() -> None:
        await create(leave())

    with pytest.raises(kind):
        place.task(main)
