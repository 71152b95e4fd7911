"""A patched program that made asyncio loops and policies before it imports bridge."""

import gevent.monkey

gevent.monkey.patch_all()

import asyncio  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402

stdlib = {name: module for name, module in sys.modules.items() if name in sys.stdlib_module_names}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # policies, from Python 3.14 on
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())

import bridge.monkey  # noqa: E402


async def main() -> bytes:
    await asyncio.to_thread(int)
    process = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "print(1)", stdout=-1)
    return (await process.communicate())[0]


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
assert bridge.spawn(asyncio.get_event_loop).get() is loop, "a greenlet does not see the thread's loop"
assert asyncio.run(main()) == b"1\n"
assert asyncio.run(main()) == b"1\n"
loop.close()
assert all(sys.modules[name] is module for name, module in stdlib.items())
assert subprocess.Popen.__module__ == "gevent.subprocess"
print("ok")
