"""Replies that nobody takes, bodies that do not come."""

import asyncio

import gevent


def application(environ, start_response):
    if environ["PATH_INFO"] == "/read":
        try:
            environ["wsgi.input"].read()
        except OSError:
            print("no body", flush=True)
    start_response("200 OK", [])
    return pieces() if environ["PATH_INFO"] == "/write" else [b"hello"]


def pieces():
    for _ in range(200):
        yield b"x" * 100_000
        gevent.sleep(0.02)


async def tasks(scope, receive, send):
    if scope["path"] == "/read":
        while (await receive())["type"] != "http.disconnect":
            pass
        print("no body", flush=True)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(200 if scope["path"] == "/write" else 0):
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        await asyncio.sleep(0.02)
    await send({"type": "http.response.body", "body": b"hello"})
