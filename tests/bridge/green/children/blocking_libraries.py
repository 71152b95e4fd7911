# ruff: noqa: E402, ASYNC210
"""Blocking libraries called directly in green tasks, many at once: requests, psycopg2, a queue.

Arguments: asyncio or uvloop; the DSN of a PostgreSQL.
"""

import sys

import bridge

bridge.patch_all()

import asyncio
import queue
import time

import psycopg2
import requests
import uvloop
from psycogreen.gevent import patch_psycopg

patch_psycopg()

MANY = 10
EACH = 0.3
numbers: "queue.Queue[int]" = queue.Queue()


@bridge.green
async def by_requests(url: str) -> str:
    return requests.get(url, timeout=20).text


@bridge.green
async def by_psycopg2(dsn: str) -> int:
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 42 FROM pg_sleep(%s)", (EACH,))
            return cursor.fetchone()[0]
    finally:
        connection.close()


@bridge.green
async def by_queue() -> int:
    return numbers.get(timeout=20)


async def slow_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(EACH)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    await writer.drain()
    writer.close()


async def put_numbers() -> None:
    await asyncio.sleep(EACH)
    for number in range(MANY):
        numbers.put(number)


async def main() -> None:
    server = await asyncio.start_server(slow_answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await by_psycopg2(sys.argv[2])  # whatever is slow the first time
    begun = time.monotonic()
    found = await asyncio.gather(
        *[by_requests(url) for _ in range(MANY)],
        *[by_psycopg2(sys.argv[2]) for _ in range(MANY)],
        *[by_queue() for _ in range(MANY)],
        put_numbers(),
    )
    took = time.monotonic() - begun
    assert found[:MANY] == ["hello"] * MANY, found
    assert found[MANY : 2 * MANY] == [42] * MANY, found
    assert sorted(found[2 * MANY : -1]) == list(range(MANY)), found
    assert took < EACH * MANY, took  # one after the other: at least twice that
    server.close()
    print("done")


factory = uvloop.new_event_loop if sys.argv[1] == "uvloop" else asyncio.SelectorEventLoop
bridge.run(main(), loop_factory=factory)
