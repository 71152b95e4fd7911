"""Each side waits for the other's result."""

from __future__ import annotations

import asyncio

from benchmarks.features.libraries.base import Library

LABEL = "await a greenlet; greenlet waits for an awaitable"
TESTS = "`bridge/interop/`"


def check_a_task_awaits_a_new_greenlet(library: Library) -> None:
    def blocking() -> int:
        library.sleep(0.05)
        return 42

    async def main() -> None:
        assert await library.ended(library.spawn(blocking)) == 42

    library.run(main)


def check_a_task_awaits_a_greenlet_that_runs_already(library: Library) -> None:
    def blocking() -> int:
        library.sleep(0.1)
        return 42

    async def main() -> None:
        started = library.spawn(blocking)
        await asyncio.sleep(0.03)
        assert await library.ended(started) == 42

    library.run(main)


def check_an_exception_comes_out(library: Library) -> None:
    def blocking() -> None:
        library.sleep(0.01)
        raise LookupError("from the greenlet")

    async def main() -> None:
        try:
            await library.ended(library.spawn(blocking))
        except LookupError:
            return
        raise AssertionError("no exception came out")

    library.run(main)


def check_blocking_code_waits_for_a_coroutine(library: Library) -> None:
    async def answers() -> int:
        await asyncio.sleep(0.05)
        return 42

    def blocking() -> object:
        return library.wait(answers())

    async def main() -> None:
        assert await library.call(blocking) == 42

    library.run(main)
