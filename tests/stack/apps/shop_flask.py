"""Flask and SQLAlchemy: a scoped session of threads' making, and an asyncio engine, in greenlets.

Of the environment: ``DRIVER`` is psycopg2, beside which the asyncio engine uses asyncpg, or psycopg for both.
"""

import asyncio
import os

if os.environ["DRIVER"] == "psycopg2":
    from psycogreen.gevent import patch_psycopg

    patch_psycopg()

import asyncpg
import gevent
from flask import Flask, jsonify
from sqlalchemy import create_engine, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

import bridge


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "flask_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


POOL = {"pool_size": 4, "max_overflow": 0, "pool_timeout": 20}
blocking = create_engine(f"postgresql+{os.environ['DRIVER']}://", **POOL)
Session = scoped_session(sessionmaker(blocking))
asyncio_driver = "psycopg" if os.environ["DRIVER"] == "psycopg" else "asyncpg"
engine = create_async_engine(f"postgresql+{asyncio_driver}://", **POOL)

app = application = Flask(__name__)
HELD = "SELECT pg_backend_pid() FROM pg_advisory_xact_lock_shared(:key)"
WHO = "SELECT pg_backend_pid(), txid_current()::text, pg_sleep(:seconds)::text"


@app.teardown_appcontext
def remove(exception):
    Session.remove()


def who(seconds):
    return list(Session.execute(text(WHO), {"seconds": seconds}).one())[:2]


@app.get("/blocking/<int:key>")
def held(key):
    """Wait in PostgreSQL for a lock that the test holds."""
    return jsonify(backend=Session.scalar(text(HELD), {"key": key}))


@app.get("/kept/<int:number>")
def kept(number):
    """Write in a transaction, let others run, and see one's own row, connection and transaction only."""
    session = Session()
    session.add(Item(name=f"{number}"))
    session.flush()
    before = who(0.02)
    gevent.sleep(0.01)
    assert Session() is session, "another greenlet's session"
    after = who(0.01)
    seen = [int(name) for name in session.scalars(select(Item.name))]
    if number % 2:
        session.rollback()
    else:
        session.commit()
    return jsonify(before=before, after=after, seen=seen)


@app.get("/names")
def names():
    return jsonify(names=sorted(map(int, Session.scalars(select(Item.name)))))


@app.get("/empty")
def empty():
    Base.metadata.create_all(blocking)
    Session.query(Item).delete()
    Session.commit()
    return jsonify()


@app.get("/timeout")
def timeout():
    Session.connection()
    with gevent.Timeout(0.05):
        return jsonify(who(2))


@app.get("/pool")
def pool():
    return jsonify(blocking=blocking.pool.checkedout(), asyncio=engine.pool.checkedout())


async def in_a_task(key):
    async with AsyncSession(engine) as session:
        session.add(Item(name="1"))
        backend = await session.scalar(text(HELD), {"key": key})
        await session.rollback()
        return backend


@app.get("/asyncio/<int:key>")
def through_the_bridge(key):
    """SQLAlchemy's asyncio engine, from this greenlet."""
    return jsonify(backend=bridge.wait(in_a_task(key)))


pools = []


async def fetch(key):
    if not pools:
        pools.append(asyncio.ensure_future(open_pool()))
    pool = await asyncio.shield(pools[0])
    async with pool.acquire() as connection, connection.transaction():
        return await connection.fetchval(HELD.replace(":key", "$1::bigint"), key)


async def open_pool():
    return await asyncpg.create_pool(min_size=1, max_size=4)


@app.get("/asyncpg/<int:key>")
def raw(key):
    """A pool of asyncpg's own, from this greenlet."""
    return jsonify(backend=bridge.wait(fetch(key)))
