"""The configuration in docs/how-to/migrate-from-uwsgi.md runs as it stands."""

import json
import re
import signal
from pathlib import Path

import pytest

from tests.support.addresses import connect
from tests.support.engine_process import REPOSITORY, EngineProcess, run_engine
from tests.support.http_client import get
from tests.support.ports import free_port
from tests.support.uwsgi_client import uwsgi_request
from tests.support.waiting import wait_until

GUIDE = REPOSITORY / "docs" / "how-to" / "migrate-from-uwsgi.md"


@pytest.fixture
def project(tmp_path) -> Path:
    blocks = re.findall(r"```ini\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 1
    (tmp_path / "app.ini").write_text(blocks[0])
    (tmp_path / "reload").touch()
    (tmp_path / "shop.py").write_text(
        "import os, socket, uwsgi\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    facts = os.environ['SHOP_MODE'], socket.socket.__module__, uwsgi.opt['project']\n"
        "    return [repr(facts).encode()]\n"
    )
    return tmp_path


@pytest.mark.engine_only("uWSGI knows no --check-config")
def test_every_option_of_the_guide_is_supported_or_ignored(project):
    checked = run_engine("--check-config", "app.ini", cwd=project, env={"PORT": "9090"})
    assert checked.returncode == 0, checked.stdout + checked.stderr
    words = {line.split()[0] for line in checked.stdout.splitlines()[:-1]}
    assert words == {"name", "supported", "ignored"}
    assert len(checked.stdout.splitlines()) > 30


@pytest.mark.engine_only("binds and prints other things")
def test_the_configuration_of_the_guide_serves_reloads_and_stops(project):
    port = free_port()
    address = ("127.0.0.1", port)
    where = [address, project / "shop.sock"]
    with EngineProcess("app.ini", addresses=where, cwd=project, env={"PORT": str(port)}) as engine:
        engine.wait_ready()
        wait_until(lambda: get(address).status == 200, timeout=20, what="an answer")
        assert get(address).text == "('production', 'gevent._socket3', b'shop')"
        assert uwsgi_request(project / "shop.sock", "GET", "/").status == 200
        with connect(project / "stats.sock", timeout=10) as sock:
            stats = json.loads(b"".join(iter(lambda: sock.recv(65536), b"")))
        assert [worker["id"] for worker in stats["workers"]] == [1, 2]
        assert int((project / "shop.pid").read_text()) == engine.pid
        (project / "shop.fifo").write_text("r")
        engine.wait_for_log("(RE)spawned", timeout=30)
        wait_until(lambda: get(address).status == 200, timeout=20, what="an answer after the reload")
        engine.signal(signal.SIGTERM)
        assert engine.wait_exit() == 0
    left = {path.name for path in project.iterdir()} - {"__pycache__"}
    assert left == {"app.ini", "shop.py", "reload", "shop.fifo"}
