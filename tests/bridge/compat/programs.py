"""Programs written for asyncio-gevent, with what they print.

Most follow the examples in its documentation, with shorter times.
"""

from __future__ import annotations

from typing import NamedTuple

PREAMBLE = """\
import gevent.monkey
gevent.monkey.patch_all()
import asyncio
import asyncio_gevent
asyncio.set_event_loop_policy(asyncio_gevent.EventLoopPolicy())
import gevent
import time
"""


class Program(NamedTuple):
    """One program; *original* tells whether asyncio-gevent 0.2.5 runs it as its documentation says."""

    text: str
    prints: str
    original: bool = True


PROGRAMS = {
    "policy": Program(
        PREAMBLE
        + """
async def main():
    await asyncio.sleep(0.01)
    print("done", isinstance(asyncio.get_running_loop(), asyncio_gevent.EventLoop))
asyncio.run(main())
""",
        "done True\n",
    ),
    "loop": Program(
        """\
import gevent.monkey
gevent.monkey.patch_all()
import asyncio
import asyncio_gevent
loop = asyncio_gevent.EventLoop()
asyncio.set_event_loop(loop)
async def main():
    await asyncio.sleep(0.01)
    print("done")
loop.run_until_complete(main())
loop.close()
""",
        "done\n",
    ),
    "greenlets-run-beside-the-loop": Program(
        PREAMBLE
        + """
def ticks():
    for n in range(3):
        print("tick", n)
        gevent.sleep(0.02)
async def main():
    await asyncio.sleep(0.1)
    print("done")
gevent.spawn(ticks)
asyncio.run(main())
""",
        "tick 0\ntick 1\ntick 2\ndone\n",
    ),
    "greenlet-to-future": Program(
        PREAMBLE
        + """
def blocking():
    gevent.sleep(0.01)
    return 42
def failing():
    raise ValueError("no")
async def main():
    print(await asyncio_gevent.greenlet_to_future(gevent.spawn(blocking)))
    print(await asyncio_gevent.greenlet_to_future(gevent.Greenlet(blocking)))
    dead = gevent.spawn(blocking)
    await asyncio.sleep(0.05)
    print(dead.dead, await asyncio_gevent.greenlet_to_future(dead))
    try:
        await asyncio_gevent.greenlet_to_future(gevent.spawn(failing))
    except ValueError as exc:
        print("ValueError", exc)
asyncio.run(main())
""",
        "42\n42\nTrue 42\nValueError no\n",
    ),
    "autostart_greenlet": Program(
        PREAMBLE
        + """
async def main():
    greenlet = gevent.Greenlet(lambda: 42)
    future = asyncio_gevent.greenlet_to_future(greenlet, autostart_greenlet=False)
    await asyncio.sleep(0.02)
    print(future.done(), greenlet.started)
    greenlet.start()
    print(await future)
asyncio.run(main())
""",
        "False False\n42\n",
    ),
    "killed-greenlet": Program(
        PREAMBLE
        + """
async def main():
    for autocancel in (True, False):
        greenlet = gevent.spawn(gevent.sleep, 5)
        future = asyncio_gevent.greenlet_to_future(greenlet, autocancel_future=autocancel)
        await asyncio.sleep(0.01)
        greenlet.kill(block=False)
        try:
            print(type(await future).__name__)
        except asyncio.CancelledError:
            print("cancelled")
    greenlet = gevent.spawn(gevent.sleep, 5)
    future = asyncio_gevent.greenlet_to_future(greenlet)
    await asyncio.sleep(0.01)
    greenlet.kill(ValueError("custom"), block=False)
    try:
        await future
    except ValueError as exc:
        print("ValueError", exc)
asyncio.run(main())
""",
        "cancelled\nGreenletExit\nValueError custom\n",
    ),
    "autokill_greenlet": Program(
        PREAMBLE
        + """
async def main():
    for autokill in (True, False):
        greenlet = gevent.spawn(gevent.sleep, 0.3)
        future = asyncio_gevent.greenlet_to_future(greenlet, autokill_greenlet=autokill)
        await asyncio.sleep(0.01)
        future.cancel()
        try:
            await future
        except asyncio.CancelledError:
            print("cancelled", greenlet.dead)
        greenlet.kill(block=False)
    await asyncio.sleep(0.05)
asyncio.run(main())
""",
        "cancelled True\ncancelled False\n",
    ),
    "future-to-greenlet": Program(
        PREAMBLE
        + """
async def async_function():
    await asyncio.sleep(0.01)
    return 42
async def failing():
    raise ValueError("no")
greenlet = asyncio_gevent.future_to_greenlet(async_function())
print(greenlet.started)
greenlet.start()
greenlet.join()
print(greenlet.get())
greenlet = asyncio_gevent.future_to_greenlet(failing())
greenlet.start()
try:
    greenlet.get()
except ValueError as exc:
    print("ValueError", exc)
""",
        "False\n42\nValueError no\n",
    ),
    "future-to-greenlet-on-a-running-loop": Program(
        PREAMBLE
        + """
async def main():
    loop = asyncio.get_running_loop()
    async def which():
        await asyncio.sleep(0.01)
        return asyncio.get_running_loop() is loop
    for argument in (loop, None):
        greenlet = asyncio_gevent.future_to_greenlet(which(), loop=argument)
        greenlet.start()
        print(await asyncio_gevent.greenlet_to_future(greenlet))
    future = loop.create_future()
    loop.call_later(0.01, future.set_result, "set")
    greenlet = asyncio_gevent.future_to_greenlet(future)
    greenlet.start()
    print(await asyncio_gevent.greenlet_to_future(greenlet))
asyncio.run(main())
""",
        "True\nTrue\nset\n",
    ),
    "cancelled-future": Program(
        PREAMBLE
        + """
async def main():
    for autokill in (True, False):
        future = asyncio.get_running_loop().create_future()
        greenlet = asyncio_gevent.future_to_greenlet(future, autokill_greenlet=autokill)
        greenlet.start()
        await asyncio.sleep(0.01)
        future.cancel()
        await asyncio.sleep(0.01)
        print(greenlet.dead, type(greenlet.value).__name__, type(greenlet.exception).__name__)
asyncio.run(main())
""",
        "True GreenletExit NoneType\nTrue NoneType CancelledError\n",
        original=False,  # a bare raise there loses the CancelledError: RuntimeError
    ),
    "killed-future-to-greenlet": Program(
        PREAMBLE
        + """
async def main():
    for autocancel in (True, False):
        future = asyncio.get_running_loop().create_future()
        greenlet = asyncio_gevent.future_to_greenlet(future, autocancel_future=autocancel)
        greenlet.start()
        await asyncio.sleep(0.01)
        greenlet.kill(block=False)
        await asyncio.sleep(0.01)
        print(greenlet.dead, future.cancelled())
asyncio.run(main())
""",
        "True True\nTrue False\n",
    ),
    "sync-to-async": Program(
        PREAMBLE
        + """
def blocking_function(duration, *, result):
    gevent.sleep(duration)
    return result
@asyncio_gevent.sync_to_async()
def decorated(duration):
    gevent.sleep(duration)
    return 43
@asyncio_gevent.sync_to_async
def plain():
    return 44
async def main():
    began = time.monotonic()
    async_function = asyncio_gevent.sync_to_async(blocking_function)
    print(await asyncio.gather(*(async_function(0.5, result=n) for n in range(10))))
    print(time.monotonic() - began < 5)
    print(await decorated(0.01), await plain())
asyncio.run(main())
""",
        "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\nTrue\n43 44\n",
    ),
    "async-to-sync": Program(
        PREAMBLE
        + """
async def async_function(duration):
    await asyncio.sleep(duration)
    return 42
@asyncio_gevent.async_to_sync
async def decorated(duration):
    await asyncio.sleep(duration)
    return 43
@asyncio_gevent.async_to_sync(autocancel_future=False)
async def failing():
    raise ValueError("no")
print(asyncio_gevent.async_to_sync(async_function)(0.01), decorated(0.01))
try:
    failing()
except ValueError as exc:
    print("ValueError", exc)
""",
        "42 43\nValueError no\n",
    ),
    "limitation-sync": Program(
        PREAMBLE
        + """
async def f():
    print("f", 1)
    await asyncio.sleep(0.1)
    print("f", 2)
def g():
    print("g", 1)
    gevent.sleep(0.3)
    print("g", 2)
async def main():
    await asyncio.gather(f(), asyncio_gevent.sync_to_async(g)())
asyncio.run(main())
""",
        "f 1\ng 1\nf 2\ng 2\n",
    ),
    "limitation-async": Program(
        PREAMBLE
        + """
async def f():
    print("f", 1)
    await asyncio.sleep(0.1)
    print("f", 2)
async def g():
    print("g", 1)
    await asyncio.sleep(0.15)
    gevent.sleep(0.1)
    print("g", 2)
async def main():
    await asyncio.gather(f(), asyncio_gevent.sync_to_async(asyncio_gevent.async_to_sync(g))())
asyncio.run(main())
""",
        "f 1\ng 1\nf 2\ng 2\n",
    ),
    "gevent-call-in-a-coroutine-stops-its-loop-only": Program(
        PREAMBLE
        + """
def ticks():
    for n in range(3):
        print("tick", n)
        gevent.sleep(0.02)
async def main():
    gevent.spawn(ticks)
    gevent.sleep(0.1)
    print("done")
asyncio.run(main())
""",
        "tick 0\ntick 1\ntick 2\ndone\n",
    ),
    "wrong-arguments": Program(
        PREAMBLE
        + """
greenlet = asyncio_gevent.future_to_greenlet(42)
greenlet.start()
try:
    greenlet.get()
except TypeError as exc:
    print("TypeError")
greenlet = asyncio_gevent.future_to_greenlet(42, autostart_future=False)
greenlet.start()
try:
    greenlet.get()
except TypeError as exc:
    print(exc)
""",
        "TypeError\nExpected a future or coroutine\n",
    ),
    "loops-in-two-greenlets-at-once": Program(
        PREAMBLE
        + """
async def nap(name):
    await asyncio.sleep(0.5)
    return name
began = time.monotonic()
greenlets = [gevent.spawn(asyncio.run, nap(n)) for n in range(10)]
gevent.joinall(greenlets)
print([g.value for g in greenlets], time.monotonic() - began < 5)
""",
        "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9] True\n",
        original=False,  # "cannot be called from a running event loop"
    ),
    "context-variables": Program(
        PREAMBLE
        + """
import contextvars
variable = contextvars.ContextVar("variable", default="unset")
async def main():
    variable.set("set")
    print(await asyncio_gevent.sync_to_async(variable.get)())
asyncio.run(main())
""",
        "set\n",
        original=False,  # its pull request 20
    ),
}
