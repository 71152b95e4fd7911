"""A loop that runs already when the library is imported, as in a notebook or under uvicorn."""

from __future__ import annotations

import asyncio

from benchmarks.features.libraries.base import Library
from benchmarks.features.ticking import expect_turning

LABEL = "attach to a loop started elsewhere"
TESTS = "`bridge/interop/test_servers.py`, `test_libraries.py`"


def check_imported_in_a_running_loop(library: Library) -> None:
    def nap() -> str:
        library.sleep(0.1)
        return "slept"

    async def main() -> None:
        await asyncio.sleep(0.01)
        library.load()
        await expect_turning(library.call(nap), "slept")

    loop = asyncio.SelectorEventLoop()
    loop.run_until_complete(main())
