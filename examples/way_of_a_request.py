"""A request whose way leads through tasks and greenlets, there and back; to be watched while it waits.

    gevent-engine --gevent 10 --http-socket :8000 --stats 127.0.0.1:9191 --stats-http \\
        --asgi examples/way_of_a_request.py

Then open http://127.0.0.1:8000/ and, in another tab, http://127.0.0.1:9191/, and click on the request.
"""

import asyncio

import gevent

import bridge

PATIENCE = 30.0  # seconds: long enough to look


async def exchange_rate(currency):
    """Asyncio code that old code calls."""
    await asyncio.sleep(PATIENCE)
    return {"EUR": 1.08}[currency]


def price_in_stock(item):
    """Old code in a greenlet; blocks in gevent, and waits for a coroutine."""
    rate = bridge.wait(exchange_rate("EUR"))
    return len(item) * rate


def warehouse(item):
    """More old code."""
    gevent.sleep(PATIENCE)
    return len(item)


async def reviews(item):
    async with asyncio.timeout(2 * PATIENCE):
        return await asyncio.sleep(PATIENCE, f"{item} is fine")


async def page(item):
    """New code: waits for a task and for two greenlets at once."""
    return await asyncio.gather(
        asyncio.create_task(reviews(item), name="reviews"),
        bridge.spawn(price_in_stock, item),
        bridge.spawn(warehouse, item),
    )


async def application(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("no lifespan, no websockets")
    text = str(await page("tea")).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text})
