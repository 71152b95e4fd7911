"""Where the engine listens: inherited sockets, unix sockets and their owners, IPv6, ports that are shared."""

import os
import pwd
import re
import signal
import socket
import stat
import sys

import pytest

from tests.support.addresses import connect
from tests.support.engine_process import REPOSITORY, EngineProcess, run_engine
from tests.support.http_client import HttpConnection, get
from tests.support.ports import free_port
from tests.support.processes import ServerProcess
from tests.support.uwsgi_client import uwsgi_request
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI says these in its own way")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


# Opens sockets and hands them to the engine as systemd does: from descriptor 3 on, named by LISTEN_FDS.
SUPERVISOR = """
import os, socket, sys
count = 0
for address in sys.argv[1].split("+"):
    if address.startswith("/"):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(address)
    else:
        host, _, port = address.rpartition(":")
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, int(port)))
    sock.listen(10)
    os.dup2(sock.fileno(), 3 + count) if sock.fileno() != 3 + count else None
    os.set_inheritable(3 + count, True)
    sock.detach()
    count += 1
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(count), PYTHONPATH=sys.argv[2])
os.execv(sys.executable, [sys.executable, "-m", "engine", *sys.argv[3:]])
"""


@pytest.fixture
def supervised(apps):
    """Start engines whose sockets are open already."""
    engines = []

    def start(addresses, *options, wanted=()):
        argv = [sys.executable, "-c", SUPERVISOR, "+".join(addresses), os.fspath(REPOSITORY)]
        argv += ["--chdir", os.fspath(apps), "--gevent", "10", "--module", "routes", *options]
        engine = ServerProcess(argv, addresses=wanted)
        engines.append(engine)
        return engine.wait_ready()

    yield start
    for engine in engines:
        engine.__exit__(None, None, None)


def test_sockets_of_systemd_are_taken_where_no_other_is_named(supervised, tmp_path):
    port, path = free_port(), tmp_path / "app.sock"
    supervised([f"127.0.0.1:{port}", str(path)], wanted=[("127.0.0.1", port), path])
    assert uwsgi_request(("127.0.0.1", port), "GET", "/hello").body == b"hello"
    assert uwsgi_request(path, "GET", "/hello").body == b"hello"


def test_an_address_that_systemd_listens_on_is_not_bound_again(supervised):
    port = free_port()
    address = f"127.0.0.1:{port}"
    engine = supervised([address], "--http-socket", address, wanted=[("127.0.0.1", port)])
    assert get(("127.0.0.1", port), "/hello").body == b"hello"
    engine.wait_for_log(f"passed on for TCP address {address}")


@pytest.mark.parametrize("shape", [[], ["--master", "-p", "2"]], ids=["alone", "2 workers"])
def test_a_reload_keeps_the_sockets_of_systemd(supervised, shape):
    port = free_port()
    engine = supervised([f"127.0.0.1:{port}"], "--protocol", "http", *shape, wanted=[("127.0.0.1", port)])
    address = ("127.0.0.1", port)
    assert get(address, "/hello").body == b"hello"
    engine.signal(signal.SIGHUP)
    wait_until(lambda: engine.log().count("*** Starting") == 2, timeout=30, what="the second start")
    wait_until(lambda: get(address, "/hello").body == b"hello", timeout=20, what="an answer")


def test_a_descriptor_by_number(supervised):
    port = free_port()
    supervised([f"127.0.0.1:{port}"], "--http-socket", "fd://3", wanted=[("127.0.0.1", port)])
    assert get(("127.0.0.1", port), "/hello").body == b"hello"


def test_a_descriptor_that_is_no_socket(apps):
    ended = run_engine("--chdir", str(apps), "--module", "routes", "--http-socket", "fd://0")
    assert ended.returncode == 1
    assert "fd://0 is no open socket" in ended.stdout + ended.stderr


def test_two_servers_share_a_port(start_engine):
    port = free_port()
    options = ["--http-socket", f"127.0.0.1:{port}", "--module", "routes", "--reuse-port"]
    engines = [start_engine(*options, addresses=[("127.0.0.1", port)]) for _ in range(2)]
    for engine in engines:
        engine.wait_for_log("running gevent loop engine")

    def both_answered():
        get(("127.0.0.1", port), "/hello")
        return all("GET /hello" in engine.log() for engine in engines)

    wait_until(both_answered, timeout=20, what="an answer of each")
    ended = run_engine(*options[:2], "--module", "routes", "--chdir", str(REPOSITORY / "tests/e2e/apps"))
    assert "another instance" in ended.stdout + ended.stderr


def test_mode_and_owner_of_a_unix_socket(start_engine, tmp_path):
    path = tmp_path / "app.sock"
    user = pwd.getpwuid(os.geteuid())
    options = ["--chmod-socket=640", "--chown-socket", f"{user.pw_name}:{os.getegid()}"]
    start_engine("--http-socket", str(path), "--module", "routes", *options, addresses=[path])
    found = path.stat()
    assert stat.S_IMODE(found.st_mode) == 0o640
    assert (found.st_uid, found.st_gid) == (os.geteuid(), os.getegid())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_unix_socket_is_given_to_somebody_else(start_engine, tmp_path):
    path = tmp_path / "app.sock"
    start_engine(
        "--http-socket", str(path), "--module", "routes", "--chown-socket", "12345:23456", addresses=[path]
    )
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


