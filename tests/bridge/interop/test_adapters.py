"""``sync_to_async`` and ``async_to_sync``."""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from contextvars import ContextVar, copy_context

import gevent
import pytest
from gevent._hub_local import get_hub_if_exists
from gevent.event import Event
from gevent.monkey import get_original
from gevent.queue import Queue

import bridge
from tests.bridge.interop.places import Place, in_native_thread

colour: ContextVar[str] = ContextVar("colour", default="none")
shade: ContextVar[str] = ContextVar("shade", default="none")


class TestSyncToAsync:
    def test_it_returns_what_the_function_returns(self, place: Place) -> None:
        @bridge.sync_to_async
        def add(a: int, *, b: int) -> int:
            return a + b

        async def main() -> int:
            return await add(1, b=2)

        assert place.task(main) == 3

    def test_the_function_may_block_while_other_tasks_go_on(self, place: Place) -> None:
        async def main() -> str:
            handed_over: Queue[str] = Queue()
            reader = asyncio.create_task(bridge.sync_to_async(handed_over.get)())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not reader.done()
            handed_over.put("item")
            return await reader

        assert place.task(main) == "item"

    def test_it_runs_in_a_greenlet_that_sees_no_loop(self, place: Place) -> None:
        def look() -> bool:
            assert isinstance(gevent.getcurrent(), gevent.Greenlet)
            before = asyncio._get_running_loop() is None
            gevent.sleep(0)
            return before and asyncio._get_running_loop() is None

        async def main() -> None:
            mine = asyncio.get_running_loop()
            assert await bridge.sync_to_async(look)()
            assert asyncio.get_running_loop() is mine

        place.task(main)

    @pytest.mark.parametrize("blocks", [False, True])
    def test_an_exception_comes_out_with_its_traceback(self, place: Place, blocks: bool) -> None:
        def fail() -> None:
            if blocks:
                gevent.sleep(0)
            raise LookupError("here")

        async def main() -> list[str]:
            with pytest.raises(LookupError, match="here") as caught:
                await bridge.sync_to_async(fail)()
            return [entry.name for entry in caught.traceback]

        assert place.task(main)[-1] == "fail"

    @pytest.mark.parametrize("blocks", [False, True])
    def test_context_variables_go_in_and_out(self, place: Place, blocks: bool) -> None:
        def change() -> str:
            if blocks:
                gevent.sleep(0)
            seen = colour.get()
            colour.set("changed")
            if blocks:
                gevent.sleep(0)
            return seen

        async def main() -> tuple[str, str]:
            colour.set("mine")
            seen = await bridge.sync_to_async(change)()
            return seen, colour.get()

        assert place.task(main) == ("mine", "changed")
        assert colour.get() == "none"

    def test_the_greenlet_is_killed_when_the_caller_is_cancelled(self, place: Place) -> None:
        seen: list[str] = []

        def wait() -> None:
            try:
                Event().wait()
            except gevent.GreenletExit:
                gevent.sleep(0.001)
                seen.append("cleaned up")
                raise

        async def main() -> None:
            task = asyncio.create_task(bridge.sync_to_async(wait)())
            await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert seen == ["cleaned up"]

        place.task(main)

    def test_a_function_that_ends_its_own_greenlet_counts_as_cancelled(self, place: Place) -> None:
        def leave() -> None:
            raise gevent.GreenletExit

        async def main() -> None:
            with pytest.raises(asyncio.CancelledError):
                await bridge.sync_to_async(leave)()

        place.task(main)

    def test_it_works_on_a_nested_loop(self, place: Place) -> None:
        async def main() -> str:
            return await bridge.sync_to_async(lambda: gevent.sleep(0.001) or "nested")()

        assert place.greenlet(lambda: asyncio.run(main())) == "nested"

    def test_it_keeps_name_and_documentation(self) -> None:
        def named() -> None:
            """Documented."""

        adapted = bridge.sync_to_async(named)
        assert (adapted.__name__, adapted.__doc__) == ("named", "Documented.")
        assert inspect.iscoroutinefunction(adapted)

    def test_coroutine_functions_are_refused(self) -> None:
        async def already() -> None: ...

        with pytest.raises(TypeError, match="needs a plain function"):
            bridge.sync_to_async(already)


