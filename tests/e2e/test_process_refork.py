"""Two masters on the same sockets, fifos to choose from, and programs in place of workers."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial

import psutil
import pytest

from tests.support.http_client import get
from tests.support.load import Load
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("wording")

APP = """
import os, uwsgi
version = open("version").read()

def application(environ, start_response):
    start_response("200 OK", [])
    return [f"{version} {os.getppid()}".encode()]
"""


@pytest.fixture
def start(start_answering, tmp_path):
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "version").write_text("v1")
    return partial(start_answering, "--chdir", str(tmp_path), "--module", "app", "--master")


def who(engine):
    version, master = get(engine.http).text.split()
    return version, int(master)


def test_a_second_master_serves_beside_the_first_and_takes_its_place(start, tmp_path):
    fifos = [tmp_path / "first", tmp_path / "second"]
    pidfile = tmp_path / "pid"
    engine = start(
        "--processes", "2", f"--pidfile={pidfile}", "--vacuum", *(f"--master-fifo={fifo}" for fifo in fifos)
    )
    assert not fifos[1].exists()
    with Load(engine.http, "/", clients=4) as load:
        fifos[0].write_text("1")
        engine.wait_for_log(f"active master fifo is now {fifos[1]}")
        assert not fifos[0].exists()
        (tmp_path / "version").write_text("v2")
        fifos[1].write_text("f")
        engine.wait_for_log("new master copy spawned with pid")
        wait_until(lambda: who(engine)[0] == "v2", timeout=30, what="the second master")
        wait_until(lambda: who(engine) == ("v1", engine.pid), timeout=30, what="the first one too")
        assert int(pidfile.read_text()) == engine.pid
        other = next(pid for pid in iter(lambda: who(engine)[1], None) if pid != engine.pid)
        load.wait_for(20)
        fifos[0].write_text("P")
        wait_until(lambda: int(pidfile.read_text()) == other, timeout=20, what="the new pid file")
        fifos[1].write_text("q")
        assert engine.wait_exit() == 0
        load.wait_for(20)
    assert load.lost == []
    try:
        assert who(engine) == ("v2", other)
        assert int(pidfile.read_text()) == other
        assert fifos[0].exists()
    finally:
        os.kill(other, signal.SIGTERM)
        wait_until(lambda: not psutil.pid_exists(other), timeout=20, what="the end of the second master")
    assert not pidfile.exists()


def test_a_second_master_that_fails_or_is_stopped_takes_nothing_along(start, tmp_path):
    fifo, socket = tmp_path / "fifo", tmp_path / "socket"
    engine = start(f"--master-fifo={fifo}", "--vacuum", f"--http-socket={socket}")
    (tmp_path / "version").unlink()
    fifo.write_text("f")
    engine.wait_for_log("has ended")
    assert get(socket).status == 200
    (tmp_path / "version").write_text("v2")
    os.kill(engine.pid, signal.SIGHUP)  # the failed one took the fifo with it
    wait_until(lambda: who(engine)[0] == "v2", timeout=30, what="the next image")
    fifo.write_text("f")
    wait_until(lambda: who(engine)[1] != engine.pid, timeout=30, what="the second master")
    log = engine.log()
    fifo.write_text("q")
    engine.wait_for_log("has ended", after=len(log))
    assert get(socket).status == 200


def test_a_program_serves_in_place_of_each_worker(start_engine, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        f"#!{sys.executable}\n"
        "import os, socket\n"
        "listener = socket.socket(fileno=0)\n"
        "while True:\n"
        "    client, _ = listener.accept()\n"
        "    client.recv(4096)\n"
        "    client.sendall(b'HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\nown')\n"
        "    client.close()\n"
    )
    program.chmod(0o755)
    engine = start_engine("--master", "--processes", "2", f"--worker-exec={program}")
    wait_until(lambda: get(engine.http).text == "own", timeout=20, what="an answer of the program")
    victim = psutil.Process(engine.pid).children()[0]
    victim.kill()
    engine.wait_for_log("Respawned uWSGI worker")
    assert get(engine.http).text == "own"
    engine.signal(signal.SIGTERM)
    assert engine.wait_exit() == 0


def test_a_program_that_does_not_exist_is_named(start_engine):
    engine = start_engine("--master", "--worker-exec2=/no/such/program")
    engine.wait_for_log("--worker-exec2 /no/such/program: No such file or directory")
