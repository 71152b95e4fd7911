"""Django as a plain ``asgi:`` application in a patched program, many requests at once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest

from tests.support.http_client import get

pytestmark = [
    pytest.mark.engine_only("uWSGI has no ASGI"),
    pytest.mark.skipif(find_spec("django") is None, reason="django is not installed"),
]

_TOGETHER = 50


@pytest.mark.parametrize(
    ("kind", "backend"), [("asgi", "asyncio"), ("asgi", "uvloop"), ("asgi+green", "uvloop")]
)
def test_fifty_requests_at_once(start_engine, tmp_path, kind, backend):
    """The host waits in gevent for the locks of asgiref's executor, and other greenlets run meanwhile."""
    if find_spec("uvloop") is None and backend == "uvloop":
        pytest.skip("no uvloop")
    engine = start_engine(
        "--gevent=100",
        "--gevent-early-monkey-patch",
        f"--loop-backend={backend}",
        "--module",
        f"{kind}:frameworks.django_under_load:application",
        env={**os.environ, "DATABASE": str(tmp_path / "db.sqlite3")},
    )
    with ThreadPoolExecutor(_TOGETHER) as pool:
        for target in ("/sync", "/async", "/adapted", "/there-and-back"):
            replies = list(pool.map(lambda _: get(engine.http, target), range(_TOGETHER)))  # noqa: B023
            assert [(reply.status, reply.text) for reply in replies] == [(200, "first")] * _TOGETHER, target
