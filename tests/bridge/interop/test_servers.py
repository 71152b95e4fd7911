"""Applications that use gevent under a server that does not: plain uvicorn."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.ports import free_port
from tests.support.processes import ServerProcess

_CHILDREN = Path(__file__).parent / "children"
_ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_fastapi_under_uvicorn(loop: str) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    port = free_port()
    argv = [sys.executable, "-m", "uvicorn", "fastapi_app:app", "--port", str(port), "--loop", loop]

    def get(path: str) -> str:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
            return response.read().decode()

    paths = [*["/spawn"] * 10, *["/green"] * 10, *["/adapter"] * 10, *["/thread"] * 10]
    env = {"PYTHONPATH": str(_ROOT)}
    with ServerProcess(argv, addresses=[("127.0.0.1", port)], cwd=_CHILDREN, env=env) as server:
        server.wait_ready()
        with ThreadPoolExecutor(len(paths)) as pool:
            answers = list(pool.map(get, paths))
    module = '"uvloop"' if loop == "uvloop" else '"asyncio.unix_events"'
    assert answers == [module] * 30 + ['"thread"'] * 10
