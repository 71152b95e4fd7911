"""Options about what surrounds applications: modules, variables, limits, sockets, exceptions."""

from __future__ import annotations

import gc
import os
import resource

import pytest

from tests.support.engine_process import run_engine
from tests.support.http_client import HttpConnection, get
from tests.support.ports import free_port
from tests.support.uwsgi_client import uwsgi_request
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("wording")

APP = """
import gc, os, resource, sys
import uwsgi

if os.environ.get("OWN_THRESHOLD"):
    gc.set_threshold(1234)

if os.environ.get("WANT_ALIAS"):
    import nickname, filename
else:
    nickname = filename = None
LIMITS = resource.RLIMIT_AS, resource.RLIMIT_NPROC
arguments = sys.argv[:]
loaded_in = os.getpid()

class Fatal(Exception):
    pass

def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    if name == "fatal":
        raise Fatal("give up")
    if name == "other":
        raise ValueError("nothing special")
    answers = {
        "pid": lambda: os.getpid(),
        "alias": lambda: (nickname.__name__, filename.who),
        "argv": lambda: arguments,
        "env": lambda: ("GONE" in os.environ, os.environ.get("STAYS")),
        "limits": lambda: [resource.getrlimit(what)[0] for what in LIMITS],
        "worker": lambda: uwsgi.worker_id(),
        "lazy": lambda: loaded_in == os.getpid(),
        "gc": lambda: gc.get_threshold()[0],
        "var": lambda: environ.get("SHOP"),
    }
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(answers[name]()).encode()]
"""
ASGI = """
import os

class Fatal(Exception):
    pass

async def application(scope, receive, send):
    if scope["path"] == "/fatal":
        raise Fatal("give up")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
"""


@pytest.fixture
def start(start_engine, tmp_path):
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "aapp.py").write_text(ASGI)
    (tmp_path / "real_module.py").write_text("")
    (tmp_path / "plain.txt").write_text("who = 'plain'\n")

    def start(*options, app="--module=app", **kwargs):
        return start_engine("--chdir", str(tmp_path), app, *options, **kwargs)

    return start


def test_modules_have_other_names(start, tmp_path):
    engine = start(
        "--pymodule-alias=nickname=real_module",
        f"--post-pymodule-alias=filename={tmp_path}/plain.txt",
        env={"WANT_ALIAS": "1"},
    )
    assert get(engine.http, "/alias").text == "('real_module', 'plain')"


def test_an_alias_of_what_is_not_there_ends_the_start(tmp_path):
    (tmp_path / "app.py").write_text(APP)
    done = run_engine(
        "--http-socket=127.0.0.1:0",
        f"--chdir={tmp_path}",
        "--module=app",
        "--pymodule-alias=a=no_such_module",
    )
    assert done.returncode != 0
    assert "no_such_module" in done.stderr


def test_arguments_of_the_program(start):
    assert get(start("--pyargv=one two").http, "/argv").text == "['uwsgi', 'one', 'two']"


def test_environment_variables_are_removed_in_order(start):
    engine = start("--unenv=GONE", "--unenv=STAYS", "--env=STAYS=again", env={"GONE": "1", "STAYS": "1"})
    assert get(engine.http, "/env").text == "(False, 'again')"


@pytest.mark.parametrize(
    ("options", "threshold"),
    [
        ([], gc.get_threshold()[0] + 50),
        (["--gc-threshold=5000"], 5000),
        (["--lazy-apps", "--gc-threshold=7"], 7),
    ],
)
def test_when_garbage_is_looked_for(start, options, threshold):
    assert get(start("--gevent=2", *options).http, "/gc").text == str(threshold)


def test_an_application_may_set_it_by_itself(start):
    assert get(start("--gc-threshold=5000", env={"OWN_THRESHOLD": "1"}).http, "/gc").text == "1234"


def test_limits_of_processes(start):
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    processes = 5000 if hard == resource.RLIM_INFINITY or hard > 5000 else hard
    engine = start("--limit-as=4096", f"--limit-nproc={processes}")
    assert get(engine.http, "/limits").text == f"[{4096 << 20}, {processes}]"


@pytest.mark.parametrize(
    ("option", "lazy"), [("--lazy", "True"), ("--lazy-apps", "True"), ("--master", "False")]
)
def test_lazy_means_lazy_apps(start, option, lazy):
    engine = start(option, "--master")
    assert get(engine.http, "/lazy").text == lazy
    assert ("--lazy is --lazy-apps here" in engine.log()) is (option == "--lazy")


