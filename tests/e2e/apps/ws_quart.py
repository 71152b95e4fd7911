"""A websocket of Quart."""

from quart import Quart, abort, websocket

app = Quart(__name__)


@app.websocket("/chat/<name>")
async def chat(name):
    while True:
        await websocket.send(f"{name}: {await websocket.receive()}")


@app.websocket("/private")
async def private():
    abort(401)
