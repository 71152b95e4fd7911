"""Django on PostgreSQL, with psycogreen's psycopg2 and with psycopg 3: nothing is mixed up or lost."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest

from tests.stack.conftest import engine
from tests.stack.requests_at_once import at_once
from tests.support.http_client import HttpConnection, get
from tests.support.waiting import wait_until

for package in ("django", "psycogreen", "psycopg2", "psycopg_pool"):
    pytest.importorskip(package)
psycopg = pytest.importorskip("psycopg")


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
                options = ["--harakiri", "2", "--kill-on-disconnect"]
                server = stack.enter_context(engine("shop_django", *options, env=env))
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
    return sites("psycopg", 3) if request.param == "psycopg pool" else sites(request.param)


def sockets(server):
    return json.loads(get(server.http, "/sockets/").body)["sockets"]


def test_twenty_queries_run_together_each_on_its_connection(request, site):
    assert json.loads(get(site.http, "/driver/").body)["driver"] in request.node.name
    answers = at_once(site.http, ["/sleep/0.3/"] * 20)
    assert len({answer["backend"] for answer in answers.json()}) == 20
    assert answers.took < 3, "one after the other they take 6 seconds"


def test_a_pool_bounds_the_connections(sites):
    server = sites("psycopg", 3)
    answers = at_once(server.http, ["/sleep/0.05/"] * 12)
    assert 1 <= len({answer["backend"] for answer in answers.json()}) <= 3


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


def test_requests_that_are_ended_give_their_connections_back(request, any_site):
    """Without a response Django does not hear that the request is over; the engine tells it."""
    before = sockets(any_site)
    left = [HttpConnection(any_site.http) for _ in range(3)]
    for connection in left:
        connection.send_request("GET", "/sleep/9/")
    wait_until(lambda: sockets(any_site) > before, timeout=10, what="their queries to begin")
    for connection in left:
        connection.close()
    assert at_once(any_site.http, ["/timeout/"] * 3).statuses == {500}
    # With a pool of three: nobody else gets a connection, were they not given back.  The four that
    # wait in it longer than its timeout get an error of Django's before harakiri ends them.
    ended = at_once(any_site.http, ["/sleep/9/"] * 7)
    assert ended.statuses == ({504, 500} if "pool" in request.node.name else {504})
    assert at_once(any_site.http, ["/sleep/0.01/"] * 6).statuses == {200}
    wait_until(lambda: sockets(any_site) <= before, timeout=10, what="the connections to be closed")
