"""Whole programs: who imports and patches what when, Ctrl-C, HTTP clients beside servers."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from .child import CHILDREN, child_environment, run_child

KINDS = pytest.mark.parametrize("kind", ["selector", "uvloop"])


@pytest.mark.parametrize("private", ["asyncio", "uvloop"])
@pytest.mark.parametrize("script", ["bridge_first.py", "bridge_last.py"])
def test_bridge_imported_first_or_last(script: str, private: str) -> None:
    assert run_child(script, BRIDGE_LOOP=private) == "ok\n"


@pytest.mark.parametrize("private", ["asyncio", "uvloop"])
def test_gevent_monkey_as_main_program(private: str) -> None:
    script = str(CHILDREN / "plain_gevent.py")
    out = run_child("-m", "gevent.monkey", script, GEVENT_LOOP="bridge.loop.loop", BRIDGE_LOOP=private)
    assert out == "ok\n"


@KINDS
@pytest.mark.parametrize("order", ["before", "after"])
def test_sigint_ends_an_idle_asyncio_run(kind: str, order: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "faulthandler", str(CHILDREN / "interrupt.py"), kind, order],
        env=child_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "idle\n"
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            pytest.fail(process.communicate()[1])
    assert (out, process.returncode) == ("cleaned up\ninterrupted\n", 0), err


@KINDS
def test_http_clients_in_greenlets_beside_asyncio_servers(kind: str) -> None:
    assert run_child("http_beside.py", kind) == "ok\n"


@KINDS
@pytest.mark.parametrize("name", ["thread", "select", "socket", "os", "subprocess", "+thread", "+socket"])
def test_asyncio_works_when_only_some_modules_are_patched(name: str, kind: str) -> None:
    assert run_child("partly.py", kind, name) == "ok\n"


@KINDS
@pytest.mark.parametrize("way", ["argument", "variable"])
def test_greenlet_executors_can_be_chosen(way: str, kind: str) -> None:
    environment = {"BRIDGE_EXECUTOR": "greenlet"} if way == "variable" else {}
    assert run_child("greenlet_executor.py", way, kind, **environment) == "ok\n"