def test_an_application_mounted_for_workers(start):
    engine = start("--worker-mount=/deep=app")
    assert get(engine.http, "/deep/worker").text == "1"


def test_a_variable_of_http_requests(start, tmp_path):
    engine = start("--http-var=SHOP=books", f"--socket={tmp_path / 's'}")
    assert get(engine.http, "/var").text == "books"
    assert uwsgi_request(tmp_path / "s", "GET", "/var").text == "None"


def test_a_variable_that_clients_could_mix_with_is_refused():
    done = run_engine("--http-socket=127.0.0.1:0", "--module=app", "--http-var=HTTP_X=1")
    assert done.returncode != 0
    assert "comes from clients" in done.stderr


def test_a_limit_that_cannot_be_had_ends_the_start():
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    if hard == resource.RLIM_INFINITY or os.geteuid() == 0:
        pytest.skip("this user may have any number of processes")
    done = run_engine("--http-socket=127.0.0.1:0", "--module=app", f"--limit-nproc={hard + 1}")
    assert done.returncode != 0
    assert "ulimit -Hu" in done.stderr


def test_shared_sockets_are_named_by_number(start, tmp_path):
    address = ("127.0.0.1", free_port())
    engine = start(
        f"--shared-socket={address[0]}:{address[1]}",
        f"--undeferred-shared-socket={tmp_path / 's'}",
        f"--shared-socket={tmp_path / 'unused'}",
        "--http-socket==0",
        "--socket==1",
        addresses=[address, tmp_path / "s"],
    )
    assert get(address, "/worker").text == "1"
    assert uwsgi_request(tmp_path / "s", "GET", "/worker").text == "1"
    assert "unused is not listened on; add --http-socket =2" in engine.log()


def test_workers_accept_from_the_sockets_mapped_to_them(start, tmp_path):
    first, second, both = (tmp_path / name for name in ("first", "second", "both"))
    start(
        *(f"--socket={each}" for each in (first, second, both)),
        "--map-socket=0:1",
        "--map-socket=1:2",
        "--processes=2",
        addresses=[first, second, both],
    )
    for _ in range(5):
        assert uwsgi_request(first, "GET", "/worker").text == "1"
        assert uwsgi_request(second, "GET", "/worker").text == "2"
        assert uwsgi_request(both, "GET", "/worker").text in {"1", "2"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--http-socket==0"], "there are 0"),
        (["--shared-socket=:0", "--http-socket==x"], "comes the number of a --shared-socket"),
        (["--http-socket=:0", "--map-socket=1:1"], "there is no socket 1"),
        (["--http-socket=:0", "--map-socket=0:2"], "there is no worker 2"),
        (["--http-socket=:0", "--map-socket=0"], "write SOCKET:WORKER"),
        (["--http-socket=:0", "--processes=2", "--cheaper=1", "--map-socket=0:1"], "leave --cheaper out"),
    ],
)
def test_numbers_that_belong_to_nothing_are_refused(options, message):
    done = run_engine("--module=app", *options)
    assert done.returncode != 0
    assert message in done.stderr


def pid(engine) -> int:
    return int(get(engine.http, "/pid").text)


@pytest.mark.parametrize("app", ["--module=app", "--asgi=aapp"])
@pytest.mark.parametrize(
    "option",
    [
        "--reload-on-exception",
        "--reload-on-exception-type=Fatal",
        "--reload-on-exception-type={}.Fatal",
        "--reload-on-exception-value=give up",
        "--reload-on-exception-repr=Fatal: give up",
    ],
)
def test_an_exception_replaces_the_worker(start, app, option):
    engine = start(option.format(app.split("=")[1]), "--master", app=app)
    before = pid(engine)
    assert get(engine.http, "/fatal").status == 500
    wait_until(lambda: pid(engine) != before, timeout=20, what="another worker")
    engine.wait_for_log("a request ended with Fatal")


def test_without_a_master_the_server_ends(start):
    engine = start("--reload-on-exception")
    assert get(engine.http, "/fatal").status == 500
    assert engine.wait_exit() == 0
    assert "a request ended with Fatal" in engine.log()


def test_other_exceptions_leave_the_worker(start):
    engine = start("--reload-on-exception-type=Fatal", "--reload-on-exception-value=text", "--master")
    before = pid(engine)
    with HttpConnection(engine.http) as connection:
        assert connection.get("/other").status == 500
        assert connection.get("/other").status == 500
        assert int(connection.get("/pid").text) == before
    assert "a request ended with" not in engine.log()
