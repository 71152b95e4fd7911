"""Django on PostgreSQL, with psycogreen's psycopg2 and with psycopg 3: nothing is mixed up or lost."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest

from tests.stack.conftest import engine
from tests.stack.held_queries import closed_gate
from tests.stack.requests_at_once import at_once, sent
from tests.support.http_client import get
from tests.support.waiting import wait_until

for package in ("django", "psycogreen", "psycopg2", "psycopg_pool"):
    pytest.importorskip(package)
psycopg = pytest.importorskip("psycopg")

POOL = 3


@pytest.fixture(scope="module")
def database(postgres):
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("CREATE TABLE django_item (id bigserial PRIMARY KEY, name text)")
    return postgres


@pytest.fixture(scope="module")
def sites(database):
    """Start the project once for each driver and size of pool."""
    running = {}
    with ExitStack() as stack:

        def site(driver, pool=0):
            if (driver, pool) not in running:
                env = {**database.env, "DRIVER": driver, "POOL": str(pool)}
                server = stack.enter_context(engine("shop_django", "--kill-on-disconnect", env=env))
                running[driver, pool] = server.wait_ready()
                get(server.http, "/names/")  # Django loads its views with the first request
            return running[driver, pool]

        yield site


@pytest.fixture(params=["psycopg2", "psycopg"])
def site(request, sites):
    """Without a pool: a connection for each request."""
    return sites(request.param)


@pytest.fixture(params=["psycopg2", "psycopg", "psycopg pool"])
def any_site(request, sites):
    return sites("psycopg", POOL) if request.param == "psycopg pool" else sites(request.param)


def sockets(server):
    return json.loads(get(server.http, "/sockets/").body)["sockets"]


def test_twenty_queries_run_together_each_on_its_connection(request, site, database):
    assert json.loads(get(site.http, "/driver/").body)["driver"] in request.node.name
    with closed_gate(database.dsn, 1) as gate, sent(site.http, ["/held/1/"] * 20) as requests:
        gate.wait_for(20)
        assert get(site.http, "/driver/").status == 200
        gate.open()
        assert len({answer["backend"] for answer in requests.answers().json()}) == 20


def test_a_pool_bounds_the_connections(sites, database):
    server = sites("psycopg", POOL)
    with closed_gate(database.dsn, 2) as gate, sent(server.http, ["/held/2/"] * 4 * POOL) as requests:
        gate.wait_for(POOL)
        gate.open()
        assert len({answer["backend"] for answer in requests.answers().json()}) == POOL


def test_transactions_of_concurrent_requests_are_kept_apart(any_site):
    get(any_site.http, "/empty/")
    answers = at_once(any_site.http, [f"/kept/{number}/" for number in range(10)]).json()
    assert all(answer["before"] == answer["after"] for answer in answers), "the connection was changed"
    assert len({answer["before"][1] for answer in answers}) == 10, "a transaction was shared"
    assert all(answer["own"] for answer in answers)
    # Odd ones roll back: none of them is seen by others, nor there in the end.
    assert json.loads(get(any_site.http, "/names/").body)["names"] == list(range(0, 10, 2))
    for number, answer in enumerate(answers):
        assert all(other % 2 == 0 for other in answer["seen"] if other != number)


def test_rows_are_read_while_the_reply_is_sent(any_site):
    answers = at_once(any_site.http, ["/stream/"] * 5)
    assert {response.text for response in answers.responses} == {"".join(f"{n}\n" for n in range(1, 21))}


def test_the_guard_is_up_in_tasks_only_and_adapters_nest(any_site):
    answers = at_once(any_site.http, ["/guarded/"] * 10).json()
    assert [answer["guard"] for answer in answers] == ["up"] * 10
    assert all(answer["nested"] == answer["count"] for answer in answers)


def test_no_connection_is_left_after_requests(site):
    before = sockets(site)
    at_once(site.http, ["/names/", "/guarded/", "/stream/"] * 3)
    wait_until(lambda: sockets(site) <= before, timeout=10, what="the connections to be closed")


def test_requests_that_are_ended_give_their_connections_back(any_site, database):
    """Without a response Django does not hear that the request is over; the engine tells it."""
    before = sockets(any_site)
    with closed_gate(database.dsn, 3) as gate:
        with sent(any_site.http, ["/held/3/"] * POOL):
            gate.wait_for(POOL)
        # Where there is a pool, nobody gets a connection any more, were they not given back.
        assert at_once(any_site.http, ["/names/"] * 2 * POOL).statuses == {200}
        for _ in range(POOL):
            assert get(any_site.http, "/timeout/").status == 500
        assert at_once(any_site.http, ["/names/"] * 2 * POOL).statuses == {200}
    wait_until(lambda: sockets(any_site) <= before, timeout=10, what="the connections to be closed")
