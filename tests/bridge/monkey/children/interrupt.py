"""``interrupt.py selector|uvloop before|after``: idle in asyncio.run until Ctrl-C, under patching."""

import sys

if sys.argv[2] == "before":
    import asyncio

    import bridge.monkey

    bridge.monkey.patch_all()
else:
    import gevent.monkey

    gevent.monkey.patch_all()
    import asyncio

    import bridge.monkey


import gevent
import uvloop


async def main() -> None:
    print("idle", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await bridge.spawn(gevent.sleep, 0.001)
        print("cleaned up", flush=True)


try:
    factory = uvloop.new_event_loop if sys.argv[1] == "uvloop" else asyncio.SelectorEventLoop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
except KeyboardInterrupt:
    gevent.sleep(0.001)
    print("interrupted", flush=True)
