"""The time limits of either side end what the other side does."""

from __future__ import annotations

import asyncio

from benchmarks.features.libraries.base import Library

LABEL = "timeouts of either side"
TESTS = "same"


def check_asyncio_timeout_ends_the_greenlet(library: Library) -> None:
    seen: list[str] = []

    def blocking() -> None:
        library.sleep(0.4)
        seen.append("went on")

    async def main() -> None:
        try:
            async with asyncio.timeout(0.1):
                await library.call(blocking)
        except TimeoutError:
            seen.append("timed out")
        await asyncio.sleep(0.5)
        assert seen == ["timed out"], f"happened: {seen}"

    library.run(main)


def check_a_timeout_in_the_greenlet_cancels_the_task(library: Library) -> None:
    seen: list[str] = []

    async def answers() -> None:
        await asyncio.sleep(0.4)
        seen.append("went on")

    def blocking() -> None:
        limit = library.timeout(0.1)
        try:
            with limit:
                library.wait(answers())
        except BaseException as exc:
            if exc is not limit:
                raise
            seen.append("timed out")

    async def main() -> None:
        await library.call(blocking)
        await asyncio.sleep(0.5)
        assert seen == ["timed out"], f"happened: {seen}"

    library.run(main)
