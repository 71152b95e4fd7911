"""Flask and SQLAlchemy on PostgreSQL: a session for each greenlet, and asyncio engines that all share."""

from __future__ import annotations

import json

import pytest

from tests.stack.held_queries import closed_gate
from tests.stack.pages import write_examples
from tests.stack.requests_at_once import at_once, sent
from tests.support.http_client import get
from tests.support.waiting import wait_until

for package in ("flask", "sqlalchemy", "asyncpg", "psycogreen", "psycopg", "psycopg2"):
    pytest.importorskip(package)

POOL = 4  # connections in each pool of apps/shop_flask.py

WAYS = ["blocking", "asyncio", "asyncpg"]
every_way = pytest.mark.parametrize("way", WAYS)


@pytest.fixture(scope="module", params=["psycopg2", "psycopg"])
def shop(request, postgres, start):
    env = {**postgres.env, "DRIVER": request.param}
    server = start("shop_flask", "--kill-on-disconnect", env=env)
    get(server.http, "/empty")
    return server


def out(server):
    """How many connections of either pool are not in it."""
    return json.loads(get(server.http, "/pool").body)


@every_way
def test_queries_of_many_greenlets_share_a_pool_and_overlap(shop, postgres, way):
    with closed_gate(postgres.dsn, 11) as gate, sent(shop.http, [f"/{way}/11"] * 4 * POOL) as requests:
        gate.wait_for(POOL)
        assert get(shop.http, "/pool").status == 200
        gate.open()
        assert len({answer["backend"] for answer in requests.answers().json()}) == POOL


def test_a_session_stays_with_its_greenlet(shop):
    get(shop.http, "/empty")
    answers = at_once(shop.http, [f"/kept/{number}" for number in range(10)]).json()
    assert all(answer["before"] == answer["after"] for answer in answers), "the connection was changed"
    assert len({answer["before"][1] for answer in answers}) == 10, "a transaction was shared"
    for number, answer in enumerate(answers):
        assert number in answer["seen"]
        assert all(other % 2 == 0 for other in answer["seen"] if other != number), "not committed, but seen"
    assert json.loads(get(shop.http, "/names").body)["names"] == [0, 2, 4, 6, 8]


def test_no_connection_is_lost_to_requests_that_are_ended(shop, postgres):
    with closed_gate(postgres.dsn, 12) as gate:
        # Of each way, POOL run a query and one waits for a connection.
        with sent(shop.http, [f"/{way}/12" for way in WAYS] * (POOL + 1)):
            gate.wait_for(POOL * len(WAYS))
        assert at_once(shop.http, ["/timeout"] * POOL).statuses == {500}
        targets = [f"/{way}/13" for way in WAYS] * 2 * POOL
        with closed_gate(postgres.dsn, 13) as other, sent(shop.http, targets) as requests:
            other.wait_for(POOL * len(WAYS))
            other.open()
            assert requests.answers().statuses == {200}
    wait_until(lambda: set(out(shop).values()) == {0}, timeout=10, what="the connections to be given back")


def test_the_page_on_it_works_as_it_stands(postgres, start, tmp_path):
    assert write_examples("how-to/sqlalchemy.md", tmp_path) == ["shop.py"]
    server = start("shop", "--chdir", str(tmp_path), env=postgres.env)
    answers = at_once(server.http, ["/", "/asyncio"] * 5)
    assert answers.json() == [{"slept": "a moment"}] * 10
