"""Libraries that call ``asyncio.run`` by themselves, in many greenlets at once."""

from __future__ import annotations

import asyncio
import time

from benchmarks.features.libraries.base import Library

LABEL = "many `asyncio.run` in concurrent greenlets"
TESTS = "`bridge/interop/test_nested_loops.py`"


async def naps(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


def check_all_return(library: Library) -> None:
    library.load()
    functions = [lambda: asyncio.run(naps(0.1)) for _ in range(10)]
    assert library.together(functions) == [0.1] * 10


def check_each_takes_its_own_time(library: Library) -> None:
    library.load()
    begun = time.monotonic()

    def timed(seconds: float) -> float:
        asyncio.run(naps(seconds))
        return time.monotonic() - begun

    wanted = (0.2, 0.8, 0.1)
    took = library.together([lambda s=seconds: timed(s) for seconds in wanted])  # type: ignore[misc]
    each = zip(wanted, took, strict=True)
    late = {seconds: round(real, 1) for seconds, real in each if real > seconds + 0.4}
    assert not late, f"seconds and how long they took: {late}"
