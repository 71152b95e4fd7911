"""An ASGI and a WSGI application that share what the first makes in its lifespan, and a lock."""

import asyncio
import contextlib
import os

import aiohttp
import gevent

import bridge

shared = {}
lock = bridge.Lock()
order = []


@contextlib.asynccontextmanager
async def resources():
    async with contextlib.AsyncExitStack() as stack:
        shared["session"] = await stack.enter_async_context(aiohttp.ClientSession())
        shared["asked"] = asyncio.Queue()
        if "PGHOST" in os.environ:
            import asyncpg

            shared["pool"] = await stack.enter_async_context(asyncpg.create_pool(min_size=1, max_size=3))
        yield


async def fetch(url):
    async with shared["session"].get(url) as response:
        return await response.text()


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        async with resources():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    name = scope["path"].removeprefix(scope["root_path"]).strip("/")
    text = "?"
    if name == "hello":
        await asyncio.sleep(0.3)
        text = "hello"
    elif name == "fetch":
        text = await fetch(scope["query_string"].decode())
    elif name == "query":
        text = str(await shared["pool"].fetchval("SELECT pg_sleep(0.05)::text || 'asgi'"))
    elif name == "answer":
        waiting = await shared["asked"].get()
        waiting.set_result("answered by a task")
        text = "answered"
    elif name == "locked":
        async with lock:
            order.append("task in")
            await asyncio.sleep(0.01)
            order.append("task out")
        text = "done"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text.encode()})


def wsgi(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    text = "?"
    if name == "fetch":
        text = bridge.wait(fetch(environ["QUERY_STRING"]), timeout=10)
    elif name == "query":
        text = str(bridge.wait(shared["pool"].fetchval("SELECT pg_sleep(0.05)::text || 'wsgi'")))
    elif name == "ask":
        (future,) = new_future()
        bridge.wait(shared["asked"].put(future))
        text = bridge.wait(future, timeout=10)
    elif name == "locked":
        with lock:
            order.append("greenlet in")
            gevent.sleep(0.01)
            order.append("greenlet out")
        text = "done"
    elif name == "order":
        text = " ".join(order)
    start_response("200 OK", [])
    return [text.encode()]


@bridge.async_to_sync
async def new_future():
    return [asyncio.get_running_loop().create_future()]
