"""``greenlet_executor.py argument|variable selector|uvloop``: default executors of greenlets."""

import sys

import gevent.monkey

import bridge  # noqa: F401

if sys.argv[1] == "argument":
    gevent.monkey.patch_all(bridge_executor="greenlet")
else:
    gevent.monkey.patch_all()

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import uvloop

native_ident = gevent.monkey.get_original("_thread", "get_ident")


def work(n: int) -> tuple[int, int]:
    time.sleep(0.001)
    return n, native_ident()


async def main(own: ThreadPoolExecutor | None = None) -> None:
    loop = asyncio.get_running_loop()
    if own is not None:
        loop.set_default_executor(own)
    results = await asyncio.gather(*(asyncio.to_thread(work, n) for n in range(50)))
    assert results == [(n, native_ident()) for n in range(50)]
    still = loop.run_in_executor(None, work, 1)
    await loop.shutdown_default_executor()  # waits for what runs
    await asyncio.sleep(0)
    assert still.done()


factory = uvloop.new_event_loop if sys.argv[2] == "uvloop" else asyncio.SelectorEventLoop
for own in (None, ThreadPoolExecutor(3)):
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(asyncio.wait_for(main(own), 10))
print("ok")
