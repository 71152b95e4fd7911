"""A program that has never heard of bridge; GEVENT_LOOP brings it in, at the first use of gevent."""

import asyncio
import signal
import sys
import threading

import gevent

NATIVE = gevent.monkey.get_original("_thread", "get_ident")


async def main() -> None:
    slept = asyncio.Event()
    gevent.spawn_later(0.01, slept.set)
    assert await asyncio.to_thread(NATIVE) != NATIVE()
    process = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "print(1)", stdout=-1)
    assert (await process.communicate())[0] == b"1\n"
    came = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, came.set)
    signal.raise_signal(signal.SIGUSR1)
    await came.wait()
    await slept.wait()


assert threading.Event.__module__.startswith("gevent"), "not patched"
asyncio.run(main())
asyncio.run(main())
gevent.sleep(0.001)
gevent.joinall([gevent.spawn(gevent.sleep, 0.001)])
assert type(gevent.get_hub().loop).__module__ == "bridge.loop"
print("ok")
