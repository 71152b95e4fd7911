"""bridge, then everything else, then gevent's own patch_all, one module at a time and twice over."""

import bridge  # isort: skip
import bridge.monkey

bridge.monkey.repair_asyncio()

import asyncio  # noqa: E402
import selectors  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402

import gevent.monkey  # noqa: E402

gevent.monkey.patch_socket()
assert asyncio.base_events.socket is not socket
assert asyncio.unix_events.selectors is selectors, "nothing to repair there yet"
gevent.monkey.patch_all()
gevent.monkey.patch_all()
seen = {name: dict(vars(sys.modules[name])) for name in list(sys.modules) if name.startswith("asyncio")}
bridge.monkey.repair_asyncio()
for name, namespace in seen.items():
    now = vars(sys.modules[name])
    assert all(now[key] is value for key, value in namespace.items()), f"{name} was changed once more"

replaced = {
    id(getattr(sys.modules[name], item, None)): f"{name}.{item}"
    for name, items in gevent.monkey.saved.items()
    if name in sys.modules and name not in ("ssl", "queue", "logging")
    for item in items
    if callable(getattr(sys.modules[name], item, None))
}
patched = {id(sys.modules[name]): name for name in gevent.monkey.saved if name in sys.modules}
for name, namespace in seen.items():
    for key, value in namespace.items():
        assert id(value) not in replaced, f"{name}.{key} is gevent's {replaced[id(value)]}"
        # ssl and logging may stay: asyncio uses SSL objects without sockets, and brief locks.
        assert patched.get(id(value), "ssl") in ("ssl", "logging"), f"{name}.{key} is the patched module"


async def main() -> None:
    await asyncio.gather(asyncio.to_thread(int), bridge.spawn(gevent.sleep, 0.001))


asyncio.run(main())
asyncio.run(main())
print("ok")
