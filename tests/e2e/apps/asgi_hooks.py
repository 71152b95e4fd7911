"""An ASGI application that uses the ``uwsgi`` module."""

import asyncio

import gevent
import uwsgi

calls = []


def after():
    gevent.sleep(0.01)  # it may block
    calls.append("after")


uwsgi.after_req_hook = after


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise LookupError
    text = repr(calls)
    if scope["path"] == "/own-harakiri":
        uwsgi.set_user_harakiri(1)
        await asyncio.Event().wait()
    if scope["path"] == "/fd":
        text = await asyncio.create_task(in_task())
    if scope["path"] == "/left":
        try:
            await asyncio.Event().wait()
        finally:
            calls.append("cancelled")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text.encode()})


async def in_task():
    return str(uwsgi.connection_fd() > 2)
