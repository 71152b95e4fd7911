"""Django hears that a request is over, also where it could not see it."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from engine.apps.wsgi.frameworks import tell_of_end
from engine.errors import HarakiriError
from tests.engine.apps.test_wsgi_adapter import Site


class Signal:
    """``request_finished``, with receivers that answer this."""

    def __init__(self, *answers: object) -> None:
        self.answers = answers
        self.sent = 0

    def send_robust(self, sender):
        self.sent += 1
        return [("receiver", answer) for answer in self.answers]


@pytest.fixture
def signal(monkeypatch):
    signal = Signal(None, ValueError("no"))
    monkeypatch.setitem(sys.modules, "django.core.signals", SimpleNamespace(request_finished=signal))
    return signal


def site(error, *, after=False):
    def app(environ, start_response):
        if not after:
            raise error
        start_response("200 OK", [])
        return reply()

    def reply():
        yield b"one"
        raise error

    return Site(app)


def serve(site):
    try:
        site.serve()
    except BaseException as exc:
        return exc
    return None


@pytest.mark.parametrize("error", [HarakiriError("late"), KeyboardInterrupt(), SystemExit(1)])
def test_it_is_told_once_of_a_request_that_ended_without_a_response(signal, error):
    served = site(error)
    assert serve(served) is (None if isinstance(error, SystemExit) else error)
    assert signal.sent == 1
    assert any("ValueError('no')" in line for line in served.log)


@pytest.mark.parametrize("served", [site(ValueError()), site(HarakiriError("late"), after=True)])
def test_it_is_not_where_its_own_code_saw_the_end(signal, served):
    serve(served)
    assert signal.sent == 0


def test_without_django_nothing_happens(monkeypatch):
    monkeypatch.delitem(sys.modules, "django.core.signals", raising=False)
    tell_of_end(pytest.fail)


def test_a_signal_that_cannot_be_sent_is_logged(monkeypatch):
    monkeypatch.setitem(sys.modules, "django.core.signals", SimpleNamespace())
    log: list[str] = []
    tell_of_end(log.append)
    assert "request_finished" in log[0]
