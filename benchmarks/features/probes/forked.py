"""A fork in blocking code: both processes go on."""

from __future__ import annotations

import asyncio
import os
import time

from benchmarks.features.libraries.base import Library

LABEL = "fork"
TESTS = "`bridge/fork/`"


def check_the_child_goes_on_with_both_kinds(library: Library) -> None:
    async def answers() -> int:
        await asyncio.sleep(0.02)
        return 7

    def blocking() -> int:
        pid = os.fork()
        if pid == 0:
            try:
                library.sleep(0.02)
                os._exit(library.wait(answers()))
            finally:
                os._exit(1)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            library.sleep(0.01)
        raise AssertionError("the child hangs")

    async def main() -> None:
        ended = await library.call(blocking)
        assert ended == 7, f"the child ended with {ended}"
        await asyncio.sleep(0.01)

    library.run(main)
