"""The module in ``sys.modules``, and which request it acts for."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

import gevent
import gevent.event
import pytest

import bridge
from engine.uwsgi_api.context import (
    NOT_IN_REQUEST,
    RequestContext,
    _on_spawn,
    current_exchange,
    enter_request,
    the_request,
)
from engine.uwsgi_api.module import put_in_place


class FakeExchange:
    ended = False

    def is_ended(self) -> bool:
        return self.ended


@pytest.fixture
def in_place() -> Iterator[list[str]]:
    noticed: list[str] = []
    put_in_place(ModuleType("uwsgi"), lambda: noticed.append("import"))
    yield noticed
    del sys.modules["uwsgi"]


def test_an_import_is_noticed(in_place: list[str]) -> None:
    assert "uwsgi" in sys.modules
    assert in_place == []
    exec("import uwsgi")
    assert in_place
    in_place.clear()
    assert importlib.import_module("uwsgi") is sys.modules["uwsgi"]
    assert in_place


def test_the_module_has_a_spec(in_place: list[str]) -> None:
    spec = importlib.util.find_spec("uwsgi")
    assert spec is not None
    assert spec.name == "uwsgi"


@pytest.fixture
def following() -> Iterator[None]:
    gevent.Greenlet.add_spawn_callback(_on_spawn)
    yield
    gevent.Greenlet.remove_spawn_callback(_on_spawn)


def in_request(exchange: FakeExchange, what):
    """Run *what* as the worker does: in a greenlet whose context knows the request."""

    def run():
        enter_request(exchange)  # type: ignore[arg-type]
        return what()

    return gevent.spawn(run).get()


def test_outside_of_requests_there_is_none() -> None:
    assert gevent.spawn(current_exchange).get() is None
    with pytest.raises(SystemError, match=NOT_IN_REQUEST):
        the_request()


def test_greenlets_know_the_request_they_come_from(following: None) -> None:
    exchange = FakeExchange()

    def deep():
        return gevent.spawn(lambda: gevent.spawn(current_exchange).get()).get()

    assert in_request(exchange, deep) is exchange
    assert in_request(exchange, lambda: bridge.spawn(current_exchange).get()) is exchange
    assert gevent.spawn(current_exchange).get() is None


def test_a_request_that_is_over_is_no_longer_the_current_one(following: None) -> None:
    exchange = FakeExchange()

    def ask() -> str:
        try:
            the_request()
        except SystemError as error:
            return str(error)
        return "still there"

    assert in_request(exchange, lambda: gevent.spawn(ask).get()) == "still there"
    over = gevent.event.Event()
    later = in_request(exchange, lambda: gevent.spawn(lambda: over.wait() and ask()))
    exchange.ended = True
    over.set()
    assert later.get() == NOT_IN_REQUEST


def test_a_context_is_for_everywhere() -> None:
    exchange, other = FakeExchange(), FakeExchange()
    context = RequestContext(exchange)  # type: ignore[arg-type]

    def elsewhere():
        with context:
            inside = current_exchange()
        return inside, current_exchange()

    assert in_request(other, elsewhere) == (exchange, other)
    assert gevent.get_hub().threadpool.apply(elsewhere) == (exchange, None)
