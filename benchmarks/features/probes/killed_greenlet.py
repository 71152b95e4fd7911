"""A killed greenlet does not leave the task it waits for behind."""

from __future__ import annotations

import asyncio

from benchmarks.features.libraries.base import Library

LABEL = "killing the greenlet cancels the task"
TESTS = "same"


def check_the_task_is_cancelled(library: Library) -> None:
    seen: list[str] = []

    async def answers() -> None:
        try:
            await asyncio.sleep(0.4)
            seen.append("went on")
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def main() -> None:
        started = library.waiting(answers())
        await asyncio.sleep(0.1)
        library.kill(started)
        await asyncio.sleep(0.5)
        assert seen == ["cancelled"], f"the task: {seen}"

    library.run(main)
