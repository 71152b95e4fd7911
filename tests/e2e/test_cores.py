"""``--gevent N``: N requests at once, the others in line, and no work done for waiting."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.support.http_client import HttpConnection, get, request_bytes

engine_only = pytest.mark.engine_only


def _send_sleepers(stack, engine, names):
    """Send one request after another, each on its own connection; return the connections."""
    connections = [stack.enter_context(HttpConnection(engine.http)) for _ in names]
    for name, connection in zip(names, connections, strict=True):
        connection.send(request_bytes("GET", f"/sleep-{name}", [("Connection", "close")]))
        time.sleep(0.02)  # order across connections is what is tested here; nothing shows arrival
    return connections


def test_three_one_second_requests_on_two_cores_take_two_seconds(start_engine):
    engine = start_engine("--gevent", "2", "--module", "order")
    with ExitStack() as stack:
        begin = time.monotonic()
        for connection in _send_sleepers(stack, engine, "abc"):
            assert connection.reader.read().status == 200
        took = time.monotonic() - begin
    assert took > 1.9


def test_waiting_requests_are_started_in_the_order_they_came(start_engine):
    engine = start_engine("--gevent", "2", "--module", "order")
    with ExitStack() as stack:
        for connection in _send_sleepers(stack, engine, "abcde"):
            connection.reader.read()
    assert get(engine.http, "/").text == "a b c d e"


@engine_only("uWSGI spins while all cores are busy (unbit/uwsgi#691)")
def test_waiting_costs_no_cpu(start_engine):
    engine = start_engine("--gevent", "2", "--module", "order")
    with ExitStack() as stack:
        connections = _send_sleepers(stack, engine, "abcd")
        before = engine.cpu_seconds()
        for connection in connections:
            connection.reader.read()
        assert engine.cpu_seconds() - before < 0.3


@engine_only("uWSGI writes another line")
def test_the_log_says_that_all_cores_are_busy_at_most_once_a_second(start_engine):
    engine = start_engine("--gevent", "1", "--module", "order", "--disable-logging")
    mark = len(engine.log())
    begin = time.monotonic()
    with ExitStack() as stack:
        for connection in _send_sleepers(stack, engine, "abc"):
            connection.reader.read()
    lines = [line for line in engine.log()[mark:].splitlines() if "full" in line]
    assert 1 <= len(lines) <= time.monotonic() - begin + 1


@engine_only("uWSGI refuses --gevent 1")
def test_one_core_serves_one_request_at_a_time(start_engine):
    engine = start_engine("--gevent", "1", "--module", "order")
    with ThreadPoolExecutor() as pool:
        begin = time.monotonic()
        list(pool.map(lambda name: get(engine.http, f"/sleep-{name}"), "ab"))
        assert time.monotonic() - begin > 1.9


def test_a_hundred_requests_sleep_together(start_engine):
    engine = start_engine("--gevent", "100", "--module", "order")
    with ExitStack() as stack:
        connections = [stack.enter_context(HttpConnection(engine.http)) for _ in range(100)]
        begin = time.monotonic()
        for number, connection in enumerate(connections):
            connection.send(request_bytes("GET", f"/sleep-{number}", [("Connection", "close")]))
        for connection in connections:
            assert connection.reader.read().status == 200
        assert time.monotonic() - begin < 50  # one after the other: 100


@engine_only("in uWSGI a connection holds a core from its beginning")
def test_idle_and_half_sent_connections_hold_no_core(start_engine):
    engine = start_engine("--gevent", "2", "--module", "routes")
    with ExitStack() as stack:
        for data in [
            b"",
            b"GET /he",
            b"POST /echo HTTP/1.1\r\nHost: a\r\n",
            request_bytes("GET", "/hello"),
        ] * 5:
            stack.enter_context(HttpConnection(engine.http)).send(data)
        assert get(engine.http, "/hello").body == b"hello"


def test_a_client_that_left_while_in_line_gives_its_place_away(start_engine):
    engine = start_engine("--gevent", "2", "--module", "order")
    with ExitStack() as stack:
        first = _send_sleepers(stack, engine, "ab")
        for connection in _send_sleepers(stack, engine, "xyz"):
            connection.close()
        for connection in first:
            connection.reader.read()
        assert get(engine.http, "/", timeout=10).status == 200


def test_requests_of_many_clients_all_end(start_engine):
    engine = start_engine("--gevent", "5", "--module", "routes")
    failures = []

    def client():
        for _ in range(20):
            response = get(engine.http, "/sleep/0.005")
            if response.body != b"slept 0.005":
                failures.append(response)

    threads = [threading.Thread(target=client) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
