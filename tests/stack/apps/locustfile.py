"""Users of the engine: gevent's own client, requests, and, on the bridge, an asyncio client."""

import os

if "GEVENT_LOOP" in os.environ:
    import bridge

    bridge.patch_all()

import aiohttp
from gevent import get_hub
from locust import FastHttpUser, HttpUser, constant, events, task

made = {}


@events.test_start.add_listener
def say_loop(environment, **kwargs):
    print("loop:", type(get_hub().loop).__module__, flush=True)


@events.test_stop.add_listener
def close(environment, **kwargs):
    if made:
        bridge.wait(made["session"].close())


class Fast(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def post(self):
        with self.client.post("/echo/post", data=b"x" * 3000, catch_response=True) as response:
            if len(response.text) != 3000:
                response.failure(f"{len(response.text)} bytes")


class Plain(HttpUser):
    wait_time = constant(0.02)

    @task
    def get(self):
        with self.client.get("/echo/get", catch_response=True) as response:
            if response.text != "/echo/get":
                response.failure(response.text)


if "GEVENT_LOOP" in os.environ:

    class Asyncio(HttpUser):
        wait_time = constant(0.02)

        @task
        def get(self):
            with self.environment.events.request.measure("GET", "asyncio"):
                assert bridge.wait(fetch(f"{self.host}/echo/asyncio"), timeout=10) == "/echo/asyncio"

    async def fetch(url):
        if "session" not in made:
            made["session"] = aiohttp.ClientSession()
        async with made["session"].get(url) as response:
            return await response.text()
