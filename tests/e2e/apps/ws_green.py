"""An ASGI websocket whose code calls gevent's blocking functions; for ``asgi+green:``."""

import gevent


async def application(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        gevent.sleep(0.01)
        await send({"type": "websocket.send", "text": message["text"]})
