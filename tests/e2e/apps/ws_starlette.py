"""Websockets of Starlette, and of FastAPI mounted in it."""

import asyncio

from fastapi import FastAPI, WebSocket, WebSocketException
from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute

api = FastAPI()


@api.websocket("/items/{item}")
async def item(websocket: WebSocket, item: int, token: str | None = None):
    if token is None:
        raise WebSocketException(code=1008)
    await websocket.accept()
    async for message in websocket.iter_json():
        await websocket.send_json({"item": item, "token": token, "said": message})


class Echo(WebSocketEndpoint):
    encoding = "bytes"

    async def on_receive(self, websocket, data):
        await websocket.send_bytes(data)

    async def on_disconnect(self, websocket, close_code):
        print(f"starlette: closed with {close_code}", flush=True)


async def uncaught(websocket):
    await websocket.accept(subprotocol="chat")
    while True:
        await websocket.send_text((await websocket.receive_text()).upper())


async def denial(websocket):
    await websocket.send_denial_response(PlainTextResponse("not today", status_code=402))


async def slow(request):
    await asyncio.sleep(0)
    return PlainTextResponse("http")


app = Starlette(
    routes=[
        Route("/", slow),
        WebSocketRoute("/echo", Echo),
        WebSocketRoute("/uncaught", uncaught),
        WebSocketRoute("/denial", denial),
        Mount("/api", api),
    ]
)
