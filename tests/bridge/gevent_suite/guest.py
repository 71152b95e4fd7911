"""Run one module of gevent's suite inside ``asyncio.run``, beside a heartbeat task.

Started as a process of its own: ``python -m tests.bridge.gevent_suite.guest test__queue [test ...]``.
With ``GEVENT_SUITE_GAP_STACKS=0.25`` every wait of the heartbeat that is longer than that many seconds
prints where the threads are.
The asyncio loop runs in the main greenlet of the process, the tests in a raw greenlet that is
the *hub's* parent, because the suite makes every error in the hub one that the hub's parent gets.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import runpy
import sys
import traceback
import unittest
from time import monotonic

import gevent.testing  # makes hubs of the class that the suite expects
from gevent.hub import get_hub
from greenlet import getcurrent, greenlet

from tests.bridge.gevent_suite.not_applicable import not_applicable

_BEAT = 0.010
_GAP_STACKS = float(os.environ.get("GEVENT_SUITE_GAP_STACKS", "0"))


class Heartbeat:
    """A task that wants to run every 10 ms, and the longest time it had to wait."""

    def __init__(self) -> None:
        self.longest_gap = 0.0
        self._last = 0.0  # not begun: the module is still being imported

    async def run(self) -> None:
        """Beat until cancelled."""
        self._last = monotonic()
        while True:
            if _GAP_STACKS:
                faulthandler.dump_traceback_later(_GAP_STACKS)  # does not need the interpreter lock
            await asyncio.sleep(_BEAT)
            self.note()

    def note(self) -> None:
        """Count the time since the last beat; also at the end, for it may never have had a turn."""
        now = monotonic()
        if self._last:
            self.longest_gap = max(self.longest_gap, now - self._last)
            self._last = now


def _exit_code(exit_: SystemExit) -> int:
    code = exit_.code
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


def _skip_what_cannot_apply(module: str) -> None:
    run = unittest.TestCase.run

    def run_if_applicable(
        self: unittest.TestCase, result: unittest.TestResult | None = None
    ) -> unittest.TestResult | None:
        reason = not_applicable(module, self.id().removeprefix("__main__."), guest=True)
        if reason is None or result is None:
            return run(self, result)
        result.startTest(self)
        result.addSkip(self, reason)
        result.stopTest(self)
        return result

    unittest.TestCase.run = run_if_applicable  # type: ignore[method-assign]


def run_tests(module: str) -> int:
    """Run the module as ``python -m`` would; return its exit code."""
    _skip_what_cannot_apply(module)
    try:
        runpy.run_module(f"gevent.tests.{module}", run_name="__main__", alter_sys=True)
    except SystemExit as exit_:
        return _exit_code(exit_)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _tester(module: str, main_greenlet: greenlet) -> None:
    get_hub()
    done: asyncio.Future[int] = main_greenlet.switch()
    code = run_tests(module)
    done.get_loop().call_soon_threadsafe(done.set_result, code)
    while True:
        get_hub().switch()  # never ends: the end of a raw greenlet would resume its parent, the host


async def main(tester: greenlet) -> int:
    """Run the tests beside the heartbeat; return their exit code."""
    heartbeat = Heartbeat()
    beating = asyncio.ensure_future(heartbeat.run())
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    get_hub().loop.run_callback(tester.switch, done)
    code = await done
    heartbeat.note()
    beating.cancel()
    print(f"heartbeat: longest gap {heartbeat.longest_gap:.3f} s", flush=True)
    return code


def _new_loop() -> asyncio.AbstractEventLoop:
    if os.environ["BRIDGE_LOOP"] == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.SelectorEventLoop()


if __name__ == "__main__":
    name = sys.argv[1]
    sys.argv[1:] = sys.argv[2:]
    assert gevent.testing.QuietHub is not None
    tester = greenlet(_tester)
    tester.switch(name, getcurrent())
    with asyncio.Runner(loop_factory=_new_loop, debug=False) as runner:
        result = runner.run(main(tester))
    sys.stdout.flush()
    os._exit(result)
