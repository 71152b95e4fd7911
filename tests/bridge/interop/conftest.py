"""Every test runs in four places, and fails if asyncio or gevent complains about something afterwards."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Callable, Iterator

import pytest

import bridge
from tests.bridge.interop.places import KINDS, Place

if os.environ.get("BRIDGE_TESTS_PATCHED"):
    bridge.patch_all()


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> Place:
    """Where the test's code runs."""
    found = Place(request.param)
    if not found.usable():
        pytest.skip("no uvloop")
    return found


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Return what was written to stderr since the last call."""
    return lambda: capsys.readouterr().err


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(self.format(record))


@pytest.fixture(scope="package", autouse=True)
def quick_collections() -> Iterator[None]:
    """Let the collection after each test of this folder look only at what came after now."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Fail on 'never retrieved', 'destroyed but pending', tasks left, tracebacks printed by gevent.

    Tests that ask for the fixture ``printed`` may print.
    """
    complaints = _Complaints()
    logger = logging.getLogger("asyncio")
    logger.addHandler(complaints)
    try:
        yield
        gc.collect()
        gc.collect()
    finally:
        logger.removeHandler(complaints)
    assert complaints.messages == []
    left = [task for task in _all_tasks() if not task.done() and not task.get_loop().is_closed()]
    assert left == []
    if "printed" not in request.fixturenames:
        assert capsys.readouterr().err == ""


def _all_tasks() -> list[asyncio.Task[object]]:
    registered = getattr(asyncio.tasks, "_scheduled_tasks", None) or getattr(asyncio.tasks, "_all_tasks", ())
    return list(registered)
