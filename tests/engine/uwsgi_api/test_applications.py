"""``uwsgi.applications``."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.apps.application import Application
from engine.errors import AppLoadError
from engine.uwsgi_api.applications import with_declared


def one(environ: Any, start_response: Any) -> list[bytes]:
    return []


def two(environ: Any, start_response: Any) -> list[bytes]:
    return []


APPS = (Application(0, "", one), Application(1, "/two", one), Application(2, "/three", one))


def declared(value: Any) -> list[tuple[int, str, Any]]:
    found = with_declared(APPS, SimpleNamespace(applications=value))  # type: ignore[arg-type]
    return [(app.number, app.mountpoint, app.call) for app in found]


def test_without_any_all_stays() -> None:
    assert declared(None) == [(0, "", one), (1, "/two", one), (2, "/three", one)]


def test_they_take_the_place_of_others_at_their_paths() -> None:
    assert declared({b"": two, "/two/": two}) == [(0, "", two), (1, "/two", two), (2, "/three", one)]


@pytest.mark.parametrize(
    ("value", "text"),
    [([one], "must be a dict"), ({5: one}, "must be str"), ({"x": one}, "slash"), ({"/x": 5}, "be called")],
)
def test_what_makes_no_sense_is_refused(value: Any, text: str) -> None:
    with pytest.raises(AppLoadError, match=text):
        declared(value)
