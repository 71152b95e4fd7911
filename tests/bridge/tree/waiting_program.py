"""A program to look into: ``python waiting_program.py KIND``; says when it is ready, ends at end of input."""

import asyncio
import os
import sys
import time

import bridge
import bridge.dump

KIND = sys.argv[1]
if KIND == "patched":
    bridge.patch_all()

import gevent  # noqa: E402


def waiting_view():
    gevent.sleep(100)


def busy_view():
    ready()
    while True:
        time.perf_counter()


async def waiting_task():
    await bridge.spawn(waiting_view)


def ready():
    os.write(1, b"ready\n")


async def end_of_input(loop):
    seen = asyncio.Event()
    loop.add_reader(0, lambda: os.read(0, 1) or seen.set())
    await asyncio.sleep(0.01)
    if KIND != "busy":
        ready()
    await seen.wait()


async def main():
    task = asyncio.create_task(waiting_task())
    loop = asyncio.get_running_loop()
    if KIND == "busy":
        loop.call_later(0.02, busy_view)
    await end_of_input(loop)
    task.cancel()


if KIND != "not-asked":
    bridge.dump.install_signal_handler(file=os.environ.get("TREE_FILE"))
if KIND == "forked":
    child = os.fork()
    if child:
        os.write(1, f"{child}\n".encode())
        os.waitpid(child, 0)
        os._exit(0)
if KIND in ("gevent", "patched"):
    gevent.spawn(waiting_view)
    gevent.sleep(0)
    ready()
    gevent.os.tp_read(0, 1) if KIND == "gevent" else gevent.get_hub().threadpool.apply(os.read, (0, 1))
else:
    bridge.run(main(), loop_factory=asyncio.SelectorEventLoop if KIND == "selector" else None)