def test_an_unknown_owner_is_an_error(apps, tmp_path):
    path = tmp_path / "app.sock"
    ended = run_engine(
        "--chdir",
        str(apps),
        "--module",
        "routes",
        "--http-socket",
        str(path),
        "--chown-socket",
        "nobody-of-that",
    )
    assert ended.returncode == 1
    assert "there is no such user or group" in ended.stdout + ended.stderr


def test_the_umask_decides_over_new_files(start_engine, tmp_path):
    path = tmp_path / "app.sock"
    start_engine("--http-socket", str(path), "--module", "routes", "--umask", "077", addresses=[path])
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_several_sockets_at_once(start_engine, tmp_path):
    ports = [free_port(), free_port()]
    path = tmp_path / "app.sock"
    name = f"gevent-engine-test-{os.getpid()}"
    options = [
        "--http-socket",
        f"127.0.0.1:{ports[0]}",
        "--http-socket",
        str(path),
        "--http-socket",
        f"@{name}",
    ]
    addresses = [("127.0.0.1", ports[0]), path]
    if has_ipv6():
        options += ["--http-socket", f"[::1]:{ports[1]}"]
        addresses.append(("::1", ports[1]))
    start_engine(*options, "--module", "routes", "-p", "2", addresses=addresses)
    for address in addresses:
        assert get(address, "/hello").body == b"hello"
    with socket.socket(socket.AF_UNIX) as abstract:
        abstract.connect("\0" + name)
        abstract.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert abstract.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_addresses_of_ipv6_reach_the_application(start_engine):
    port = free_port()
    engine = start_engine("--http-socket", f"[::1]:{port}", "--module", "routes", addresses=[("::1", port)])
    with HttpConnection(engine.http) as connection:
        assert b'"REMOTE_ADDR": "::1"' in connection.get("/environ").body


def test_buffers_and_probes_are_set(start_engine):
    options = ["--so-keepalive", "--socket-sndbuf", "65536", "--socket-rcvbuf", "65536", "--freebind"]
    engine = start_engine("--module", "routes", *options)
    assert get(engine.http, "/hello").body == b"hello"


def test_the_socket_file_of_a_killed_server_is_no_obstacle(start_engine, tmp_path):
    path = tmp_path / "app.sock"
    with EngineProcess(
        "--http-socket",
        str(path),
        "--chdir",
        str(REPOSITORY / "tests/e2e/apps"),
        "--module",
        "routes",
        addresses=[path],
    ) as first:
        first.wait_ready()
        first.signal(signal.SIGKILL)
        first.wait_exit()
    assert path.exists()
    start_engine("--http-socket", str(path), "--module", "routes", addresses=[path])
    connect(path).close()


@pytest.mark.parametrize("backend", ["uvloop", "asyncio"])
def test_the_file_of_a_unix_socket_outlives_workers(start_engine, tmp_path, backend):
    path = tmp_path / "app.sock"
    engine = start_engine(
        *("--module", "routes", "--master", "--socket", str(path), "--loop-backend", backend),
        *("--log-format", "served by %(pid)"),
    )

    def server():
        before = len(engine.log())
        assert uwsgi_request(path, "GET", "/hello").status == 200
        return int(re.search(r"served by (\d+)", engine.wait_for_log("served by", after=before))[1])

    first = server()
    os.kill(first, signal.SIGHUP)
    wait_until(lambda: server() != first, timeout=20, what="another worker")
    engine.wait_for_log(f"worker 1 (pid: {first}) has ended")
    assert uwsgi_request(path, "GET", "/hello").status == 200


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_the_file_of_a_unix_socket_stays_until_somebody_removes_it(start_engine, tmp_path, loop):
    """Servers of CPython 3.13's asyncio and of uvloop take the file along when they are closed."""
    path = tmp_path / "app.sock"
    options = ["--module", "routes", "--master", "--gevent", "1", "--loop-backend", loop]
    engine = start_engine("--http-socket", str(path), *options, addresses=[path])
    inode = path.stat().st_ino
    with HttpConnection(path) as busy, HttpConnection(path) as waits:
        busy.send_request("GET", "/sleep/1")
        engine.wait_for_log("sleeping")
        waits.send_request("GET", "/hello")
        engine.wait_for_log("async queue is full")  # accepts nothing meanwhile
        with HttpConnection(path) as late:
            assert late.get("/hello").body == b"hello"
    log = engine.log()
    engine.signal(signal.SIGHUP)
    engine.wait_for_log("spawned uWSGI worker 1", after=len(log))
    assert get(path, "/hello").body == b"hello"
    engine.stop()
    assert path.stat().st_ino == inode
