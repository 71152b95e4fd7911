"""Replies that nobody takes, bodies that do not come."""

import asyncio

import gevent


def application(environ, start_response):
    if environ["PATH_INFO"] == "/read":
        try:
            environ["wsgi.input"].read()
        except OSError:
            print("no body", flush=True)
    write = start_response("200 OK", [])
    if environ["PATH_INFO"] == "/catch":
        try:
            for piece in pieces():
                write(piece)
        except OSError:
            print("not taken", flush=True)
        return []
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
    try:
        for _ in range(200 if scope["path"] in ("/write", "/catch") else 0):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
            await asyncio.sleep(0.02)
    except OSError:
        if scope["path"] == "/write":
            raise
        print("not taken", flush=True)
        return
    await send({"type": "http.response.body", "body": b"hello"})
