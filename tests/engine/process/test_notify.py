"""What the service manager is told."""

from __future__ import annotations

import os
import re
import socket

import pytest

from engine.process.notify import Notifier


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.setblocking(False)
        yield receiver


def told(manager: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(manager.recv(4096).decode())
        except BlockingIOError:
            return messages


def close(notifier: Notifier) -> None:
    notifier._socket.close()


def test_the_life_of_a_server(manager) -> None:
    environ = {"NOTIFY_SOCKET": manager.getsockname(), "HOME": "/"}
    notifier = Notifier(environ)
    assert environ == {"HOME": "/"}
    notifier.status("0 of 2")
    notifier.status("0 of 2")
    notifier.ready("2 of 2")
    notifier.ready("2 of 2")
    notifier.reloading()
    notifier.ready("2 of 2")
    notifier.stopping()
    notifier.ready("2 of 2")
    messages = told(manager)
    close(notifier)
    reloading = messages.pop(2)
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=reloading", reloading)
    assert messages == [
        "STATUS=0 of 2",
        f"READY=1\nMAINPID={os.getpid()}\nSTATUS=2 of 2",
        f"READY=1\nMAINPID={os.getpid()}\nSTATUS=2 of 2",
        "STOPPING=1\nSTATUS=finishing what runs",
    ]


def test_signs_of_life_come_as_often_as_asked_for(manager) -> None:
    environ = {
        "NOTIFY_SOCKET": manager.getsockname(),
        "WATCHDOG_USEC": "6000000",
        "WATCHDOG_PID": str(os.getpid()),
    }
    notifier = Notifier(environ)
    assert notifier.watchdog_interval() == 2.0
    for now in (10.0, 11.0, 12.0, 13.9, 14.0):
        notifier.alive(now)
    assert told(manager) == ["WATCHDOG=1"] * 3
    close(notifier)
    assert environ == {}


def test_a_watchdog_for_another_process_is_not_ours(manager) -> None:
    notifier = Notifier(
        {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}
    )
    assert notifier.watchdog_interval() == 0.0
    notifier.alive(1.0)
    assert told(manager) == []


def test_abstract_sockets() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0notify-{os.getpid()}")
        receiver.settimeout(5)
        notifier = Notifier({"NOTIFY_SOCKET": f"@notify-{os.getpid()}"})
        notifier.stopping()
        assert receiver.recv(100).startswith(b"STOPPING=1")
        close(notifier)


def test_without_a_manager_nothing_happens() -> None:
    notifier = Notifier({})
    notifier.ready("x")
    notifier.reloading()
    notifier.alive(1.0)
    assert notifier.watchdog_interval() == 0.0


def test_a_manager_that_is_gone_does_no_harm(tmp_path) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")})
    notifier.ready("x")
    close(notifier)
