"""Fixtures of the tests with the programs that a service usually lives among."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.engine_process import ENGINE_KIND, EngineProcess

APPS = Path(__file__).parent / "apps"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if ENGINE_KIND != "engine":
                item.add_marker(pytest.mark.skip(reason="these tests are about the engine"))


def engine(module: str, *options: str, **kwargs: object) -> EngineProcess:
    """An engine with a module of ``apps``, patched early, with 100 cores unless told otherwise."""
    cores = [] if "--gevent" in options else ["--gevent", "100"]
    chdir = [] if "--chdir" in options else ["--chdir", str(APPS)]
    options = ("--gevent-early-monkey-patch", *chdir, *cores, "--module", module, *options)
    return EngineProcess(*options, **kwargs)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def start() -> Iterator[object]:
    """Start engines that end with the module: ``start("shop", "--processes", "2", ...)``."""
    with ExitStack() as stack:
        yield lambda module, *options, **kwargs: stack.enter_context(
            engine(module, *options, **kwargs)
        ).wait_ready()
