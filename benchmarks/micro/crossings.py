"""What does it cost to cross between asyncio and blocking code?

    python -m benchmarks.micro.crossings [--rounds 5] [--json FILE]

Each round runs every contender in a fresh process, one after the other, pinned
to one core; the table shows medians in microseconds.  asyncio alone and the
bridge run on uvloop; asyncio-gevent runs asyncio's loop on gevent's hub.  Where
asyncio has no blocking code of its own, its way is a native thread.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parents[2]
BLOCK: Final = "a task calls a function that blocks"
START: Final = "a task starts something and awaits it"
STEP: Final = "a step of a task"
WAIT: Final = "blocking code waits for a coroutine"
OPERATIONS: Final = (STEP, START, BLOCK, WAIT)
_TIMINGS: Final = 3
_COUNT: Final = 5_000

Work = Callable[[int], Awaitable[None]]


async def noop() -> None:
    """The shortest coroutine."""


async def step() -> None:
    """Let the loop turn once."""
    await asyncio.sleep(0)


async def steps(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def with_asyncio() -> dict[str, float]:
    """asyncio on uvloop, without gevent."""
    import uvloop

    async def start(count: int) -> None:
        for _ in range(count):
            await asyncio.create_task(noop())

    async def block(count: int) -> None:
        for _ in range(count):
            await asyncio.to_thread(time.sleep, 0)

    async def wait(count: int) -> None:
        loop = asyncio.get_running_loop()

        def blocking() -> None:
            for _ in range(count):
                asyncio.run_coroutine_threadsafe(step(), loop).result()

        await asyncio.to_thread(blocking)

    return uvloop.run(timed({STEP: steps, START: start, BLOCK: block, WAIT: wait}))


def with_bridge() -> dict[str, float]:
    """Greenlets and plain tasks on uvloop."""
    import gevent

    import bridge

    async def start(count: int) -> None:
        for _ in range(count):
            await bridge.spawn(int)

    async def block(count: int) -> None:
        for _ in range(count):
            await bridge.spawn(gevent.sleep, 0)

    def waiting(count: int) -> None:
        for _ in range(count):
            bridge.wait(step())

    async def wait(count: int) -> None:
        await bridge.spawn(waiting, count)

    return bridge.run(timed({STEP: steps, START: start, BLOCK: block, WAIT: wait}))


def with_green_tasks() -> dict[str, float]:
    """Green tasks on uvloop: blocking calls and waiting are plain calls in them."""
    import gevent

    import bridge

    async def start(count: int) -> None:
        for _ in range(count):
            await bridge.create_green_task(noop())

    async def block(count: int) -> None:
        for _ in range(count):
            gevent.sleep(0)

    async def wait(count: int) -> None:
        for _ in range(count):
            bridge.wait(step())

    async def main() -> dict[str, float]:
        found: dict[str, float] = await bridge.create_green_task(
            timed({STEP: steps, START: start, BLOCK: block, WAIT: wait})
        )
        return found

    return bridge.run(main())


def with_asyncio_gevent() -> dict[str, float]:
    """asyncio-gevent, as its documentation sets it up.

    A greenlet of it that waits for a coroutine does not come back while nothing else wakes its loop (0.2.5).
    """
    import gevent.monkey

    gevent.monkey.patch_all()
    import asyncio_gevent  # type: ignore[import-not-found]
    import gevent

    asyncio.set_event_loop_policy(asyncio_gevent.EventLoopPolicy())
    sleep = asyncio_gevent.sync_to_async(gevent.sleep)

    async def start(count: int) -> None:
        for _ in range(count):
            await asyncio_gevent.greenlet_to_future(gevent.spawn(int))

    async def block(count: int) -> None:
        for _ in range(count):
            await sleep(0)

    return asyncio.run(timed({STEP: steps, START: start, BLOCK: block}))


CONTENDERS: Final[dict[str, Callable[[], dict[str, float]]]] = {
    "asyncio alone": with_asyncio,
    "bridge": with_bridge,
    "bridge, green task": with_green_tasks,
    "asyncio-gevent": with_asyncio_gevent,
}


async def timed(work: dict[str, Work]) -> dict[str, float]:
    """Return microseconds per operation, the best of several timings."""
    found: dict[str, float] = {}
    for name, run in work.items():
        await run(_COUNT // 10)
        times = []
        for _ in range(_TIMINGS):
            began = time.perf_counter()
            await run(_COUNT)
            times.append(time.perf_counter() - began)
        found[name] = min(times) / _COUNT * 1e6
    return found


def run(contender: str) -> dict[str, float]:
    """Measure one contender in a process of its own."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.micro.crossings", "--child", contender]
    if hasattr(os, "sched_setaffinity"):
        command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), *command]
    out = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(out.stdout)
    return found


def measure(rounds: int) -> dict[str, Any]:
    """Measure all that are installed, in turns."""
    wanted = [name for name in CONTENDERS if name != "asyncio-gevent" or find_spec("asyncio_gevent")]
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in wanted}
    for _ in range(rounds):
        for name in wanted:
            runs[name].append(run(name))
    return {
        "machine": f"CPython {sys.version.split()[0]}",
        "versions": {name: _version(name) for name in ("gevent", "greenlet", "uvloop", "asyncio-gevent")},
        "rounds": rounds,
        "us": {
            name: {
                what: statistics.median(each[what] for each in found)
                for what in OPERATIONS
                if what in found[0]
            }
            for name, found in runs.items()
        },
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def main() -> None:
    from benchmarks.micro.tables import crossings_table

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(CONTENDERS[options.child]()))
        return
    results = measure(options.rounds)
    print(crossings_table(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
