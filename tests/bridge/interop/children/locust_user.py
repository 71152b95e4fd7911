# ruff: noqa: E402
"""A locust user that speaks websocket through an asyncio library, ten users at once."""

import bridge

bridge.patch_all()

import asyncio

import gevent
from locust import User, constant, task
from locust.env import Environment
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve


async def echo(connection) -> None:
    async for message in connection:
        await connection.send(message.upper())


class Talker(User):
    wait_time = constant(0.001)
    said = 0
    most = 0
    now = 0

    @task
    def by_adapter(self) -> None:
        bridge.async_to_sync(self.talk)()

    @task
    def by_run(self) -> None:
        asyncio.run(self.talk())

    async def talk(self) -> None:
        async with connect(url) as connection:
            Talker.now += 1
            Talker.most = max(Talker.most, Talker.now)
            await connection.send("hello")
            assert await connection.recv() == "HELLO"
            await asyncio.sleep(0.02)
            Talker.now -= 1
            Talker.said += 1


server = bridge.async_to_sync(serve)(echo, "127.0.0.1", 0)
url = "ws://{}:{}".format(*next(iter(server.sockets)).getsockname())
env = Environment(user_classes=[Talker])
runner = env.create_local_runner()
runner.start(10, spawn_rate=1000)
with gevent.Timeout(30):
    while Talker.said < 100:
        gevent.sleep(0.01)
runner.quit()
assert not runner.exceptions, runner.exceptions
assert Talker.most > 5, Talker.most
print("done")
