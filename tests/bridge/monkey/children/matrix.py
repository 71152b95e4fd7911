"""One cell of the matrix: ``matrix.py before|after selector|uvloop host|no-host``.

Prints one line of JSON for each check: its name, and None or what went wrong.
"""

from __future__ import annotations

import json
import sys
import traceback

order, kind, mode = sys.argv[1:]

if order == "before":
    import asyncio
    import asyncio.subprocess

    import uvloop

    import bridge.monkey

    bridge.monkey.patch_all()
else:
    import gevent.monkey

    gevent.monkey.patch_all()

    import asyncio
    import asyncio.subprocess

    import uvloop

    import bridge.monkey


import checks  # noqa: E402

SECONDS = 10


async def bounded(check) -> None:
    async with asyncio.timeout(SECONDS):
        loop = asyncio.get_running_loop()
        assert isinstance(loop, uvloop.Loop) == (kind == "uvloop"), loop
        await check()


def run_hosted(check) -> None:
    factory = uvloop.new_event_loop if kind == "uvloop" else asyncio.SelectorEventLoop
    with asyncio.Runner(loop_factory=factory) as runner:  # like asyncio.run; ends the executor too
        runner.run(bounded(check))


def run_on_private_loop(check) -> None:
    bridge.wait(bounded(check), timeout=SECONDS + 2)


run = run_hosted if mode == "host" else run_on_private_loop
for check in checks.CHECKS:
    try:
        run(check)
    except BaseException:
        problem = traceback.format_exc()
    else:
        problem = None
    print(json.dumps([check.__name__, problem]), flush=True)
