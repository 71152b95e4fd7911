"""``import uwsgi`` in an application that a real server runs."""

from __future__ import annotations

import ast
import signal

import pytest

from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.waiting import wait_until

ours = pytest.mark.engine_only("uWSGI refuses, gives up or crashes here")
both_shapes = pytest.mark.parametrize(
    "options", [[], ["--master", "--processes", "2"]], ids=["alone", "master and 2 workers"]
)


LEAVING = """
import atexit, os
first = os.getpid()
def leave():
    print("python atexit in", "master" if os.getpid() == first else "worker", flush=True)
atexit.register(leave)
import uwsgi
def application(environ, start_response):
    start_response("200 OK", [])
    return [repr(uwsgi.ready()).encode()]
"""


@pytest.fixture
def engine(start_engine):
    return start_engine("--module", "uwsgi_api")


def ask(engine, name):
    return ast.literal_eval(get(engine.http, f"/{name}").text)


def test_outside_the_server_there_is_no_such_module():
    import importlib.util

    assert importlib.util.find_spec("uwsgi") is None


@both_shapes
def test_facts(start_engine, options):
    engine = start_engine("--module", "uwsgi_api", *options)
    text = get(engine.http, "/facts").text
    facts = ast.literal_eval(text.replace("<class '", "'").replace("'>", "'"))
    many = bool(options)
    assert facts["version"] == b"2.0.31"
    assert facts["version_info"] == (2, 0, 31)
    assert (facts["numproc"], facts["cores"], facts["loop"]) == (2 if many else 1, 20, b"gevent")
    assert facts["has_threads"] == 1
    assert facts["hostname"] == "bytes"
    assert facts["worker_id"] in (1, 2)
    assert facts["mule_id"] == 0
    assert facts["has_master"] is many
    assert facts["module"] == b"uwsgi_api"
    assert facts["mem"] == ["int", "int"]
    assert facts["listen_queue"] == 0
    assert facts["log"] is True
    assert facts["cl"] == 0
    assert {"id", "pid", "requests", "status", "rss", "tx", "avg_rt", "apps"} <= set(facts["workers"])
    assert "logged by the app" in engine.log()


def test_request_id_counts(engine):
    first, *others = [ask(engine, "request_id") for _ in range(3)]
    assert others == [first + 1, first + 2]


def test_log_variables_are_bytes(engine):
    assert ask(engine, "logvars") == ["é".encode(), b"\0", None, True]


def test_the_connection_can_be_asked_about(engine):
    assert ask(engine, "connected") == [True, True, False]


@ours
def test_every_greenlet_and_task_of_a_request_may_call(engine):
    assert ask(engine, "children") == [
        b"yes",
        b"yes",
        b"yes",
        "you can call uwsgi api function only from the main callable",
        b"yes",
    ]


def test_a_greenlet_that_outlives_its_request_may_not_call(engine):
    get(engine.http, "/afterwards")
    engine.wait_for_log("later: you can call uwsgi api function only from the main callable")


@ours
def test_is_connected_tells_when_the_client_has_left(engine):
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/wait_for_leaving"))
        get(engine.http, "/request_id")
    engine.wait_for_log("the client has left")


@ours
def test_disconnect_closes_and_the_application_goes_on(engine):
    with HttpConnection(engine.http) as connection:
        connection.send_request("GET", "/hangup")
        received = b""
        while data := connection.sock.recv(4096):
            received += data
    assert b"one" in received
    assert b"two" not in received
    engine.wait_for_log("still running")


def test_sendfile_sends_a_file(engine, apps):
    assert get(engine.http, "/file").body == (apps / "uwsgi_api.py").read_bytes()


def test_chunked_read_gives_the_pieces_of_the_body(engine):
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("POST", "/chunks", [("Transfer-Encoding", "chunked")]))
        connection.send(b"3\r\none\r\n")
        connection.send(b"3\r\ntwo\r\n0\r\n\r\n")
        assert connection.reader.read().body == b"onetwo"


@ours
def test_the_async_api_is_refused_with_advice(engine):
    refused = ask(engine, "forbidden")
    assert len(refused) == 8
    assert "gevent.sleep" in refused["async_sleep"]
    assert all("cannot be mixed with gevent" in text for text in refused.values())


@ours
def test_after_req_hook_runs_after_each_request(engine):
    assert [ask(engine, "hooked") for _ in range(3)] == [0, 1, 2]


def test_a_request_can_ask_to_be_logged(start_engine):
    engine = start_engine("--module", "uwsgi_api", "--disable-logging")
    get(engine.http, "/request_id")
    get(engine.http, "/quiet")
    log = engine.wait_for_log("GET /quiet")
    assert "GET /request_id" not in log


@ours
@both_shapes
def test_atexit_runs_once_per_worker_and_may_block(start_engine, options):
    engine = start_engine("--module", "uwsgi_api", *options)
    wait_until(lambda: get(engine.http, "/ready").text == "True", timeout=20, what="all workers")
    engine.signal(signal.SIGTERM)
    engine.wait_exit()
    workers = [1, 2] if options else [1]
    for number in workers:
        assert engine.log().count(f"uwsgi.atexit in worker {number} 0") == 1
        assert engine.log().count(f"post fork in worker {number}\n") == 1


@ours
@both_shapes
def test_atexit_handlers_of_python_run_once_per_worker(start_engine, options, tmp_path):
    (tmp_path / "leaving.py").write_text(LEAVING)
    engine = start_engine("--chdir", str(tmp_path), "--module", "leaving", *options)
    wait_until(lambda: get(engine.http, "/").text == "True", timeout=20, what="all workers")
    engine.signal(signal.SIGTERM)
    engine.wait_exit()
    assert engine.log().count("python atexit in worker") == (2 if options else 0)
    assert engine.log().count("python atexit in master") == 1


@ours
@both_shapes
def test_stop_ends_the_server(start_engine, options):
    engine = start_engine("--module", "uwsgi_api", *options)
    assert ask(engine, "stop") is True
    assert engine.wait_exit() == 0


@pytest.mark.engine_only("uWSGI wants paths as bytes, and --manage-script-name")
@pytest.mark.parametrize("options", [[], ["--master", "--lazy-apps"]], ids=["one process", "lazy"])
def test_a_module_may_declare_several_applications(start_engine, options):
    engine = start_engine("--module", "several", *options)
    answers = {path: get(engine.http, path).text for path in ("/", "/x", "/two", "/two/x", "/two/three/x")}
    assert answers == {
        "/": "one  /",
        "/x": "one  /x",
        "/two": "two /two ",
        "/two/x": "two /two /x",
        "/two/three/x": "three /two/three /x",
    }
