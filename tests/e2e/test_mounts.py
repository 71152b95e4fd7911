"""Several applications in one server, WSGI and ASGI, by path."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import APPS, over_both
from tests.support.engine_process import run_engine
from tests.support.http_client import HttpConnection, get
from tests.support.nginx import running_nginx
from tests.support.uwsgi_client import UwsgiConnection, encode_packet, request_vars
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI has no ASGI")

MOUNTS = [
    "--mount", "/new=asgi:asgi_routes:make()",
    "--mount", "/new/old=asgi_routes:wsgi",
    "--mount", "/file=order.py",
    "--mount", "/=wsgi:asgi_routes:wsgi",
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with over_both(tmp_path_factory, *MOUNTS) as engine:
        yield engine


def over_http(server, target):
    return get(server.http, target).body


def over_uwsgi(server, target, modifier1=0, **variables):
    with UwsgiConnection(server.addresses[1]) as connection:
        packet = encode_packet({**request_vars("GET", target), **variables}, modifier1=modifier1)
        connection.send(packet)
        return connection.reader.read().body


@pytest.mark.parametrize("ask", [over_http, over_uwsgi])
@pytest.mark.parametrize(
    ("target", "script", "info"),
    [
        ("/", "", "/"),
        ("/x/y", "", "/x/y"),
        ("/newer", "", "/newer"),
        ("/new/old", "/new/old", ""),
        ("/new/old/", "/new/old", "/"),
        ("/new/old/x?q", "/new/old", "/x"),
    ],
)
def test_wsgi_gets_the_path_split(server, ask, target, script, info):
    answer = json.loads(ask(server, target))
    assert (answer["SCRIPT_NAME"], answer["PATH_INFO"]) == (script, info)
    assert answer["QUERY_STRING"] == target.partition("?")[2]


@pytest.mark.parametrize("ask", [over_http, over_uwsgi])
def test_asgi_gets_all_of_the_path_and_its_root(server, ask):
    scope = json.loads(ask(server, "/new/scope/x"))
    assert (scope["root_path"], scope["path"]) == ("/new", "/new/scope/x")
    assert scope["raw_path"] == "/new/scope/x"


def test_all_are_in_one_process_and_share_connections(server):
    with HttpConnection(server.http) as connection:
        answers = [json.loads(connection.get(target).body) for target in ("/new/scope", "/x", "/new/old") * 3]
    assert len({answer["pid"] for answer in answers}) == 1


def test_kinds_of_requests_take_turns_on_one_connection(server):
    """Whoever writes parks in the one case and awaits in the other."""
    with HttpConnection(server.http) as connection:
        for _ in range(3):
            connection.send_request("GET", "/new/big")
            assert len(connection.reader.read().body) == 64 << 20
            assert json.loads(connection.get("/x").body)["PATH_INFO"] == "/x"
            assert connection.request("POST", "/new/echo", (), b"x" * 200_000).body == b"x" * 200_000


def test_a_front_end_may_choose_by_script_name(server):
    answer = json.loads(over_uwsgi(server, "/new/old/x", SCRIPT_NAME="/new/old"))
    assert (answer["SCRIPT_NAME"], answer["PATH_INFO"]) == ("/new/old", "/new/old/x")
    answer = json.loads(over_uwsgi(server, "/new/old/x", 30, SCRIPT_NAME="/new/old"))
    assert (answer["SCRIPT_NAME"], answer["PATH_INFO"]) == ("/new/old", "/x")
    scope = json.loads(over_uwsgi(server, "/scope", SCRIPT_NAME="/new"))
    assert (scope["root_path"], scope["path"]) == ("/new", "/new/scope")


def test_manage_script_name_overrules_the_front_end(start_engine, tmp_path):
    path = tmp_path / "app.sock"
    engine = start_engine(*MOUNTS, "--manage-script-name", "--socket", str(path), addresses=[path])
    with UwsgiConnection(engine.addresses[0]) as connection:
        connection.send(encode_packet({**request_vars("GET", "/new/old/x"), "SCRIPT_NAME": "/other"}))
        answer = json.loads(connection.reader.read().body)
    assert (answer["SCRIPT_NAME"], answer["PATH_INFO"]) == ("/new/old", "/x")


def test_the_request_log_has_the_number_of_the_application(server):
    for target in ("/new/hello?log", "/new/old/?log", "/x?log"):
        get(server.http, target)

    numbers = wait_until(lambda: _logged_apps(server), timeout=5, what="the log")
    assert numbers == ["0", "1", "3"]


def _logged_apps(server):
    """Numbers of the applications of three requests, once all are in the log."""
    lines = [line for line in server.log().splitlines() if "?log " in line]
    return [line.partition("|app: ")[2][0] for line in lines] if len(lines) == 3 else []


def test_the_start_says_what_is_where(server):
    server.wait_for_log("Operational MODE")  # sockets are open before applications are loaded
    assert "ASGI app 0 (mountpoint='/new') ready in 0 seconds" in server.log()
    assert "WSGI app 1 (mountpoint='/new/old') ready in 0 seconds" in server.log()
    assert "WSGI app 2 (mountpoint='/file') ready in 0 seconds" in server.log()
    assert "WSGI app 3 (mountpoint='') ready in 0 seconds (default app)" in server.log()


def test_a_path_where_nothing_is_mounted_is_not_found(start_engine):
    engine = start_engine("--mount", "/new=asgi:asgi_routes:application")
    assert get(engine.http, "/new/hello").body == b"hello"
    assert get(engine.http, "/other").status == 404


def test_mount_beside_module(start_engine):
    engine = start_engine("--module", "asgi_routes:wsgi", "--mount", "/new=asgi:asgi_routes:application")
    assert get(engine.http, "/new/hello").body == b"hello"
    assert json.loads(get(engine.http, "/other").body)["PATH_INFO"] == "/other"


def test_asgi_is_served_while_all_cores_are_busy(start_engine):
    engine = start_engine(
        "--gevent", "1", "--mount", "/new=asgi_routes:application", "--mount", "/=asgi_routes:gated"
    )
    waiting = [HttpConnection(engine.http) for _ in range(3)]
    for connection in waiting:
        connection.send_request("GET", "/")
    for _ in range(3):
        assert get(engine.http, "/new/hello").body == b"hello"
    get(engine.http, "/new/go")
    for connection in waiting:
        assert connection.reader.read().body == b"through the gate"
        connection.close()


@pytest.mark.parametrize("options", [["--lazy-apps"], []])
def test_with_a_master_and_several_workers(start_engine, options):
    engine = start_engine(*MOUNTS, "--master", "--processes", "2", *options)

    def pids():
        return {json.loads(get(engine.http, target).body)["pid"] for target in ("/x", "/new/scope") * 10}

    wait_until(lambda: len(pids()) == 2, timeout=20, what="both workers")


def test_one_that_does_not_load_ends_the_start():
    done = run_engine(
        "--chdir", str(APPS), "--gevent", "2", "--http-socket", "127.0.0.1:0", "--need-app",
        "--mount", "/=asgi_routes:wsgi", "--mount", "/new=no_such_module:app",
    )  # fmt: skip
    assert done.returncode == 22
    assert "no_such_module" in done.stderr


def test_behind_nginx(server, tmp_path):
    with running_nginx(tmp_path, uwsgi=server.addresses[1]) as nginx:
        address = nginx.addresses[0]
        assert json.loads(get(address, "/new/old/x").body)["PATH_INFO"] == "/x"
        scope = json.loads(get(address, "/new/scope").body)
        assert (scope["root_path"], scope["http_version"]) == ("/new", "1.1")
        with HttpConnection(address) as connection:
            assert connection.request("POST", "/new/echo", (), b"x" * 300_000).body == b"x" * 300_000
            assert connection.request("GET", "/new/items").body.endswith(b"item 4\n")
