"""Fixtures for the chunk cache: it belongs to the process, so each test puts it back as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge._stackcache._cache import StackCache
from bridge._stackcache._settings import Settings

from .arena import Arena
from .child import run_child

NATIVE_BUILT = StackCache(Settings()).available()
needs_native = pytest.mark.skipif(not NATIVE_BUILT, reason="bridge._stackcache._native was not built")


@pytest.fixture(params=[pytest.param("native", marks=needs_native), "pure"])
def cache(request: pytest.FixtureRequest) -> Iterator[StackCache]:
    """The compiled cache and its stand-in; not installed, and empty."""
    yield from _restored(StackCache(Settings(), pure=request.param == "pure"))


@pytest.fixture
def native_cache() -> Iterator[StackCache]:
    """The compiled cache; not installed, and empty."""
    if not NATIVE_BUILT:
        pytest.skip("bridge._stackcache._native was not built")
    yield from _restored(StackCache(Settings()))


def _restored(cache: StackCache) -> Iterator[StackCache]:
    before = cache.statistics()
    assert cache.uninstall()
    yield cache
    cache.uninstall()
    if before.installed:
        cache.install(before.capacity)


@pytest.fixture
def arena() -> Iterator[Arena]:
    """CPython's arena allocator, put back after the test."""
    arena = Arena()
    found = arena.current()
    yield arena
    arena.set(found)


@pytest.fixture
def child() -> Callable[..., str]:
    """Run ``children/<name>.py`` in a process of its own; its output, or a failure that shows it."""
    directory = Path(__file__).parent / "children"
    return lambda name, *options, **environment: run_child(directory / f"{name}.py", *options, **environment)
