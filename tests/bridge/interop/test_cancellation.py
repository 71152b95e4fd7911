"""Every cell of the table in docs/design/cancellation.md, one test each, named like the cell."""

from __future__ import annotations

import asyncio
from pathlib import Path

import gevent
import pytest
from gevent.event import Event

import bridge
from tests.bridge.interop.places import Place, in_native_thread


class Trace(list[str]):
    """What happened, in order, with ready-made greenlet and task bodies."""

    def park(self) -> str:
        """A greenlet's function: waits for ever, cleans up with a wait."""
        self.append("parked")
        try:
            Event().wait()
        except BaseException as exc:
            self.append(type(exc).__name__)
            raise
        finally:
            gevent.sleep(0.001)
            self.append("cleaned up")
        return "never"

    async def sleep(self) -> str:
        """A task's coroutine: waits for ever, cleans up with a wait."""
        self.append("parked")
        try:
            await asyncio.get_running_loop().create_future()
        except BaseException as exc:
            self.append(type(exc).__name__)
            raise
        finally:
            await asyncio.sleep(0.001)
            self.append("cleaned up")
        return "never"


@pytest.fixture
def trace() -> Trace:
    return Trace()


async def until(trace: Trace, entry: str) -> None:
    while entry not in trace:  # noqa: ASYNC110
        await asyncio.sleep(0)


def wait_until(trace: Trace, entry: str) -> None:
    while entry not in trace:
        gevent.sleep(0.0005)


