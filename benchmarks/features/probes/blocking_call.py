"""A blocking call in the middle of a coroutine holds up that coroutine only."""

from __future__ import annotations

import asyncio
import time

from benchmarks.features.libraries.base import Library
from benchmarks.features.ticking import expect_turning

LABEL = "blocking call inside `async def`"
TESTS = "`bridge/green/`"


def check_other_tasks_go_on(library: Library) -> None:
    async def blocks() -> str:
        library.sleep(0.1)
        return "slept"

    async def main() -> None:
        await expect_turning(library.green(blocks)(), "slept")

    library.run(main)


def check_each_takes_its_own_time(library: Library) -> None:
    took: dict[float, float] = {}
    begun = 0.0

    def blocking_for(seconds: float) -> object:
        async def blocks() -> None:
            library.sleep(seconds)
            took[seconds] = time.monotonic() - begun

        return library.green(blocks)

    async def main() -> None:
        nonlocal begun
        begun = time.monotonic()
        # One after the other is too slow for the last; the innermost first, for the first.
        await asyncio.gather(*[blocking_for(seconds)() for seconds in (0.2, 0.8, 0.1)])  # type: ignore[operator]
        late = {seconds: round(each, 1) for seconds, each in took.items() if each > seconds + 0.4}
        assert not late, f"seconds and how long they took: {late}"

    library.run(main)