class TestAsyncToSync:
    def test_it_returns_what_the_coroutine_returns(self, place: Place) -> None:
        @bridge.async_to_sync
        async def add(a: int, *, b: int) -> int:
            await asyncio.sleep(0)
            return a + b

        assert place.greenlet(lambda: add(1, b=2)) == 3

    def test_it_works_on_methods(self, place: Place) -> None:
        class Account:
            def __init__(self) -> None:
                self.balance = 1

            @bridge.async_to_sync
            async def pay_in(self, amount: int) -> int:
                await asyncio.sleep(0)
                self.balance += amount
                return self.balance

        assert place.greenlet(lambda: Account().pay_in(2)) == 3

    def test_an_exception_comes_out_with_its_traceback(self, place: Place) -> None:
        @bridge.async_to_sync
        async def fail() -> None:
            await asyncio.sleep(0)
            raise LookupError("here")

        def catch() -> list[str]:
            with pytest.raises(LookupError, match="here") as caught:
                fail()
            return [entry.name for entry in caught.traceback]

        assert place.greenlet(catch)[-1] == "fail"

    def test_context_variables_go_in_and_out(self, place: Place) -> None:
        @bridge.async_to_sync
        async def change() -> str:
            await asyncio.sleep(0)
            seen = colour.get()
            colour.set("changed")
            await asyncio.sleep(0)
            return seen

        def call() -> tuple[str, str]:
            colour.set("mine")
            return change(), colour.get()

        assert place.greenlet(call) == ("mine", "changed")

    def test_context_variables_go_in_and_out_inside_context_run(self, place: Place) -> None:
        @bridge.async_to_sync
        async def change() -> tuple[str, str]:
            seen = colour.get(), shade.get()
            await asyncio.sleep(0)
            colour.set("changed")
            return seen

        def call() -> tuple[tuple[str, str], str, str]:
            colour.set("outside")

            def inside() -> tuple[tuple[str, str], str]:
                shade.set("mine")
                return change(), colour.get()

            return (*copy_context().run(inside), colour.get())

        assert place.greenlet(call) == (("outside", "mine"), "changed", "outside")

    def test_there_and_back_again(self, place: Place) -> None:
        @bridge.sync_to_async
        def innermost() -> str:
            gevent.sleep(0)
            colour.set(colour.get() + ">innermost")
            return "result"

        @bridge.async_to_sync
        async def middle() -> str:
            colour.set(colour.get() + ">middle")
            return await innermost()

        @bridge.sync_to_async
        def outer() -> str:
            colour.set(colour.get() + ">outer")
            return middle()

        async def main() -> tuple[str, str]:
            colour.set("main")
            return await outer(), colour.get()

        assert place.task(main) == ("result", "main>outer>middle>innermost")

    def test_it_is_refused_in_a_task_before_anything_is_called(self, place: Place) -> None:
        called: list[str] = []

        @bridge.async_to_sync
        async def fetch() -> None:
            called.append("fetch")

        async def main() -> None:
            with pytest.raises(bridge.WrongContextError, match=r"Write 'await .*fetch\(\.\.\.\)' here"):
                fetch()

        place.task(main)
        assert called == []

    def test_it_is_refused_in_the_hub(self, place: Place) -> None:
        @bridge.async_to_sync
        async def fetch() -> None: ...

        def call() -> None:
            refused: list[BaseException] = []
            done = Event()

            def in_hub() -> None:
                try:
                    fetch()
                except bridge.WrongContextError as exc:
                    refused.append(exc)
                done.set()

            gevent.get_hub().loop.run_callback(in_hub)
            done.wait()
            assert "in the hub" in str(refused[0])

        place.greenlet(call)

    def test_killing_the_greenlet_cancels_the_coroutine(self, place: Place) -> None:
        seen: list[str] = []

        @bridge.async_to_sync
        async def forever() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                await asyncio.sleep(0.001)
                seen.append("cleaned up")

        def call() -> None:
            greenlet = bridge.spawn(forever)
            gevent.sleep(0.001)
            greenlet.kill()
            assert seen == ["cleaned up"]

        place.greenlet(call)

    def test_plain_code_without_any_loop(self) -> None:
        @bridge.async_to_sync
        async def fetch() -> str:
            await asyncio.sleep(0.001)
            return "fetched"

        assert fetch() == "fetched"
        assert in_native_thread(fetch) == "fetched"

    def test_a_thousand_take_about_the_time_of_one(self, place: Place) -> None:
        @bridge.async_to_sync
        async def slow() -> None:
            await asyncio.sleep(0.2)

        def many() -> float:
            begun = time.monotonic()
            gevent.joinall([bridge.spawn(slow) for _ in range(1000)], raise_error=True)
            return time.monotonic() - begun

        assert place.greenlet(many) < 20  # one after the other would take 200 seconds

    def test_it_uses_no_descriptors_of_its_own(self, place: Place) -> None:
        @bridge.async_to_sync
        async def nothing() -> None: ...

        def look() -> None:
            nothing()
            before = len(os.listdir("/proc/self/fd"))
            for _ in range(20):
                nothing()
            assert len(os.listdir("/proc/self/fd")) == before

        place.greenlet(look)

    def test_it_leaves_nothing_in_native_threads(self) -> None:
        @bridge.async_to_sync
        async def fetch() -> str:
            await asyncio.sleep(0)
            colour.set("changed")
            return "fetched"

        def in_thread() -> None:
            outcome.append((fetch(), colour.get(), get_hub_if_exists()))
            done.release()

        outcome: list[object] = []
        done = get_original("threading", "Lock")()
        done.acquire()
        get_original("_thread", "start_new_thread")(in_thread, ())
        done.acquire()
        assert outcome == [("fetched", "changed", None)]

    def test_what_cannot_be_called_is_refused(self) -> None:
        with pytest.raises(TypeError, match="needs a coroutine function"):
            bridge.async_to_sync(1)
