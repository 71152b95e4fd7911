"""What a program that hangs can tell."""

from __future__ import annotations

import asyncio
import time

from benchmarks.features.libraries.base import Library

LABEL = "dump of tasks and greenlets; blocking detector"
TESTS = "`bridge/tree/`"


def check_a_picture_of_tasks_and_greenlets(library: Library) -> None:
    def blocking_code() -> None:
        library.sleep(0.2)

    async def waiting_task() -> None:
        await library.call(blocking_code)

    async def main() -> None:
        task = asyncio.ensure_future(waiting_task())
        await asyncio.sleep(0.05)
        picture = library.tree()
        assert "waiting_task" in picture, "the task is not shown"
        assert "blocking_code" in picture, "the greenlet is not shown"
        await task

    library.run(main)


def check_a_detector_names_the_line(library: Library) -> None:
    def holds_the_loop() -> None:
        time.sleep(0.5)

    async def main() -> None:
        said = await library.call(lambda: library.blocked_lines(holds_the_loop))
        assert "holds_the_loop" in said, f"it said {said!r}"

    library.run(main)
