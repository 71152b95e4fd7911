"""A cancelled task does not leave its greenlet behind."""

from __future__ import annotations

import asyncio

from benchmarks.features.libraries.base import Library

LABEL = "cancelling a task kills the greenlet"
TESTS = "`bridge/interop/test_cancellation.py`"


def check_the_greenlet_ends_where_it_waits(library: Library) -> None:
    seen: list[str] = []

    def blocking() -> None:
        try:
            library.sleep(0.4)
            seen.append("went on")
        finally:
            seen.append("ended")

    async def awaits() -> None:
        await library.call(blocking)

    async def main() -> None:
        task = asyncio.ensure_future(awaits())
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task], timeout=2)
        await asyncio.sleep(0.5)
        assert task.cancelled(), f"the task: {task!r}"
        assert seen == ["ended"], f"the greenlet: {seen}"

    library.run(main)
