"""ASGI websockets without a framework."""

import asyncio
import json

told = []


async def echo(scope, receive, send):
    assert await receive() == {"type": "websocket.connect"}
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", **{key: message[key] for key in message if key != "type"}})
    told.append(message)


async def facts(scope, receive, send):
    await receive()
    await send(
        {
            "type": "websocket.accept",
            "subprotocol": scope["subprotocols"][1],
            "headers": [(b"x-from", b"application"), (b"set-cookie", b"a=b")],
        }
    )
    shown = {key: scope[key] for key in ("type", "scheme", "path", "root_path", "subprotocols", "extensions")}
    shown["method"] = scope.get("method")
    shown["query_string"] = scope["query_string"].decode()
    await send({"type": "websocket.send", "text": json.dumps(shown)})
    await send({"type": "websocket.close", "code": 4002, "reason": "shown"})
    told.append(await receive())


async def refused(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})
    told.append(await receive())


async def denied(scope, receive, send):
    await receive()
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "websocket.http.response.start", "status": 418, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b"short ", "more_body": True})
    await send({"type": "websocket.http.response.body", "body": b"and stout"})


async def silent(scope, receive, send):
    """Say nothing at all."""


async def fails_before(scope, receive, send):
    raise RuntimeError("before the handshake")


async def fails_after(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    raise RuntimeError("after the handshake")


async def returns(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})


async def sends_too_late(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        pass
    try:
        await send({"type": "websocket.send", "text": "anybody?"})
    except OSError as error:
        told.append({"error": str(error), "code": error.code})
    await send({"type": "websocket.close"})
    again = await receive()
    told.append(again if again == message else None)


async def wrong(scope, receive, send):
    await receive()
    await send({"type": "websocket.send", "text": "too early"})


async def never_accepts(scope, receive, send):
    await receive()
    told.append(await receive())


async def pushes(scope, receive, send):
    """Two tasks: one sends, one receives."""
    await receive()
    await send({"type": "websocket.accept"})

    async def push():
        for number in range(100):
            await send({"type": "websocket.send", "text": str(number)})
            await asyncio.sleep(0)

    task = asyncio.create_task(push())
    message = await receive()
    await task
    await send({"type": "websocket.send", "bytes": message["bytes"]})


async def flood(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    count = 0
    try:
        while True:
            await send({"type": "websocket.send", "bytes": b"x" * 65536})
            count += 1
    except OSError as error:
        told.append({"count": count, "error": str(error)})


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("no lifespan")
    if scope["type"] == "websocket":
        await globals()[scope["path"].strip("/")](scope, receive, send)
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})
    told.clear()
