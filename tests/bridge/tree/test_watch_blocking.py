"""The line that holds the loop is named."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import pytest

import bridge
from bridge._blocking import Blocked

Run = Callable[[Any], Any]


class Holder:
    """Holds the loop until the watch has said so, ten seconds at most."""

    def __init__(self) -> None:
        self.seen = threading.Event()
        self.told: list[Blocked] = []

    def report(self, blocked: Blocked) -> None:
        self.told.append(blocked)
        self.seen.set()

    def hold(self) -> None:
        end = time.monotonic() + 10
        while not self.seen.is_set() and time.monotonic() < end:
            time.sleep(0.01)  # the line

    @property
    def line(self) -> int:
        return self.hold.__code__.co_firstlineno + 3


def check(holder: Holder, who: str) -> None:
    first, last = holder.told
    assert not first.over
    assert last.over
    assert last.seconds >= first.seconds >= 0.2
    assert (first.file, first.function) == (__file__, "Holder.hold")
    assert holder.line - 1 <= first.line <= holder.line
    assert who in first.who
    assert f"{__file__}:{first.line} in Holder.hold" in str(first)
    assert "by " + first.who in str(last)


def test_a_blocking_task_is_named(run: Run) -> None:
    holder = Holder()

    async def culprit() -> None:
        holder.hold()

    async def main() -> None:
        with bridge.watch_blocking(0.2, report=holder.report) as watch:
            await asyncio.create_task(culprit(), name="slow")
        assert watch.reports == holder.told[1:]

    run(main())
    check(holder, 'Task "slow" test_a_blocking_task_is_named.<locals>.culprit')


def test_a_blocking_greenlet_under_asyncio_is_named(run: Run) -> None:
    holder = Holder()

    def culprit() -> None:
        holder.hold()

    async def main() -> None:
        with bridge.watch_blocking(0.2, report=holder.report):
            await bridge.spawn(culprit)

    run(main())
    check(holder, "test_a_blocking_greenlet_under_asyncio_is_named.<locals>.culprit")
    assert holder.told[0].who.startswith("Greenlet ")


def test_a_blocking_greenlet_of_a_plain_gevent_program_is_named() -> None:
    holder = Holder()

    def culprit() -> None:
        gevent.sleep(0.01)  # the private loop has begun to run
        holder.hold()

    with bridge.watch_blocking(0.2, report=holder.report):
        gevent.spawn(culprit).get()
    check(holder, "<locals>.culprit")


def test_a_blocking_greenlet_whose_function_is_compiled_is_named(run: Run) -> None:
    holder = Holder()

    class Keys:
        """Of a mapping, for ``dict.update``, a function in C that calls back."""

        def keys(self) -> list[str]:
            holder.hold()
            return []

    async def main() -> None:
        with bridge.watch_blocking(0.2, report=holder.report):
            await bridge.spawn({}.update, Keys())

    run(main())
    check(holder, "dict.update")
    assert holder.told[0].who.startswith("Greenlet ")


def test_a_blocking_callback_is_named(run: Run) -> None:
    holder = Holder()

    async def main() -> None:
        with bridge.watch_blocking(0.2, report=holder.report):
            asyncio.get_running_loop().call_soon(holder.hold)
            await asyncio.sleep(0.01)

    run(main())
    check(holder, "a callback")


def test_a_loop_that_turns_or_sleeps_is_not_reported(run: Run) -> None:
    async def main() -> None:
        # Well above what a busy machine may take away from us.
        with bridge.watch_blocking(2.0) as watch:
            watch._interval = 0.005
            for _ in range(20):
                await asyncio.sleep(0.01)
                await bridge.spawn(gevent.sleep, 0.001)
        assert watch.reports == []

    run(main())


def test_an_idle_loop_is_left_asleep() -> None:
    async def main() -> None:
        answers = 0
        with bridge.watch_blocking(0.02) as watch:
            original = watch._answer

            def counted() -> None:
                nonlocal answers
                answers += 1
                original()

            watch._answer = counted  # type: ignore[method-assign]
            began = time.monotonic()
            await asyncio.sleep(0.3)
        assert answers <= time.monotonic() - began + 3, (
            "a loop that polls is asked once a second, not each of sixty looks"
        )

    bridge.run(main(), loop_factory=asyncio.SelectorEventLoop)


def test_time_between_two_loops_holds_nothing(run: Run) -> None:
    async def nothing() -> None:
        await asyncio.sleep(0)

    run(nothing())
    with bridge.watch_blocking(0.5) as watch:
        run(nothing())
        time.sleep(1.0)
        run(nothing())
    assert watch.reports == []


def test_stopping_twice_is_harmless_and_nonsense_is_refused() -> None:
    watch = bridge.watch_blocking()
    watch.stop()
    watch.stop()
    with pytest.raises(ValueError, match="more than 0 seconds"):
        bridge.watch_blocking(0)


def test_a_program_that_never_stops_the_watch_ends_and_prints_to_standard_error() -> None:
    program = (
        "import bridge, asyncio, time\n"
        "async def main():\n"
        "    bridge.watch_blocking(0.05)\n"
        "    await asyncio.sleep(0.01)\n"
        "    time.sleep(1.0)\n"
        "bridge.run(main())\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert done.returncode == 0
    assert re.search(r"bridge: the loop is held, so far for \d", done.stderr)
    assert "<string>:5 in main" in done.stderr
    assert re.search(r"bridge: the loop was held for \d", done.stderr)
