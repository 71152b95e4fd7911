"""A FastAPI application for plain uvicorn; only the application knows of gevent."""

import asyncio

import gevent
import gevent.event
from fastapi import FastAPI

import bridge

app = FastAPI()


class Meeting:
    """Everybody waits until ten have come."""

    def __init__(self) -> None:
        self.missing = 10
        self.event = gevent.event.Event()

    def wait(self) -> None:
        self.missing -= 1
        if self.missing == 0:
            self.event.set()
        if not self.event.wait(30):
            raise TimeoutError


meetings = {name: Meeting() for name in ("spawn", "green", "adapter")}


@app.get("/spawn")
async def by_spawning() -> str:
    await bridge.spawn(meetings["spawn"].wait)
    return type(asyncio.get_running_loop()).__module__


@app.get("/green")
@bridge.green
async def by_blocking() -> str:
    meetings["green"].wait()
    return type(asyncio.get_running_loop()).__module__


@app.get("/adapter")
async def by_adapter() -> str:
    await bridge.sync_to_async(meetings["adapter"].wait)()
    return type(asyncio.get_running_loop()).__module__


@app.get("/thread")
def in_a_worker_thread() -> str:
    gevent.sleep(0.001)
    return gevent.spawn(lambda: gevent.sleep(0.001) or "thread").get()
