"""HTTP clients of either world in request greenlets, against another engine."""

from __future__ import annotations

import pytest

from tests.stack.conftest import engine
from tests.stack.pages import write_examples
from tests.stack.requests_at_once import at_once, sent
from tests.support.certificates import Authority
from tests.support.http_client import get
from tests.support.ports import free_port
from tests.support.waiting import wait_until

for package in ("requests", "httpx", "aiohttp", "redis", "trustme"):
    pytest.importorskip(package)

MANY = 100
CLIENTS = ["by_requests", "by_requests_session", "by_urllib3", "by_httpx", "by_httpx_async", "by_aiohttp"]
every_client = pytest.mark.parametrize("way", CLIENTS)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def other(start, authority):
    """The engine that is called: its first address without TLS, its second with."""
    ports = free_port(), free_port()
    certificate, key = authority.server("127.0.0.1")
    listen = ["--http-socket", f"127.0.0.1:{ports[0]}"]
    listen += ["--https-socket", f"127.0.0.1:{ports[1]},{certificate},{key}"]
    addresses = [("127.0.0.1", port) for port in ports]
    return start("upstream", "--gevent", "300", *listen, "--kill-on-disconnect", addresses=addresses)


def caller(authority, *options):
    """The engine that calls, one worker."""
    env = {"AUTHORITY": str(authority.ca_file), "REDIS": "none"}
    return engine("calling", "--gevent", "150", *options, env=env)


@pytest.fixture(scope="module")
def calling(authority, other):
    with caller(authority) as server:
        yield server.wait_ready()


def url(other, path, *, tls=False):
    host, port = other.addresses[tls]
    return f"{'https' if tls else 'http'}://{host}:{port}{path}"


def waiting(other):
    return int(get(other.http, "/waiting").body)


@every_client
def test_a_hundred_calls_are_under_way_at_once(calling, other, way):
    """The other engine answers none of them before all have come."""
    path = f"/meet/{way}/{MANY}"
    answers = at_once(calling.http, [f"/{way}?{url(other, path)}"] * MANY)
    assert {response.text for response in answers.responses} == {path}


@every_client
def test_over_tls_each_gets_its_own_answer(calling, other, way):
    paths = [f"/echo/{number}" for number in range(20)]
    targets = [f"/{way}?{url(other, path, tls=True)}" for path in paths]
    for _ in range(2):  # the second time over connections that are kept
        answers = at_once(calling.http, targets)
        assert [response.text for response in answers.responses] == paths


def test_calls_that_are_ended_leave_clients_that_work(authority, other):
    with caller(authority, "--kill-on-disconnect") as server:
        server.wait_ready()
        never = [f"/{way}?{url(other, '/never')}" for way in CLIENTS] * 3
        with sent(server.http, never):
            wait_until(lambda: waiting(other) == len(never), timeout=20, what="the calls to arrive")
        wait_until(lambda: waiting(other) == 0, timeout=20, what="the calls to be given up")
        echoes = [(way, f"/echo/{way}/{number}") for number in range(5) for way in CLIENTS]
        answers = at_once(server.http, [f"/{way}?{url(other, path)}" for way, path in echoes])
        assert [response.text for response in answers.responses] == [path for _, path in echoes]
        server.stop()
        log = server.log()
    assert "Unclosed" not in log
    assert "never" not in log.replace("/never", "")


def test_the_page_on_it_works_as_it_stands(start, other, tmp_path):
    assert write_examples("how-to/http-clients.md", tmp_path) == ["clients.py"]
    server = start("clients", "--chdir", str(tmp_path))
    path = "/meet/page/40"
    answers = at_once(server.http, [f"{way}?{url(other, path)}" for way in ("/aiohttp", "/")] * 20)
    assert {response.text for response in answers.responses} == {path}
    server.stop()
    assert "Unclosed" not in server.log()
