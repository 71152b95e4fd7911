from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.conftest import _engine
from tests.support.http2_client import Http2Client

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


def _server(*args):
    return _engine("--chdir", str(HERE / "apps"), "--http2", "on", "--module", "http2_app", *args)


@pytest.fixture
def start_http2():
    """Start engines that speak HTTP/2 without TLS, and end with the test."""
    with ExitStack() as stack:
        yield lambda *args: stack.enter_context(_server(*args)).wait_ready()


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def server(request):
    with _server("--limit-post", "1000000", "--loop-backend", request.param) as engine:
        yield engine.wait_ready()


@pytest.fixture
def client(server):
    with Http2Client(server.http) as client:
        yield client
