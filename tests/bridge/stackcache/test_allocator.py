"""The allocator functions themselves, called as CPython calls them, but without the GIL."""

import pytest

from .arena import CHUNK, Allocator


@pytest.fixture
def installed(native_cache):
    native_cache.install(64)
    return native_cache


def test_a_freed_chunk_is_the_next_one(installed, arena):
    chunk = arena.alloc()
    arena.free(chunk)
    assert arena.alloc() == chunk
    arena.free(chunk)


@pytest.mark.parametrize("size", [4096, CHUNK - 1, CHUNK + 1, 2 * CHUNK, 1 << 20])
def test_other_sizes_are_never_kept(installed, arena, size):
    before = installed.statistics()
    arena.free(arena.alloc(size), size)
    assert installed.statistics() == before


def test_a_chunk_from_before_the_install_may_be_kept(native_cache, arena):
    chunk = arena.alloc()
    native_cache.install()
    arena.free(chunk)
    assert native_cache.statistics().cached == 1
    assert arena.alloc() == chunk
    native_cache.uninstall()
    arena.free(chunk)


def test_uninstall_puts_the_former_allocator_back(native_cache, arena):
    former = arena.current().addresses()
    native_cache.install()
    assert arena.current().addresses() != former
    native_cache.uninstall()
    assert arena.current().addresses() == former


def test_the_context_stays_that_of_the_former_allocator(native_cache, arena):
    former = arena.current().ctx
    native_cache.install()
    assert arena.current().ctx == former


def test_put_over_by_another_allocator_nothing_is_kept_or_lost(native_cache, arena):
    former = arena.current()
    native_cache.install()
    chunk = arena.alloc()
    arena.free(chunk)
    ours = arena.current()
    another = Allocator(ctx=1, alloc=former.alloc, free=former.free)  # the default ignores ctx
    arena.set(another)
    try:
        assert not native_cache.install(), "a second time could make calls go round in a ring"
        assert not native_cache.uninstall()
        assert native_cache.statistics().cached == 0
        chunk = ours.alloc(ours.ctx, CHUNK)  # as the other allocator would pass on
        ours.free(ours.ctx, chunk, CHUNK)
        assert native_cache.statistics().cached == 0
    finally:
        arena.set(ours)
    assert native_cache.install()
    assert native_cache.uninstall()


def test_reset_to_the_former_allocator_it_can_be_installed_again(native_cache, arena):
    """A second Py_Initialize() in one process resets the allocator (CPython 3.12 and later)."""
    former = arena.current()
    native_cache.install()
    arena.set(former)
    assert native_cache.install()
    assert arena.current().addresses() != former.addresses()
