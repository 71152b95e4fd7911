import signal
import sys

import psutil
import pytest

from tests.support.ports import free_port
from tests.support.processes import ProcessEndedError, ServerProcess
from tests.support.waiting import wait_until

SERVER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    print("listening", flush=True)
    while True:
        server.accept()[0].close()
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
time.sleep(600)
"""


def _is_gone(process: psutil.Process) -> bool:
    # Where process 1 does not reap orphans, a zombie is as gone as it gets.
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_it_is_ready_when_it_accepts_and_stops_on_sigterm():
    port = free_port()
    with ServerProcess([sys.executable, "-c", SERVER, str(port)], addresses=[("127.0.0.1", port)]) as server:
        server.wait_ready()
        assert "listening" in server.wait_for_log("listening")
        assert server.is_running()
        assert server.rss() > 0
        assert server.stop() == -signal.SIGTERM
    assert not server.log_path.exists()


def test_a_process_that_ends_early_shows_its_log():
    argv = [sys.executable, "-c", "raise SystemExit('no such option')"]
    with (
        ServerProcess(argv, addresses=[("127.0.0.1", free_port())]) as server,
        pytest.raises(ProcessEndedError, match="no such option"),
    ):
        server.wait_ready()


def test_the_last_lines_of_a_process_that_ended_are_found():
    with ServerProcess([sys.executable, "-c", "print('bye')"]) as server:
        assert server.wait_exit() == 0
        assert server.wait_for_log("bye") == "bye\n"


def test_a_log_line_that_never_comes_times_out_with_the_log():
    with ServerProcess([sys.executable, "-c", STUBBORN]) as server:
        server.wait_for_log("ready")
        with pytest.raises(TimeoutError, match=r"(?s)never.*ready"):
            server.wait_for_log("never", timeout=0.05)
        server.stop(timeout=0)


def test_a_process_that_ignores_sigterm_is_killed():
    with ServerProcess([sys.executable, "-c", STUBBORN]) as server:
        server.wait_for_log("ready")
        assert server.stop(timeout=0.1) == -signal.SIGKILL


def test_children_are_ended_with_their_parent():
    with ServerProcess([sys.executable, "-c", PARENT]) as server:
        server.wait_for_log("child")
        _parent, child = server.processes()
    wait_until(lambda: _is_gone(child), timeout=5, what="the child to end")


def test_cpu_time_counts_what_the_process_has_worked():
    with ServerProcess([sys.executable, "-c", "while True: pass"]) as server:
        wait_until(lambda: server.cpu_seconds() > 0.05, timeout=10, what="CPU time to be counted")