class TestTaskAwaitsGreenlet:
    def test_task_cancelled_kills_the_greenlet_whose_cleanup_may_block(
        self, place: Place, trace: Trace
    ) -> None:
        async def main() -> None:
            async def outer() -> None:
                await bridge.spawn(trace.park)

            task = asyncio.create_task(outer())
            await until(trace, "parked")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert task.cancelled()

        place.task(main)
        assert trace == ["parked", "GreenletExit", "cleaned up"]

    def test_task_cancelled_before_the_greenlet_began(self, place: Place, trace) -> None:
        async def main() -> None:
            greenlet = bridge.spawn(trace.park)
            future = bridge.future(greenlet)
            future.cancel()
            with pytest.raises(asyncio.CancelledError):
                await future
            assert greenlet.dead

        place.task(main)
        assert trace == []

    def test_greenlet_swallows_the_kill_and_returns(self, place: Place, trace) -> None:
        def stubborn() -> str:
            try:
                trace.park()
            except gevent.GreenletExit:
                return "all the same"
            return "never"

        async def main() -> str:
            async def outer() -> str:
                return await bridge.spawn(stubborn)

            task = asyncio.create_task(outer())
            await until(trace, "parked")
            task.cancel()
            return await task

        assert place.task(main) == "all the same"

    def test_greenlet_raises_something_else_when_killed(self, place: Place, trace) -> None:
        def fails() -> None:
            try:
                trace.park()
            finally:
                raise LookupError("clean-up")

        async def main() -> None:
            async def outer() -> None:
                await bridge.spawn(fails)

            task = asyncio.create_task(outer())
            await until(trace, "parked")
            task.cancel()
            with pytest.raises(LookupError) as caught:
                await task
            assert isinstance(caught.value.__context__, gevent.GreenletExit)

        place.task(main)

    def test_asyncio_timeout(self, place: Place, trace) -> None:
        async def main() -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.005):
                    await bridge.spawn(trace.park)

        place.task(main)
        assert trace == ["parked", "GreenletExit", "cleaned up"]

    def test_asyncio_wait_for(self, place: Place, trace) -> None:
        async def main() -> None:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(bridge.spawn(trace.park), 0.005)

        place.task(main)
        assert trace == ["parked", "GreenletExit", "cleaned up"]

    def test_gevent_timeout_in_the_greenlet(self, place: Place, trace) -> None:
        def timed() -> None:
            with gevent.Timeout(0.005):
                trace.park()

        async def main() -> None:
            with pytest.raises(gevent.Timeout):
                await bridge.spawn(timed)

        place.task(main)
        assert trace == ["parked", "Timeout", "cleaned up"]

    def test_greenlet_killed_by_another(self, place: Place, trace) -> None:
        async def main() -> None:
            greenlet = bridge.spawn(trace.park)

            async def outer() -> None:
                await greenlet

            task = asyncio.create_task(outer())
            await until(trace, "parked")
            greenlet.kill(block=False)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert task.cancelled()

        place.task(main)
        assert trace == ["parked", "GreenletExit", "cleaned up"]

    def test_greenlet_killed_with_an_exception(self, place: Place, trace) -> None:
        async def main() -> None:
            greenlet = bridge.spawn(trace.park)
            await until(trace, "parked")
            greenlet.kill(LookupError("reason"), block=False)
            with pytest.raises(LookupError, match="reason"):
                await greenlet

        place.task(main)

    def test_future_cancelled(self, place: Place, trace) -> None:
        async def main() -> None:
            future = bridge.future(bridge.spawn(trace.park))
            await until(trace, "parked")
            assert future.cancel()
            assert not future.done()  # like a task: first the greenlet has to end
            with pytest.raises(asyncio.CancelledError):
                await future
            assert future.cancelled()
            assert not future.cancel()

        place.task(main)

    def test_future_cancelled_again_while_the_greenlet_cleans_up(self, place: Place, trace) -> None:
        def body() -> None:
            try:
                trace.park()
            finally:
                trace.append("outer")

        async def main() -> None:
            future = bridge.future(bridge.spawn(body))
            await until(trace, "parked")
            future.cancel()
            await until(trace, "GreenletExit")
            future.cancel()
            with pytest.raises(asyncio.CancelledError):
                await future

        place.task(main)
        assert trace == ["parked", "GreenletExit", "outer"]

    def test_shielded(self, place: Place) -> None:
        async def main() -> str:
            go_on = Event()

            def body() -> str:
                go_on.wait()
                return "went on"

            greenlet = bridge.spawn(body)
            outer = asyncio.shield(bridge.future(greenlet))
            await asyncio.sleep(0)
            outer.cancel()
            with pytest.raises(asyncio.CancelledError):
                await outer
            go_on.set()
            return await greenlet

        assert place.task(main) == "went on"

    def test_one_of_two_awaiters_cancelled(self, place: Place, trace) -> None:
        async def main() -> None:
            greenlet = bridge.spawn(trace.park)

            async def outer() -> None:
                await greenlet

            first, second = asyncio.create_task(outer()), asyncio.create_task(outer())
            await until(trace, "parked")
            first.cancel()
            await asyncio.wait([first, second])
            assert first.cancelled()
            assert second.cancelled()

        place.task(main)

    def test_task_group_member_fails(self, place: Place, trace) -> None:
        async def main() -> None:
            async def fail() -> None:
                await until(trace, "parked")
                raise LookupError

            async def outer() -> None:
                await bridge.spawn(trace.park)

            with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012
                async with asyncio.TaskGroup() as group:
                    group.create_task(outer())
                    group.create_task(fail())
            assert [type(exc) for exc in caught.value.exceptions] == [LookupError]

        place.task(main)
        assert trace == ["parked", "GreenletExit", "cleaned up"]

    def test_greenlet_raises(self, place: Place) -> None:
        def fail() -> None:
            gevent.sleep(0)
            raise LookupError("here")

        async def main() -> list[str]:
            with pytest.raises(LookupError, match="here") as caught:
                await bridge.spawn(fail)
            return [entry.name for entry in caught.traceback]

        assert place.task(main)[-1] == "fail"  # and stderr stays empty, see the fixture nothing_left

    def test_greenlet_raises_and_nobody_awaits(self, place: Place, printed) -> None:
        def fail() -> None:
            raise LookupError("nobody cares")

        def main() -> None:
            bridge.spawn(fail).join()

        place.greenlet(main)
        assert "LookupError: nobody cares" in printed()

    def test_greenlet_raises_stop_iteration(self, place: Place) -> None:
        def fail() -> None:
            raise StopIteration(1)

        async def main() -> None:
            with pytest.raises(RuntimeError, match="StopIteration"):
                await bridge.spawn(fail)

        place.task(main)

    def test_greenlet_raises_cancelled_error(self, place: Place) -> None:
        def fail() -> None:
            raise asyncio.CancelledError

        async def main() -> None:
            with pytest.raises(asyncio.CancelledError):
                await bridge.spawn(fail)

        place.task(main)

    @pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
    def test_greenlet_ends_the_program(self, place: Place, kind: type[BaseException]) -> None:
        if place.private:
            pytest.skip("see test_greenlet_ends_the_program_on_a_private_loop")

        def leave() -> None:
            gevent.sleep(0)
            raise kind(3)

        async def main() -> None:
            await bridge.spawn(leave)

        with pytest.raises(kind) as caught:
            place.task(main)
        assert caught.value.args == (3,)

    @pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
    def test_greenlet_nobody_awaits_ends_the_program(self, place: Place, kind, printed) -> None:
        if place.private:
            pytest.skip("plain gevent")

        def leave() -> None:
            raise kind(3)

        async def main() -> None:
            bridge.future(bridge.spawn(leave))
            await asyncio.sleep(30)

        with pytest.raises(kind):
            place.task(main)

    def test_loop_closed_before_the_greenlet_ends(self, place: Place) -> None:
        if place.private:
            pytest.skip("a private loop outlives its greenlets")
        go_on = Event()
        started: list[gevent.Greenlet] = []

        async def main() -> None:
            greenlet = bridge.spawn(lambda: go_on.wait() and "went on")
            started.append(greenlet)
            bridge.future(greenlet)
            await asyncio.sleep(0)

        place.task(main)
        go_on.set()
        assert started[0].get() == "went on"

    @pytest.mark.parametrize("cancelled", [False, True])
    def test_greenlet_of_another_thread(self, place: Place, trace: Trace, cancelled: bool) -> None:
        made: list[gevent.Greenlet] = []
        go_on: list[object] = []

        def other_thread() -> None:
            def body() -> str:
                if cancelled:
                    return trace.park()
                sent = Event()
                signal = gevent.get_hub().loop.async_()
                signal.start(sent.set)
                go_on.append(signal)
                sent.wait()
                signal.close()
                return "from afar"

            hub = gevent.get_hub()
            hub.loop.ref()  # or gevent would say, rightly, that this thread waits for nothing
            made.append(bridge.spawn(body))
            made[0].join()
            hub.loop.unref()
            gevent.sleep(0)  # this thread's hub has to live until everybody was told

        async def main() -> None:
            thread = asyncio.create_task(asyncio.to_thread(in_native_thread, other_thread))
            while not (made and (go_on or trace)):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            future = bridge.future(made[0])
            if cancelled:
                future.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await future
                assert trace == ["parked", "GreenletExit", "cleaned up"]
            else:
                go_on[0].send()
                assert await future == "from afar"
            await thread

        place.task(main)


