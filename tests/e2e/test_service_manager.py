"""Under a service manager: systemd's messages, from a master and from a process without one."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from tests.support.engine_process import EngineProcess

pytestmark = pytest.mark.engine_only("it says READY=1 before workers serve")


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(15)
        yield receiver


def next_state(manager: socket.socket, *wanted: str) -> str:
    """Wait for the next message whose first line is about one of these."""
    while True:
        message = manager.recv(4096).decode()
        if message.partition("=")[0] in wanted:
            return message


@pytest.mark.parametrize("options", [["--master", "--processes", "2"], []], ids=["master", "alone"])
def test_ready_reloading_ready_stopping(start_engine, manager, options):
    env = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "900000"}
    engine: EngineProcess = start_engine("--module", "routes", *options, env=env)
    states = ("READY", "RELOADING", "STOPPING")
    assert f"MAINPID={engine.pid}" in next_state(manager, *states)
    assert next_state(manager, "WATCHDOG") == "WATCHDOG=1"
    os.kill(engine.pid, signal.SIGHUP)
    assert "MONOTONIC_USEC=" in next_state(manager, *states)
    assert next_state(manager, *states).startswith("READY=1")
    os.kill(engine.pid, signal.SIGTERM)
    assert next_state(manager, *states).startswith("STOPPING=1")
    assert engine.wait_exit() == 0
