"""The library on uvloop."""

from __future__ import annotations

import asyncio

from benchmarks.features.libraries.base import Library
from benchmarks.features.ticking import expect_turning

LABEL = "on uvloop"
TESTS = "every folder, both loops"


def check_blocking_code_beside_tasks(library: Library) -> None:
    def nap() -> str:
        library.sleep(0.1)
        return "slept"

    async def main() -> None:
        assert type(asyncio.get_running_loop()).__module__.startswith("uvloop"), "another loop runs"
        await expect_turning(library.call(nap), "slept")

    library.run(main, uvloop=True)
