"""redis-py of either world in request greenlets: waits overlap, and no answer goes to another request."""

from __future__ import annotations

import pytest

from tests.stack.conftest import engine
from tests.stack.requests_at_once import at_once
from tests.support.http_client import HttpConnection, get
from tests.support.waiting import wait_until

library = pytest.importorskip("redis")
for package in ("requests", "httpx", "aiohttp"):
    pytest.importorskip(package)

MANY = 30
every_way = pytest.mark.parametrize("way", ["by_redis", "by_redis_asyncio"])


@pytest.fixture(scope="module")
def database(redis):
    with library.Redis(*redis) as client:
        yield client


@pytest.fixture(scope="module")
def calling(redis, database):
    env = {"REDIS": "redis://{}:{}".format(*redis), "AUTHORITY": ""}
    with engine("calling", "--kill-on-disconnect", env=env) as server:
        yield server.wait_ready()


def blocked(database):
    return int(database.info("clients")["blocked_clients"])


@every_way
def test_many_wait_at_once_each_for_its_own_value(calling, database, way):
    """Nobody's value is there before all wait."""
    keys = [f"{way}-{number}" for number in range(MANY)]
    clients = [HttpConnection(calling.http) for _ in keys]
    for client, key in zip(clients, keys, strict=True):
        client.send_request("GET", f"/{way}?{key}")
    wait_until(lambda: blocked(database) == MANY, timeout=10, what="all to wait in BLPOP")
    for key in reversed(keys):
        database.rpush(key, key)
    assert [client.reader.read().text for client in clients] == keys
    for client in clients:
        client.close()


@every_way
def test_what_comes_for_requests_that_were_ended_goes_to_nobody(calling, database, way):
    left = [HttpConnection(calling.http) for _ in range(10)]
    for client in left:
        client.send_request("GET", f"/{way}?gone-{way}")
    wait_until(lambda: blocked(database) == 10, timeout=10, what="all to wait in BLPOP")
    for client in left:
        client.close()
    wait_until(lambda: blocked(database) == 0, timeout=10, what="their connections to be closed")
    for number in range(10):
        database.rpush(f"gone-{way}", "old")
        database.rpush(f"new-{way}-{number}", number)
    answers = at_once(calling.http, [f"/{way}?new-{way}-{number}" for number in range(10)])
    assert [response.text for response in answers.responses] == [str(number) for number in range(10)]
    assert database.llen(f"gone-{way}") == 10
    assert get(calling.http, f"/{way}?gone-{way}").text == "old"
