"""SQLAlchemy's asyncio side with aiosqlite: it runs its own code in plain greenlets beside the task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import gevent
import gevent.event
import pytest
from gevent.exceptions import BlockingSwitchOutError

import bridge
from tests.bridge.interop.places import Place

pytest.importorskip("aiosqlite")
sqlalchemy = pytest.importorskip("sqlalchemy")
sqlalchemy_asyncio = pytest.importorskip("sqlalchemy.ext.asyncio")
from tests.bridge.interop.fruit import Base, Fruit  # noqa: E402

MANY = 8


def where() -> tuple[object, object]:
    """The running loop and task that code here sees."""
    try:
        return asyncio.get_running_loop(), asyncio.current_task()
    except RuntimeError:
        return None, None


class Database:
    """One connection for all: aiosqlite's threads may be greenlets, and SQLite waits for locks in C."""

    def __init__(self, path: object) -> None:
        self.engine = sqlalchemy_asyncio.create_async_engine(
            f"sqlite+aiosqlite:///{path}/fruit.db", pool_size=1, max_overflow=0
        )
        self.session = sqlalchemy_asyncio.async_sessionmaker(self.engine)
        self.seen_by_handlers: list[object] = []

        @sqlalchemy.event.listens_for(self.engine.sync_engine, "before_cursor_execute")
        def note(*_: object) -> None:
            self.seen_by_handlers.append(where()[0])

    async def create(self) -> None:
        async with self.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    async def work(self, number: int, blocks: Callable[[], object]) -> str:
        """Write, read, and call *blocks* in SQLAlchemy's greenlet."""
        here = where()

        def synchronous(session: Any) -> str:
            assert where() == here
            blocks()
            assert where() == here
            return str(session.get(Fruit, number).name)

        async with self.session() as session:
            async with session.begin():
                session.add(Fruit(number=number, name=f"fruit {number}"))
            await asyncio.sleep(0)
            name: str = await session.run_sync(synchronous)
            assert where() == here
            return name


@pytest.fixture
def in_task(place: Place, tmp_path: object) -> Callable[..., Any]:
    """Call with a function of a database that returns a coroutine."""

    def run(body: Callable[[Database], Coroutine[Any, Any, Any]]) -> Any:
        async def main() -> Any:
            database = Database(tmp_path)
            await database.create()
            try:
                return await body(database)
            finally:
                assert database.engine.pool.checkedout() == 0
                assert set(database.seen_by_handlers) == {asyncio.get_running_loop()}
                await database.engine.dispose()

        return place.task(main)

    return run


def nothing() -> None: ...


NAMES = [f"fruit {number}" for number in range(MANY)]


def test_plain_tasks(in_task: Callable[..., Any]) -> None:
    async def body(database: Database) -> list[str]:
        return await asyncio.gather(*(database.work(number, nothing) for number in range(MANY)))

    assert in_task(body) == NAMES


def test_green_tasks_may_block_below_run_sync(in_task: Callable[..., Any]) -> None:
    async def body(database: Database) -> list[str]:
        work = (database.work(number, lambda: gevent.sleep(0.001)) for number in range(MANY))
        return await asyncio.gather(*map(bridge.create_green_task, work))

    assert in_task(body) == NAMES


def test_greenlets_that_wait_for_it(in_task: Callable[..., Any]) -> None:
    async def body(database: Database) -> list[str]:
        started = [
            bridge.spawn(lambda number=number: bridge.wait(database.work(number, nothing)))
            for number in range(MANY)
        ]
        return [await greenlet for greenlet in started]

    assert in_task(body) == NAMES


def test_a_plain_task_that_blocks_below_run_sync_is_told_and_loses_no_connection(
    in_task: Callable[..., Any], place: Place
) -> None:
    if place.private:
        pytest.skip("there a blocking call stops the private loop only, and is allowed")

    async def body(database: Database) -> str:
        with pytest.raises(BlockingSwitchOutError, match="create_green_task"):
            await database.work(0, lambda: gevent.sleep(30))
        return await database.work(1, nothing)

    assert in_task(body) == "fruit 1"


def test_a_plain_task_goes_on_after_a_wait_that_was_sure_to_end(in_task: Callable[..., Any]) -> None:
    async def body(database: Database) -> str:
        event = gevent.event.Event()

        def blocks() -> None:
            gevent.spawn(event.set)  # it is queued
            assert event.wait(30)

        return await database.work(0, blocks)

    assert in_task(body) == "fruit 0"
