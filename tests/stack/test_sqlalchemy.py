"""Flask and SQLAlchemy on PostgreSQL: a session for each greenlet, and asyncio engines that all share."""

from __future__ import annotations

import json

import pytest

from tests.stack.pages import write_examples
from tests.stack.requests_at_once import at_once
from tests.support.http_client import HttpConnection, get
from tests.support.waiting import wait_until

for package in ("flask", "sqlalchemy", "asyncpg", "psycogreen", "psycopg", "psycopg2"):
    pytest.importorskip(package)

POOL = 4  # connections in each pool of apps/shop_flask.py

every_way = pytest.mark.parametrize("way", ["sleep", "asyncio", "asyncpg"])


@pytest.fixture(scope="module", params=["psycopg2", "psycopg"])
def shop(request, postgres, start):
    options = ["--harakiri", "2", "--kill-on-disconnect"]
    server = start("shop_flask", *options, env={**postgres.env, "DRIVER": request.param})
    get(server.http, "/empty")
    return server


def out(server):
    """How many connections of either pool are not in it."""
    return json.loads(get(server.http, "/pool").body)


@every_way
def test_queries_of_many_greenlets_share_a_pool_and_overlap(shop, way):
    answers = at_once(shop.http, [f"/{way}/0.2"] * 4 * POOL)
    assert len({answer["backend"] for answer in answers.json()}) == POOL
    assert answers.took < 0.2 * 4 * POOL / 2, "one after the other it takes twice as long at least"


def test_a_session_stays_with_its_greenlet(shop):
    get(shop.http, "/empty")
    answers = at_once(shop.http, [f"/kept/{number}" for number in range(10)]).json()
    assert all(answer["before"] == answer["after"] for answer in answers), "the connection was changed"
    assert len({answer["before"][1] for answer in answers}) == 10, "a transaction was shared"
    for number, answer in enumerate(answers):
        assert number in answer["seen"]
        assert all(other % 2 == 0 for other in answer["seen"] if other != number), "not committed, but seen"
    assert json.loads(get(shop.http, "/names").body)["names"] == [0, 2, 4, 6, 8]


def test_no_connection_is_lost_to_requests_that_are_ended(shop):
    ways = ["sleep", "asyncio", "asyncpg"] * (POOL + 1)
    left = [HttpConnection(shop.http) for _ in ways]
    for connection, way in zip(left, ways, strict=True):
        connection.send_request("GET", f"/{way}/9")
    wait_until(lambda: set(out(shop).values()) == {POOL}, timeout=10, what="their queries to begin")
    for connection in left:
        connection.close()
    ended = at_once(shop.http, ["/timeout"] * 2 + [f"/{way}/9" for way in ways])
    assert ended.statuses == {504, 500}
    assert at_once(shop.http, [f"/{way}/0.01" for way in ways]).statuses == {200}
    assert out(shop) == {"blocking": 0, "asyncio": 0}


def test_the_page_on_it_works_as_it_stands(postgres, start, tmp_path):
    assert write_examples("how-to/sqlalchemy.md", tmp_path) == ["shop.py"]
    server = start("shop", "--chdir", str(tmp_path), env=postgres.env)
    answers = at_once(server.http, ["/", "/asyncio"] * 5)
    assert answers.json() == [{"slept": "a moment"}] * 10
    assert answers.took < 2
