"""Libraries and servers that know nothing of gevent, on loops that are not ours."""

from __future__ import annotations

import asyncio
import time

import gevent
import gevent.event
import pytest
from gevent.monkey import is_module_patched

import bridge
from tests.bridge.interop.places import Place

MANY = 20


def together(fn, *args) -> list[object]:
    """Call *fn* in many greenlets at once."""
    greenlets = [bridge.spawn(fn, number, *args) for number in range(MANY)]
    gevent.joinall(greenlets, raise_error=True)
    return [greenlet.get() for greenlet in greenlets]


class Meeting:
    """Everybody waits until all have come: nobody gets through if they come one after the other."""

    def __init__(self, size: int = MANY) -> None:
        self.missing = size
        self.event = gevent.event.Event()

    def wait(self) -> None:
        self.missing -= 1
        if self.missing == 0:
            self.event.set()
        if not self.event.wait(30):
            raise TimeoutError


class TestAiohttp:
    @pytest.fixture(autouse=True)
    def library(self) -> None:
        pytest.importorskip("aiohttp")

    def test_server_whose_handlers_use_gevent(self, place: Place) -> None:
        import aiohttp
        from aiohttp import web

        async def main() -> list[str]:
            spawned, green = Meeting(), Meeting()

            async def by_spawning(request: web.Request) -> web.Response:
                await bridge.spawn(spawned.wait)
                return web.Response(text="spawned")

            @bridge.green
            async def by_blocking(request: web.Request) -> web.Response:
                green.wait()
                return web.Response(text="green")

            app = web.Application()
            app.add_routes([web.get("/spawned", by_spawning), web.get("/green", by_blocking)])
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]

            async def get(session: aiohttp.ClientSession, path: str) -> str:
                async with session.get(f"http://{host}:{port}{path}") as response:
                    return await response.text()

            try:
                async with aiohttp.ClientSession() as session:
                    paths = ["/spawned"] * MANY + ["/green"] * MANY
                    return await asyncio.gather(*[get(session, path) for path in paths])
            finally:
                await runner.cleanup()

        assert place.task(main) == ["spawned"] * MANY + ["green"] * MANY

    @pytest.mark.parametrize("way", ["async_to_sync", "asyncio.run"])
    def test_client_in_many_greenlets(self, place: Place, way: str) -> None:
        import aiohttp
        from aiohttp import web

        meeting = Meeting()

        async def handle(request: web.Request) -> web.Response:
            await bridge.spawn(meeting.wait)
            return web.Response(text=request.path)

        async def start() -> tuple[web.AppRunner, str]:
            app = web.Application()
            app.router.add_get("/{path}", handle)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return runner, "http://{}:{}".format(*runner.addresses[0][:2])

        async def get(url: str) -> str:
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return await response.text()

        def main() -> list[object]:
            runner, base = bridge.wait(start())

            def one(number: int) -> str:
                url = f"{base}/{number}"
                return bridge.async_to_sync(get)(url) if way == "async_to_sync" else asyncio.run(get(url))

            try:
                return together(one)
            finally:
                bridge.wait(runner.cleanup())

        assert place.greenlet(main) == [f"/{number}" for number in range(MANY)]


class TestWebsockets:
    @pytest.mark.parametrize("way", ["async_to_sync", "asyncio.run", "connection kept in a greenlet"])
    def test_clients_in_many_greenlets(self, place: Place, way: str) -> None:
        pytest.importorskip("websockets")
        from websockets.asyncio.client import connect
        from websockets.asyncio.server import serve

        meeting = Meeting()

        async def answer(connection) -> None:
            await bridge.spawn(meeting.wait)
            async for message in connection:
                await connection.send(message.upper())

        async def talk(number: int) -> str:
            async with connect(url) as connection:
                await connection.send(f"hello {number}")
                return await connection.recv()

        def keep(number: int) -> str:
            connection = bridge.async_to_sync(connect)(url)
            bridge.wait(connection.send(f"hello {number}"))
            gevent.sleep(0)
            answered = bridge.wait(connection.recv())
            bridge.wait(connection.close())
            return answered

        ways = {
            "async_to_sync": bridge.async_to_sync(talk),
            "asyncio.run": lambda number: asyncio.run(talk(number)),
            "connection kept in a greenlet": keep,
        }

        def main() -> list[object]:
            nonlocal url
            server = bridge.async_to_sync(serve)(answer, "127.0.0.1", 0)
            url = "ws://{}:{}".format(*next(iter(server.sockets)).getsockname())
            try:
                return together(ways[way])
            finally:
                server.close()
                bridge.wait(server.wait_closed())

        url = ""
        assert place.greenlet(main) == [f"HELLO {number}" for number in range(MANY)]


