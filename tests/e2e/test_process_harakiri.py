"""``--harakiri``: a deadline for each request; uWSGI has one for the whole worker, and kills that."""

import re
import signal

import pytest

from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI kills the whole worker")


@pytest.fixture(params=[[], ["--master", "--processes", "1"]], ids=["alone", "with master"])
def engine(request, start_engine):
    return start_engine("--module", "stubborn", "--harakiri", "1", *request.param)


def pid_of(engine):
    return int(get(engine.http, "/pid").text)


def test_the_request_ends_with_504_and_nobody_else_notices(engine):
    before = pid_of(engine)
    with HttpConnection(engine.http) as slow, HttpConnection(engine.http) as quick:
        slow.send(request_bytes("GET", "/wait/100"))
        for _ in range(3):
            assert quick.get("/ok").body == b"ok"
        response = slow.reader.read()
        assert response.status == 504
        assert quick.get("/ok").body == b"ok"
        assert slow.get("/ok").body == b"ok"
    notes = get(engine.http, "/notes").text.splitlines()
    assert re.match(r"HarakiriError: GET /wait/100 ran for [1-9]", notes[0])
    assert notes[1:] == ["finally"]
    assert pid_of(engine) == before


def test_a_stuck_request_ends_though_others_come_and_go(engine):
    """uWSGI clears the worker's only deadline whenever any request ends (issue 365)."""
    with HttpConnection(engine.http) as slow, HttpConnection(engine.http) as quick:
        slow.send(request_bytes("GET", "/wait/100"))
        slow.sock.setblocking(False)

        def ended():
            assert quick.get("/ok").body == b"ok"
            try:
                return slow.sock.recv(100)
            except BlockingIOError:
                return b""

        assert wait_until(ended, timeout=15, what="the slow request to end").startswith(b"HTTP/1.1 504")


def test_the_log_says_which_request_and_where_it_was(engine):
    assert get(engine.http, "/wait/100").status == 504
    log = engine.wait_for_log("HARAKIRI ON WORKER 1")
    assert "HARAKIRI [core " in log
    assert "GET /wait/100 since" in log
    assert "stubborn.py" in log
    assert "gevent.sleep(float(rest[0]))" in log


def test_a_reply_that_has_begun_is_cut_off(engine):
    with HttpConnection(engine.http) as connection:
        connection.send_request("GET", "/late/100")
        response = connection.reader.read()
        assert response.body == b"begun "
        assert not response.complete


def test_a_request_that_is_quick_enough_is_left_alone(engine):
    assert get(engine.http, "/wait/0.3").status == 200
    assert get(engine.http, "/notes").text == "finally"


def test_a_request_that_swallows_the_error_gets_it_again_and_costs_the_worker(start_engine):
    engine = start_engine(
        "--module", "stubborn", "--harakiri", "1", "--harakiri-graceful-timeout", "0.5", "--master",
        "--worker-reload-mercy", "1",
    )  # fmt: skip
    before = pid_of(engine)
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/swallow"))
        engine.wait_for_log("does not end though it was told 3 times")
        wait_until(lambda: pid_of(engine) != before, timeout=20, what="another worker")
    assert get(engine.http, "/ok").status == 200


@pytest.mark.parametrize("kind", ["spin", "native"])
def test_a_loop_that_stands_still_is_shown_and_ended(start_engine, kind):
    engine = start_engine("--module", "stubborn", "--harakiri", "1", "--master", "--processes", "1")
    before = pid_of(engine)
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", f"/{kind}/100"))
        log = engine.wait_for_log("its loop has not turned", timeout=30)
        engine.wait_for_log("killed by signal 9", timeout=30)
        wait_until(lambda: pid_of(engine) != before, timeout=20, what="another worker")
    log = engine.log()
    assert "the loop has not turned for" in log  # said by the thread in the worker
    assert f'is managing "GET /{kind}/100"' in log
    assert log.count("stubborn.py") >= 2  # the thread's stack, and faulthandler's


def test_a_short_stall_is_shown_but_forgiven(start_engine):
    engine = start_engine("--module", "stubborn", "--harakiri", "1", "--master", "--processes", "1")
    before = pid_of(engine)
    assert get(engine.http, "/spin/1.8").status in {200, 504}
    engine.wait_for_log('is managing "GET /spin/1.8"')
    assert pid_of(engine) == before


def test_a_request_may_set_its_own_deadline(start_engine):
    engine = start_engine("--module", "stubborn")
    assert get(engine.http, "/own/100").status == 504
    assert get(engine.http, "/ok").status == 200


def test_harakiri_verbose_shows_every_greenlet(start_engine):
    engine = start_engine("--module", "stubborn", "--harakiri", "1", "--harakiri-verbose")
    with HttpConnection(engine.http) as other:
        other.send(request_bytes("GET", "/wait/0.9"))
        assert get(engine.http, "/wait/100").status == 504
    engine.wait_for_log("hosts the hub")


def test_a_stop_during_harakiri_is_orderly(engine):
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/wait/100"))
        wait_until(lambda: get(engine.http, "/ok").status == 200, timeout=10, what="an answer")
        engine.signal(signal.SIGTERM)
        assert connection.reader.read().status == 504
    assert engine.wait_exit() == 0
