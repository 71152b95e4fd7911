"""SystemExit or KeyboardInterrupt in a greenlet or task on the private loop reaches the main greenlet."""

import asyncio
import builtins
import sys

import gevent

import bridge

where, name = sys.argv[1:]
kind = getattr(builtins, name)


def in_greenlet() -> None:
    gevent.sleep(0)
    raise kind(3)


async def in_task() -> None:
    await asyncio.sleep(0)
    raise kind(3)


async def awaiting() -> None:
    await bridge.spawn(in_greenlet)


try:
    bridge.wait(awaiting() if where == "greenlet" else in_task())
except kind:
    gevent.sleep(0.001)
    assert bridge.wait(asyncio.sleep(0.001, "fine")) == "fine"
    print("main saw it, and gevent still works")