class TestSqlalchemy:
    @pytest.mark.parametrize("way", ["greenlets", "green task"])
    def test_asyncio_engine(self, place: Place, way: str, tmp_path) -> None:
        pytest.importorskip("aiosqlite")
        sqlalchemy = pytest.importorskip("sqlalchemy")
        from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

        from tests.bridge.interop.fruit import Base, Fruit

        async def create(engine) -> None:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)

        async def add(engine, number: int) -> None:
            async with AsyncSession(engine) as session, session.begin():
                session.add(Fruit(number=number, name=f"fruit {number}"))

        async def names(engine) -> list[str]:
            async with AsyncSession(engine) as session:
                found = await session.scalars(sqlalchemy.select(Fruit).order_by(Fruit.number))
                return [fruit.name for fruit in found]

        def in_greenlets() -> list[str]:
            engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/fruit.db")
            bridge.wait(create(engine))
            if is_module_patched("threading"):
                # aiosqlite's threads are greenlets then, and SQLite waits for a lock in C: one by one.
                for number in range(MANY):
                    bridge.wait(add(engine, number))
            else:
                together(lambda number: bridge.wait(add(engine, number)))
            found = bridge.wait(names(engine))
            bridge.wait(engine.dispose())
            return found

        async def in_a_green_task() -> list[str]:
            engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/fruit.db")
            await create(engine)
            for number in range(MANY):
                gevent.sleep(0)
                await add(engine, number)
            found = await names(engine)
            await engine.dispose()
            return found

        if way == "greenlets":
            found = place.greenlet(in_greenlets)
        else:
            found = place.task(bridge.green(in_a_green_task))
        assert found == [f"fruit {number}" for number in range(MANY)]


class TestNotebook:
    """A loop that runs already and executes cells, plain ones and some with await, one after the other."""

    def run(self, place: Place, *cells: str) -> dict[str, object]:
        import ast
        import inspect

        names: dict[str, object] = {}

        async def kernel() -> None:
            for cell in cells:
                code = compile(cell, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                result = eval(code, names)
                if inspect.iscoroutine(result):
                    await result
                await asyncio.sleep(0)

        place.task(kernel)
        return names

    def test_greenlets_started_in_one_cell_are_awaited_in_another(self, place: Place) -> None:
        names = self.run(
            place,
            "import bridge, gevent\nbridge.attach()",
            "g = bridge.spawn(lambda: gevent.sleep(0.001) or 'result')",
            "found = await g",
        )
        assert names["found"] == "result"

    def test_blocking_in_a_plain_cell_says_what_to_write(self, place: Place) -> None:
        names = self.run(
            place,
            "import bridge, gevent",
            "try:\n    gevent.sleep(30)\nexcept BaseException as exc:\n    said = str(exc)",
            "@bridge.green\nasync def cell():\n    gevent.sleep(0.001)\n    return 'slept'",
            "found = await cell()",
        )
        assert "bridge.spawn" in names["said"]
        assert names["found"] == "slept"

    def test_requests_of_many_greenlets_in_one_cell(self, place: Place) -> None:
        names = self.run(
            place,
            "import asyncio, bridge, gevent\nbegun = []",
            "def one(n):\n    begun.append(n)\n    gevent.sleep(0.001)\n    return n, len(begun)",
            "found = await asyncio.gather(*[bridge.spawn(one, n) for n in range(10)])",
        )
        assert names["found"] == [(n, 10) for n in range(10)]


def test_the_time_of_one(place: Place) -> None:
    """Many at once, each on a loop of its own, with an HTTP-like wait in it."""

    async def wait() -> None:
        await asyncio.sleep(0.5)

    begun = time.monotonic()
    place.greenlet(lambda: together(lambda number: asyncio.run(wait())))
    assert time.monotonic() - begun < 0.5 * MANY