class TestGreenletWaitsForTask:
    def test_greenlet_killed_cancels_the_task_and_awaits_its_cleanup(
        self, place: Place, trace: Trace
    ) -> None:
        def main() -> None:
            def outer() -> None:
                try:
                    bridge.wait(trace.sleep())
                finally:
                    trace.append("greenlet ends")

            greenlet = bridge.spawn(outer)
            wait_until(trace, "parked")
            greenlet.kill()
            assert isinstance(greenlet.value, gevent.GreenletExit)

        place.greenlet(main)
        assert trace == ["parked", "CancelledError", "cleaned up", "greenlet ends"]

    def test_greenlet_killed_before_it_began(self, place: Place, trace) -> None:
        def main() -> None:
            greenlet = bridge.spawn(lambda: bridge.wait(trace.sleep()))
            greenlet.kill()
            assert isinstance(greenlet.value, gevent.GreenletExit)

        place.greenlet(main)
        assert trace == []

    def test_greenlet_killed_before_the_task_began(self, place: Place, trace) -> None:
        def main() -> None:
            greenlet = bridge.spawn(lambda: bridge.wait(trace.sleep()))
            gevent.sleep(0)  # it waits now; the loop has not had a turn yet
            greenlet.kill()
            assert isinstance(greenlet.value, gevent.GreenletExit)

        place.greenlet(main)
        assert trace == []

    def test_task_swallows_the_cancellation(self, place: Place, trace) -> None:
        async def stubborn() -> str:
            try:
                return await trace.sleep()
            except asyncio.CancelledError:
                return "all the same"

        def main() -> None:
            greenlet = bridge.spawn(lambda: bridge.wait(stubborn()))
            wait_until(trace, "parked")
            greenlet.kill()
            assert isinstance(greenlet.value, gevent.GreenletExit)

        place.greenlet(main)

    def test_task_raises_something_else_when_cancelled(self, place: Place, trace) -> None:
        async def fails() -> None:
            try:
                await trace.sleep()
            finally:
                raise LookupError("clean-up")

        def main() -> None:
            def outer() -> BaseException:
                try:
                    bridge.wait(fails())
                except LookupError as exc:
                    return exc
                raise AssertionError

            greenlet = bridge.spawn(outer)
            wait_until(trace, "parked")
            greenlet.kill()
            assert isinstance(greenlet.value, LookupError)
            assert isinstance(greenlet.value.__context__, gevent.GreenletExit)

        place.greenlet(main)

    def test_gevent_timeout_around_wait(self, place: Place, trace) -> None:
        def main() -> None:
            with gevent.Timeout(0.005) as timeout, pytest.raises(gevent.Timeout) as caught:
                bridge.wait(trace.sleep())
            assert caught.value is timeout

        place.greenlet(main)
        assert trace == ["parked", "CancelledError", "cleaned up"]

    def test_timeout_of_wait(self, place: Place, trace) -> None:
        def main() -> None:
            with pytest.raises(TimeoutError, match=r"after 0\.005 seconds"):
                bridge.wait(trace.sleep(), timeout=0.005)

        place.greenlet(main)
        assert trace == ["parked", "CancelledError", "cleaned up"]

    def test_timeout_of_wait_meets_a_task_that_finishes_all_the_same(
        self, place: Place, trace: Trace
    ) -> None:
        async def stubborn() -> str:
            try:
                return await trace.sleep()
            except asyncio.CancelledError:
                return "all the same"

        assert place.greenlet(lambda: bridge.wait(stubborn(), timeout=0.005)) == "all the same"

    def test_asyncio_timeout_in_the_coroutine(self, place: Place, trace) -> None:
        async def timed() -> None:
            async with asyncio.timeout(0.005):
                await trace.sleep()

        def main() -> None:
            with pytest.raises(TimeoutError):
                bridge.wait(timed())

        place.greenlet(main)

    def test_task_cancelled_by_another(self, place: Place, trace) -> None:
        def main() -> None:
            tasks: list[asyncio.Task[None]] = []

            async def body() -> None:
                tasks.append(asyncio.current_task())
                await trace.sleep()

            def outer() -> str:
                with pytest.raises(asyncio.CancelledError):
                    bridge.wait(body())
                return "saw it"

            greenlet = bridge.spawn(outer)
            wait_until(trace, "parked")
            tasks[0].cancel()
            assert greenlet.get() == "saw it"

        place.greenlet(main)

    def test_waiting_for_a_task_somebody_else_made(self, place: Place, trace) -> None:
        async def main() -> None:
            task = asyncio.create_task(trace.sleep())
            greenlet = bridge.spawn(bridge.wait, task)
            await until(trace, "parked")
            greenlet.kill(block=False)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert task.cancelled()  # as 'await task' in a cancelled task does

        place.task(main)

    def test_waiting_for_a_shielded_task(self, place: Place, trace) -> None:
        async def main() -> str:
            future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            greenlet = bridge.spawn(bridge.wait, asyncio.shield(future))
            await asyncio.sleep(0)
            greenlet.kill(block=False)
            with pytest.raises(asyncio.CancelledError):
                await greenlet
            future.set_result("went on")
            return await future

        assert place.task(main) == "went on"

    def test_greenlet_killed_again_while_the_task_cleans_up(self, place: Place) -> None:
        def main() -> None:
            cleaning, go_on = Event(), bridge.wait(new_asyncio_event())
            tasks: list[asyncio.Task[None]] = []

            async def body() -> None:
                tasks.append(asyncio.current_task())
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    cleaning.set()
                    await go_on.wait()
                    raise LookupError("nobody is left to see this")

            greenlet = bridge.spawn(lambda: bridge.wait(body()))
            while not tasks:
                gevent.sleep(0.0005)
            greenlet.kill(block=False)
            cleaning.wait()
            greenlet.kill()  # does not wait for the task any longer
            assert isinstance(greenlet.value, gevent.GreenletExit)
            assert not tasks[0].done()
            bridge.wait(set_soon(go_on))
            while not tasks[0].done():
                gevent.sleep(0.0005)
            bridge.wait(asyncio.sleep(0))  # a turn in which the done callbacks run

        async def new_asyncio_event() -> asyncio.Event:
            return asyncio.Event()

        async def set_soon(event: asyncio.Event) -> None:
            event.set()

        place.greenlet(main)

    def test_task_raises(self, place: Place) -> None:
        async def fail() -> None:
            await asyncio.sleep(0)
            raise LookupError("here")

        def main() -> list[str]:
            with pytest.raises(LookupError, match="here") as caught:
                bridge.wait(fail())
            return [entry.name for entry in caught.traceback]

        assert place.greenlet(main)[-1] == "fail"

    @pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
    def test_task_ends_the_program(self, place: Place, kind: type[BaseException], printed) -> None:
        if place.private:
            pytest.skip("see test_task_ends_the_program_on_a_private_loop")

        async def leave() -> None:
            await asyncio.sleep(0)
            raise kind(3)

        def outer() -> None:
            try:
                bridge.wait(leave())
            except kind:
                seen.append("greenlet saw it")

        async def main() -> None:
            await bridge.spawn(outer)

        seen: list[str] = []
        with pytest.raises(kind):
            place.task(main)

    def test_loop_ends_while_the_greenlet_waits(self, place: Place, trace) -> None:
        if place.private:
            pytest.skip("a private loop outlives its greenlets")

        def outer() -> str:
            with pytest.raises(asyncio.CancelledError):
                bridge.wait(trace.sleep())
            return "saw it"

        greenlets: list[gevent.Greenlet] = []

        async def main() -> None:
            greenlets.append(bridge.spawn(outer))
            await until(trace, "parked")

        place.task(main)  # asyncio.run cancels the task
        assert greenlets[0].get() == "saw it"
        assert trace == ["parked", "CancelledError", "cleaned up"]

    def test_loop_closed_while_the_greenlet_waits_for_a_future(self, place: Place) -> None:
        if place.private:
            pytest.skip("a private loop outlives its greenlets")
        waiting: list[gevent.Greenlet] = []
        loop = place.new_loop()

        async def main() -> None:
            future = loop.create_future()

            def outer() -> str:
                with pytest.raises(bridge.NoHostLoopError, match="was closed before"):
                    bridge.wait(future)
                return "saw it"

            waiting.append(bridge.spawn(outer))
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        loop.run_until_complete(main())
        loop.close()
        assert waiting[0].get() == "saw it"

    @pytest.mark.parametrize("killed", [False, True])
    def test_task_of_another_threads_loop(self, place: Place, trace: Trace, killed: bool) -> None:
        parts: list[object] = []

        async def afar() -> None:
            loop = asyncio.get_running_loop()
            stop = asyncio.Event()

            async def answer() -> str:
                if killed:
                    return await trace.sleep()
                await asyncio.sleep(0.002)
                return "from afar"

            task = asyncio.create_task(answer())
            parts.extend((loop, task, stop))
            await stop.wait()
            await asyncio.wait([task])

        def main() -> None:
            thread = bridge.spawn(
                lambda: bridge.wait(asyncio.to_thread(in_native_thread, lambda: asyncio.run(afar())))
            )
            while len(parts) < 3:
                gevent.sleep(0.001)
            loop, task, stop = parts
            if killed:
                greenlet = bridge.spawn(bridge.wait, task)
                wait_until(trace, "parked")
                gevent.sleep(0.001)
                greenlet.kill()
                assert isinstance(greenlet.value, gevent.GreenletExit)
                assert trace == ["parked", "CancelledError", "cleaned up"]
            else:
                assert bridge.wait(task) == "from afar"
            loop.call_soon_threadsafe(stop.set)
            thread.get()

        place.greenlet(main)


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
@pytest.mark.parametrize("exception", ["SystemExit", "KeyboardInterrupt"])
@pytest.mark.parametrize("where", ["greenlet", "task"])
def test_ending_the_program_on_a_private_loop(kind: str, exception: str, where: str) -> None:
    from tests.bridge.interop.children import run_child

    ended = run_child("ending.py", where, exception, BRIDGE_LOOP=kind)
    assert ended.stdout == "main saw it, and gevent still works\n"
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("heading", "tests"),
    [
        ("A task awaits a greenlet", TestTaskAwaitsGreenlet),
        ("A greenlet waits for a task", TestGreenletWaitsForTask),
    ],
)
def test_the_page_has_a_row_for_each_test(heading: str, tests: type) -> None:
    page = (Path(__file__).parents[3] / "docs/design/cancellation.md").read_text(encoding="utf-8")
    section = page.split(f"## {heading}")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len([name for name in vars(tests) if name.startswith("test_")])
