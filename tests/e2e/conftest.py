"""Fixtures of the end-to-end tests: servers, and one way to ask over either protocol."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Protocol

import pytest

from tests.support.addresses import Address
from tests.support.engine_process import ENGINE_KIND, EngineProcess
from tests.support.http_client import HttpConnection, get
from tests.support.ports import free_port
from tests.support.responses import Response
from tests.support.uwsgi_client import uwsgi_request
from tests.support.waiting import wait_until

APPS: Final = Path(__file__).parent / "apps"


class Ask(Protocol):
    """Send one request on a connection of its own and read the response."""

    def __call__(
        self, method: str, target: str, headers: Iterable[tuple[str, str]] = ..., body: bytes = ...
    ) -> Response: ...


StartEngine = Callable[..., EngineProcess]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "engine_only(reason): uWSGI does this otherwise; see E2E_ENGINE")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.e2e)
        only = item.get_closest_marker("engine_only")
        if only is not None and ENGINE_KIND != "engine":
            item.add_marker(pytest.mark.skip(reason=str(only.args[0])))


@pytest.fixture(scope="session")
def apps() -> Path:
    """The directory of the applications."""
    return APPS


@pytest.fixture
def start_engine() -> Iterator[StartEngine]:
    """Start engines that end with the test: ``start_engine("--module", "routes", ...)``.

    They run in the directory of the applications, with 20 cores unless told otherwise.
    """
    with ExitStack() as stack:

        def start(*args: str, **kwargs: object) -> EngineProcess:
            return stack.enter_context(_engine(*args, **kwargs)).wait_ready()

        yield start


def _engine(*args: str, **kwargs: object) -> EngineProcess:
    options = list(args)
    if not {"--gevent", "--async", "--ini"} & {option.split("=")[0] for option in options}:
        options = ["--gevent", "20", *options]
    if "--chdir" not in options:
        options = ["--chdir", os.fspath(APPS), *options]
    return EngineProcess(*options, **kwargs)  # type: ignore[arg-type]


@pytest.fixture
def address() -> tuple[str, int]:
    """Where nobody listens yet."""
    return ("127.0.0.1", free_port())


@pytest.fixture
def start_answering(start_engine: StartEngine) -> StartEngine:
    """As :func:`start_engine`, but once ``GET path`` (``/``) is answered with 200: workers and all."""

    def start(*args: str, path: str = "/", **kwargs: object) -> EngineProcess:
        engine = start_engine(*args, **kwargs)
        wait_until(lambda: get(engine.http, path).status == 200, timeout=20, what="an answer")
        return engine

    return start


@contextmanager
def over_both(factory: pytest.TempPathFactory, *args: str) -> Iterator[EngineProcess]:
    """An engine with an HTTP port and, as its second address, a unix socket that speaks uwsgi."""
    address = ("127.0.0.1", free_port())
    path = factory.mktemp("uwsgi") / "app.sock"
    listen = ["--http-socket", f"{address[0]}:{address[1]}", "--socket", str(path)]
    with _engine(*listen, *args, addresses=[address, path]) as engine:
        yield engine.wait_ready()


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """``apps/routes.py`` on an HTTP port and on a unix socket that speaks uwsgi, for one module's tests."""
    with over_both(tmp_path_factory, "--module", "routes") as engine:
        yield engine


@pytest.fixture
def http(routes: EngineProcess) -> Iterator[HttpConnection]:
    """A fresh HTTP connection to :func:`routes`."""
    with HttpConnection(routes.http) as connection:
        yield connection


@pytest.fixture(params=["http", "uwsgi"])
def ask(request: pytest.FixtureRequest, routes: EngineProcess) -> Ask:
    """Ask :func:`routes` over HTTP, then again over uwsgi: results are to be the same."""
    return asking(routes, request.param)


def asking(engine: EngineProcess, protocol: str) -> Ask:
    """Ask an engine of :func:`over_both`, over ``http`` or ``uwsgi``."""
    address: Address = engine.addresses[0 if protocol == "http" else 1]

    def over_http(
        method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> Response:
        with HttpConnection(address) as connection:
            return connection.request(method, target, [*headers, ("Connection", "close")], body)

    def over_uwsgi(
        method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> Response:
        return uwsgi_request(address, method, target, headers, body)

    return over_http if protocol == "http" else over_uwsgi
