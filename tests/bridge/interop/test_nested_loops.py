"""``asyncio.run`` in ordinary greenlets: any number at once, each on a loop of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable

import gevent
import pytest
from gevent.event import Event

import bridge
from bridge._compat import new_uvloop, uvloop_available
from bridge._hub.nested import NestedLoop
from tests.bridge.interop.places import Place, in_native_thread

KINDS_OF_LOOP: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "nested": asyncio.new_event_loop,
    "selector": asyncio.SelectorEventLoop,
}


@pytest.fixture(params=list(KINDS_OF_LOOP))
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    return KINDS_OF_LOOP[request.param]


def run(coro, loop_factory=None):
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(coro)


def no_running_loop() -> bool:
    return asyncio._get_running_loop() is None


def test_asyncio_run_returns_the_result(place: Place) -> None:
    async def main() -> str:
        await asyncio.sleep(0.001)
        return "done"

    assert place.greenlet(lambda: asyncio.run(main())) == "done"


def test_two_loops_really_overlap(place: Place, loop_factory) -> None:
    def both() -> list[str]:
        seen: list[str] = []
        first, second = Event(), Event()

        async def main(name: str, mine: Event, other: Event) -> None:
            loop = asyncio.get_running_loop()
            seen.append(f"{name} begins")
            mine.set()
            reached = loop.create_future()
            other.rawlink(lambda _: loop.call_soon(reached.set_result, None))
            await reached
            seen.append(f"{name} ends")

        a = bridge.spawn(run, main("a", first, second), loop_factory)
        b = bridge.spawn(run, main("b", second, first), loop_factory)
        gevent.joinall([a, b], raise_error=True)
        return seen

    assert place.greenlet(both)[:2] == ["a begins", "b begins"]


def test_a_sibling_greenlet_never_sees_the_loop(place: Place, loop_factory) -> None:
    def siblings() -> None:
        stop = False
        looks = 0

        def look() -> None:
            nonlocal looks
            while not stop:
                assert no_running_loop()
                looks += 1
                gevent.sleep(0)

        async def main() -> None:
            mine = asyncio.get_running_loop()
            for _ in range(20):
                await asyncio.sleep(0.0005)
                assert asyncio.get_running_loop() is mine
                assert asyncio.current_task() is not None

        looker = bridge.spawn(look)
        gevent.joinall([bridge.spawn(run, main(), loop_factory) for _ in range(3)], raise_error=True)
        stop = True
        looker.get()
        assert looks > 3
        assert no_running_loop()

    place.greenlet(siblings)


def test_the_host_keeps_its_loop_and_tasks(place: Place) -> None:
    async def main() -> None:
        mine, me = asyncio.get_running_loop(), asyncio.current_task()

        async def inner() -> None:
            assert asyncio.get_running_loop() is not mine
            await asyncio.sleep(0.005)

        nested = bridge.spawn(lambda: asyncio.run(inner()))
        while not nested.ready():
            assert asyncio.get_running_loop() is mine
            assert asyncio.current_task() is me
            await asyncio.sleep(0)
        await nested

    place.task(main)


def test_call_soon_from_another_greenlet_wakes_the_loop(place: Place, loop_factory) -> None:
    def both() -> str:
        made = Event()
        parts: list[object] = []

        async def main() -> str:
            loop = asyncio.get_running_loop()
            answer = loop.create_future()
            parts.extend((loop, answer))
            made.set()
            result: str = await answer
            return result

        runner = bridge.spawn(run, main(), loop_factory)
        made.wait()
        gevent.sleep(0.001)  # the loop has parked without a deadline
        loop, answer = parts
        loop.call_soon(answer.set_result, "woken")
        return runner.get()

    assert place.greenlet(both) == "woken"


def test_call_later_from_another_greenlet_shortens_the_wait(place: Place, loop_factory) -> None:
    def both() -> float:
        made = Event()
        parts: list[object] = []

        async def main() -> None:
            loop = asyncio.get_running_loop()
            answer = loop.create_future()
            parts.extend((loop, answer))
            made.set()
            await asyncio.wait_for(answer, 30)

        runner = bridge.spawn(run, main(), loop_factory)
        made.wait()
        gevent.sleep(0.001)
        begun = time.monotonic()
        loop, answer = parts
        loop.call_later(0.01, answer.set_result, None)
        runner.get()
        return time.monotonic() - begun

    assert place.greenlet(both) < 20


def test_a_native_thread_wakes_the_loop(place: Place, loop_factory) -> None:
    async def main() -> int:
        return await asyncio.to_thread(threading.get_native_id)

    assert place.greenlet(lambda: run(main(), loop_factory)) != threading.get_native_id()


def test_streams_between_two_nested_loops(place: Place, loop_factory) -> None:
    def both() -> bytes:
        listening = Event()
        address: list[tuple[str, int]] = []

        async def serve() -> None:
            done = asyncio.Event()

            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                while line := await reader.readline():
                    writer.write(line.upper())
                    await writer.drain()
                writer.close()
                await writer.wait_closed()
                done.set()

            server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=2_000_000)
            address.append(server.sockets[0].getsockname())
            listening.set()
            await done.wait()
            server.close()
            await server.wait_closed()

        async def ask() -> bytes:
            reader, writer = await asyncio.open_connection(*address[0], limit=2_000_000)
            got = b""
            for _ in range(10):
                writer.write(b"hello\n")
                got = await reader.readline()
            writer.write(b"x" * 1_000_000 + b"\n")
            big = await reader.readexactly(1_000_001)
            assert big == b"X" * 1_000_000 + b"\n"
            writer.close()
            await writer.wait_closed()
            return got

        server = bridge.spawn(run, serve(), loop_factory)
        listening.wait()
        try:
            return bridge.spawn(run, ask(), loop_factory).get()
        finally:
            server.get()

    assert place.greenlet(both) == b"HELLO\n"


def test_a_descriptor_may_be_closed_and_its_number_used_again(place: Place, loop_factory) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(5):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                ours.setblocking(False)
                theirs.setblocking(False)
                await loop.sock_sendall(theirs, b"x")
                assert await loop.sock_recv(ours, 10) == b"x"
                reader = asyncio.ensure_future(loop.sock_recv(ours, 10))
                await asyncio.sleep(0)
                await loop.sock_sendall(theirs, b"y")
                assert await reader == b"y"

    place.greenlet(lambda: run(main(), loop_factory))


def test_subprocess(place: Place) -> None:
    async def main() -> bytes:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-c", "print('hello')", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await child.communicate()
        assert child.returncode == 0
        return out

    if place.private and sys.version_info < (3, 12):
        pytest.skip("before 3.12 asyncio needs the main thread for this")
    assert place.greenlet(lambda: asyncio.run(main())) == b"hello\n"


def test_tasks_and_async_generators_left_over_are_ended(place: Place, loop_factory) -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            ended.append("task")

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0)
            ended.append("generator")

    async def main() -> object:
        task = asyncio.create_task(forever())
        generator = endless()
        await anext(generator)
        await asyncio.sleep(0)
        return task, generator

    place.greenlet(lambda: run(main(), loop_factory))
    assert sorted(ended) == ["generator", "task"]


@pytest.mark.parametrize("leave", [False, True])
def test_many_that_end_together_each_cancel_only_their_own_tasks(place: Place, leave: bool) -> None:
    cancelled: list[int] = []
    finished: list[int] = []

    async def linger(number: int, go_on: asyncio.Future[None]) -> None:
        try:
            await go_on
        except asyncio.CancelledError:
            cancelled.append(number)
            raise

    async def main(number: int, start: float) -> None:
        loop = asyncio.get_running_loop()
        if leave and number % 2:
            loop.lingering = asyncio.create_task(linger(number, loop.create_future()))
        await asyncio.sleep(start - time.monotonic())
        finished.append(number)

    def many() -> None:
        start = time.monotonic() + 0.05
        gevent.joinall([bridge.spawn(asyncio.run, main(n, start)) for n in range(100)], raise_error=True)

    place.greenlet(many)
    assert len(finished) == 100
    assert sorted(cancelled) == (list(range(1, 100, 2)) if leave else [])


def test_killing_the_greenlet_cancels_the_main_task_and_its_cleanup_may_wait(
    place: Place, loop_factory
) -> None:
    def both() -> list[str]:
        seen: list[str] = []
        begun = Event()

        async def main() -> None:
            try:
                begun.set()
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                await asyncio.sleep(0.001)
                seen.append("cleaned up")
                raise

        runner = bridge.spawn(run, main(), loop_factory)
        begun.wait()
        runner.kill()
        assert isinstance(runner.value, gevent.GreenletExit)
        assert no_running_loop()
        return seen

    assert place.greenlet(both) == ["cleaned up"]


def test_a_gevent_timeout_around_asyncio_run(place: Place, loop_factory) -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    def timed() -> None:
        with gevent.Timeout(0.01) as timeout, pytest.raises(gevent.Timeout) as caught:
            run(main(), loop_factory)
        assert caught.value is timeout
        assert no_running_loop()

    place.greenlet(timed)


def test_a_gevent_timeout_older_than_the_loop_it_interrupts(place: Place, loop_factory) -> None:
    """It reaches the coroutine that blocks in gevent, and that sees its loop and task."""

    async def main(limit: gevent.Timeout) -> None:
        here = asyncio.get_running_loop(), asyncio.current_task()
        with pytest.raises(gevent.Timeout) as caught:
            gevent.sleep(30)
        assert caught.value is limit
        assert (asyncio.get_running_loop(), asyncio.current_task()) == here
        await asyncio.sleep(0.001)

    def timed() -> None:
        with gevent.Timeout(0.01) as timeout:
            run(main(timeout), loop_factory)
        assert no_running_loop()

    place.greenlet(timed)


def test_a_blocking_call_in_a_coroutine_blocks_its_own_loop_only(place: Place, loop_factory) -> None:
    async def blocking() -> None:
        mine = asyncio.get_running_loop()
        for _ in range(3):
            gevent.sleep(0.001)
            assert asyncio.get_running_loop() is mine
            await asyncio.sleep(0)
        with pytest.raises(gevent.Timeout), gevent.Timeout(0.001):
            gevent.sleep(10)
        assert asyncio.get_running_loop() is mine

    async def other() -> None:
        mine = asyncio.get_running_loop()
        for _ in range(20):
            await asyncio.sleep(0.0003)
            assert asyncio.get_running_loop() is mine

    def both() -> None:
        greenlets = [bridge.spawn(run, coro, loop_factory) for coro in (blocking(), other(), blocking())]
        gevent.joinall(greenlets, raise_error=True)

    place.greenlet(both)


def test_async_generator_hooks_belong_to_each_loop(place: Place, loop_factory) -> None:
    async def main() -> None:
        mine = sys.get_asyncgen_hooks()
        for _ in range(10):
            await asyncio.sleep(0.0003)
            assert sys.get_asyncgen_hooks() == mine

    def several() -> None:
        gevent.sleep(0.001)  # whatever loop hosts this thread runs now
        before = sys.get_asyncgen_hooks()
        gevent.joinall([bridge.spawn(run, main(), loop_factory) for _ in range(3)], raise_error=True)
        assert sys.get_asyncgen_hooks() == before

    place.greenlet(several)


def test_the_policy_of_uvloop_is_not_asked(place: Place) -> None:
    if not uvloop_available():
        pytest.skip("no uvloop")
    import uvloop

    async def main() -> type:
        await asyncio.sleep(0)
        return type(asyncio.get_running_loop())

    if sys.version_info >= (3, 14):
        pytest.skip("policies are on their way out")
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    try:
        assert place.greenlet(lambda: asyncio.run(main())) is NestedLoop
    finally:
        asyncio.set_event_loop_policy(None)


def test_the_loop_that_is_set_holds_for_one_greenlet(place: Place) -> None:
    def one() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        gevent.sleep(0)
        assert asyncio.get_event_loop() is loop
        assert asyncio.get_event_loop().run_until_complete(asyncio.sleep(0.001, "slept")) == "slept"
        gevent.sleep(0)
        assert asyncio.get_event_loop() is loop
        loop.close()

    def both() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        others = [bridge.spawn(lambda: asyncio.run(asyncio.sleep(0.001))) for _ in range(3)]
        gevent.joinall([bridge.spawn(one), bridge.spawn(one), *others], raise_error=True)
        assert asyncio.get_event_loop() is loop
        asyncio.set_event_loop(None)
        loop.close()

    place.greenlet(both)


def test_bridge_run_in_a_greenlet(place: Place) -> None:
    async def main() -> str:
        await asyncio.sleep(0.001)
        return await bridge.spawn(lambda: "from a greenlet")

    assert place.greenlet(lambda: bridge.run(main())) == "from a greenlet"


def test_uvloop_in_a_greenlet_says_what_to_write_instead(place: Place) -> None:
    if not uvloop_available() or place.private:
        pytest.skip("needs uvloop and a host")

    async def main() -> None:
        pass

    def refused() -> None:
        loop = new_uvloop()
        coro = main()
        try:
            with pytest.raises(
                bridge.WrongContextError, match=r"asyncio\.run\(main\(\)\) without a loop_factory"
            ):
                loop.run_until_complete(coro)
        finally:
            coro.close()
            loop.close()

    place.greenlet(refused)


def test_the_exception_of_the_coroutine_comes_out_with_its_traceback(place: Place) -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError("here")

    def catch() -> list[str]:
        with pytest.raises(LookupError, match="here") as caught:
            asyncio.run(fail())
        return [entry.name for entry in caught.traceback]

    assert place.greenlet(catch)[-1] == "fail"


def test_attach_in_a_nested_loop_changes_nothing(place: Place) -> None:
    async def main() -> str:
        bridge.attach()
        return await bridge.spawn(lambda: "fine")

    def nested() -> str:
        hub = gevent.get_hub()
        result = asyncio.run(main())
        assert hub.loop.host_loop() is not None
        return result

    assert place.greenlet(nested) == "fine"


def test_wait_for_a_task_of_a_nested_loop_in_another_greenlet(place: Place) -> None:
    def both() -> str:
        made = Event()
        tasks: list[asyncio.Task[str]] = []

        async def slow() -> str:
            await asyncio.sleep(0.005)
            return "slow"

        async def main() -> None:
            tasks.append(asyncio.create_task(slow()))
            made.set()
            await tasks[0]

        runner = bridge.spawn(lambda: asyncio.run(main()))
        made.wait()
        result = bridge.wait(tasks[0])
        runner.get()
        return result

    assert place.greenlet(both) == "slow"


def test_a_selector_loop_runs_in_a_greenlet_and_then_outside(place: Place) -> None:
    def both() -> None:
        loop = asyncio.SelectorEventLoop()
        try:
            own = loop._selector
            assert bridge.spawn(lambda: loop.run_until_complete(asyncio.sleep(0.001, "in"))).get() == "in"
            assert loop._selector is own
            assert "call_soon" not in vars(loop)
            assert (
                in_native_thread(lambda: loop.run_until_complete(asyncio.to_thread(lambda: "out"))) == "out"
            )
        finally:
            loop.close()

    place.greenlet(both)


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals need the main thread"
)
def test_signal_handlers_of_two_nested_loops() -> None:
    async def main() -> str:
        loop = asyncio.get_running_loop()
        seen: asyncio.Future[str] = loop.create_future()
        loop.add_signal_handler(signal.SIGUSR1, seen.set_result, "seen")
        ready.append(None)
        if len(ready) == 2:
            os.kill(os.getpid(), signal.SIGUSR1)
        return await asyncio.wait_for(seen, 30)

    ready: list[None] = []
    before = signal.getsignal(signal.SIGUSR1)
    greenlets = [bridge.spawn(lambda: asyncio.run(main())) for _ in range(2)]
    gevent.joinall(greenlets, raise_error=True)
    assert [each.get() for each in greenlets] == ["seen", "seen"]
    assert signal.getsignal(signal.SIGUSR1) == before


def test_a_thousand_take_about_the_time_of_one_and_no_descriptors(place: Place) -> None:
    async def main() -> None:
        await asyncio.sleep(0.2)

    def many() -> tuple[float, int]:
        before = len(os.listdir("/proc/self/fd"))
        begun = time.monotonic()
        greenlets = [bridge.spawn(lambda: asyncio.run(main())) for _ in range(1000)]
        gevent.sleep(0.1)
        used = len(os.listdir("/proc/self/fd")) - before
        gevent.joinall(greenlets, raise_error=True)
        return time.monotonic() - begun, used

    took, used = place.greenlet(many)
    assert took < 20  # one after the other would take 200 seconds
    assert used <= 2
