"""Run a small program in a process of its own, on the private loop of one's choice."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import textwrap
from pathlib import Path

__all__ = ["KINDS", "Finished", "in_mode", "new_loop", "run_program"]

KINDS = ("uvloop", "asyncio")
_ROOT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended."""

    returncode: int
    out: str
    err: str


def run_program(source: str, kind: str, *, seconds: float = 40.0, check: bool = True) -> Finished:
    """Run *source* (dedented) with gevent on the bridge; *kind* is what BRIDGE_LOOP says, or ``libev``.

    ``new_loop()`` in the program makes an asyncio loop of that kind; ``in_mode`` is :func:`in_mode`.

    :param check: fail unless the program exits with 0
    """
    env = dict(os.environ, PYTHONPATH=str(_ROOT), PYTHONFAULTHANDLER="1")
    if kind == "libev":
        env["GEVENT_LOOP"] = "libev-cext"
    else:
        env.update(GEVENT_LOOP="bridge.loop.loop", BRIDGE_LOOP=kind)
    prelude = "from tests.bridge.programs import in_mode, new_loop\n"
    done = subprocess.run(
        [sys.executable, "-c", prelude + textwrap.dedent(source)],
        env=env,
        timeout=seconds,
        capture_output=True,
        text=True,
        check=False,
    )
    finished = Finished(done.returncode, done.stdout, done.stderr)
    if check:
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return finished


def new_loop():
    """Return an asyncio loop of the kind that BRIDGE_LOOP names; for use in the programs."""
    import asyncio

    if os.environ.get("BRIDGE_LOOP") == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.SelectorEventLoop()


def in_mode(guest, work):
    """Call *work* here, or, as a guest, in a greenlet beside an asyncio loop; for use in the programs."""
    if not guest:
        return work()
    import asyncio

    import gevent

    async def main():
        done = asyncio.get_running_loop().create_future()
        gevent.spawn(work).link(lambda g: done.set_result(g.exception))
        assert await done is None

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
    return None
