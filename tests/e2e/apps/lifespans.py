"""ASGI applications that differ in how they start and end."""

import asyncio
import os

import gevent

import bridge


async def reply(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": repr(sorted(scope["state"].items())).encode()})


def with_lifespan(lifespan):
    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            await lifespan(scope, receive, send)
        else:
            await reply(scope, receive, send)

    return application


@with_lifespan
async def counting(scope, receive, send):
    await receive()
    print(f"startup in {os.getpid()}", flush=True)
    scope["state"]["made"] = 1
    await send({"type": "lifespan.startup.complete"})
    await receive()
    print(f"shutdown in {os.getpid()}", flush=True)
    await send({"type": "lifespan.shutdown.complete"})


@with_lifespan
async def refusing(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database\nTraceback: ..."})


@with_lifespan
async def raising(scope, receive, send):
    raise LookupError("not my kind of scope")


@with_lifespan
async def starting_for_ever(scope, receive, send):
    await receive()
    print("starting", flush=True)
    await asyncio.Event().wait()


@with_lifespan
async def ending_for_ever(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.Event().wait()


@with_lifespan
async def ending_badly(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.failed", "message": "could not flush"})


async def sleep_in_greenlet(scope, receive, send):
    """Blocks in gevent; only a green task may."""
    if scope["type"] == "lifespan":
        raise LookupError
    gevent.sleep(0.05)

    async def child():
        gevent.sleep(0.01)
        return b"child slept"

    slept = await asyncio.create_task(child())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": slept})


async def plain_but_bridging(scope, receive, send):
    """A plain task waits for greenlets."""
    if scope["type"] == "lifespan":
        raise LookupError

    def block(word):
        gevent.sleep(0.01)
        return word

    words = [
        await bridge.future(bridge.spawn(block, b"future ")),
        await bridge.sync_to_async(block)(b"sync_to_async"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"".join(words)})


async def blocking_for_ever(scope, receive, send):
    if scope["type"] == "lifespan":
        raise LookupError
    try:
        gevent.sleep(1000)
    except BaseException as exc:
        print(f"ended with {type(exc).__name__}", flush=True)
        raise
