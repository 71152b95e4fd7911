"""One queue for tasks and blocking code."""

from __future__ import annotations

import asyncio

from benchmarks.features.libraries.base import Library

LABEL = "locks and queues for both"
TESTS = "`bridge/sync/`"


def check_a_task_and_a_greenlet_wait_at_one_queue(library: Library) -> None:
    async def main() -> None:
        queue = library.queue()

        def blocking() -> object:
            first = queue.get()
            queue.put("from the greenlet")
            return first

        started = library.spawn(blocking)
        await asyncio.sleep(0.05)
        queue.put("from the task")
        assert await library.ended(started) == "from the task"
        assert await queue.aget() == "from the greenlet"

    library.run(main)
