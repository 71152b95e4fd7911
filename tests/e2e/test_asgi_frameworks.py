"""FastAPI, Starlette, Django and Quart as they are, at the root and mounted, over HTTP and over uwsgi."""

from __future__ import annotations

import json
import threading
from importlib.util import find_spec

import pytest

from tests.e2e.conftest import APPS, asking, over_both
from tests.support.http_client import get
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI has no ASGI")


@pytest.fixture(scope="module", params=["starlette", "fastapi", "django", "quart"])
def framework(request):
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return request.param


@pytest.fixture(scope="module", params=["", "/sub"], ids=["root", "mounted"])
def server(request, framework, tmp_path_factory):
    """The framework's application in a program that gevent has patched, beside a WSGI one if mounted."""
    app = f"asgi:frameworks.with_{framework}:application"
    if request.param:
        where = ["--mount", f"{request.param}={app}", "--mount", "/=asgi_routes:wsgi"]
    else:
        where = ["--module", app]
    with over_both(tmp_path_factory, "--gevent-early-monkey-patch", *where) as engine:
        engine.mount = request.param
        yield engine


@pytest.fixture(params=["http", "uwsgi"])
def ask(request, server):
    there = asking(server, request.param)
    return lambda method, target, *rest: there(method, server.mount + target, *rest)


def test_a_request_is_what_it_was(server, ask):
    response = ask("GET", "/facts?a=1", [("X-Test", "yes")])
    assert json.loads(response.body) == {
        "path": f"{server.mount}/facts",
        "route": f"{server.mount}/facts",
        "query": {"a": "1"},
        "state": "in lifespan",
        "header": "yes",
    }
    assert response.header("x-middleware") == "passed"


@pytest.mark.parametrize("size", [0, 100, 3_000_000])
def test_a_body_comes_back(ask, size):
    assert ask("POST", "/echo", (), b"x" * size).body == b"x" * size


def test_a_stream(ask):
    response = ask("GET", "/stream")
    assert (response.text, response.complete) == ("0\n1\n2\n3\n4\n", True)


def test_a_function_that_the_framework_runs_in_a_thread(ask):
    assert ask("GET", "/in-thread").text == "from a thread"


def test_many_at_once(ask):
    texts = []
    threads = [
        threading.Thread(target=lambda: texts.append(ask("GET", "/in-thread").text)) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["from a thread"] * 12


def test_an_exception(ask):
    assert ask("GET", "/boom").status == 500


def test_a_file(ask, framework):
    expected = (APPS / "frameworks" / f"with_{framework}.py").read_bytes()
    assert ask("GET", "/file").body == expected


def test_not_found(ask):
    assert ask("GET", "/nothing").status == 404


def test_background_work(server, framework, ask):
    if framework not in ("starlette", "fastapi"):
        pytest.skip("has no background tasks")
    ask("GET", "/stream")
    wait_until(
        lambda: "background" in json.loads(get(server.http, f"{server.mount}/done").body),
        timeout=5,
        what="the background task",
    )


def test_the_wsgi_application_beside_it(server):
    if not server.mount:
        pytest.skip("there is none")
    assert json.loads(get(server.http, "/x").body)["PATH_INFO"] == "/x"
