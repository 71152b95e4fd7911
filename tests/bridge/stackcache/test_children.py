"""What could crash or hang, each in a process of its own."""

import pytest

from .conftest import needs_native

ALLOCATORS = ["pymalloc", "pymalloc_debug", "malloc", "malloc_debug"]


def said_ok(output):
    if output == "no compiler\n":
        pytest.skip("hammer.c needs a C compiler")
    return output == "ok\n"


@needs_native
class TestNative:
    """With the compiled part."""

    @pytest.mark.parametrize("allocator", ALLOCATORS)
    def test_every_kind_of_greenlet_with_each_python_allocator(self, child, allocator):
        assert child("shapes", PYTHONMALLOC=allocator) == "ok\n"

    @pytest.mark.parametrize("options", [("-X", "tracemalloc=5"), ("-X", "dev")], ids=["tracemalloc", "dev"])
    def test_every_kind_of_greenlet_with_debugging_on(self, child, options):
        assert child("shapes", *options) == "ok\n"

    def test_a_million_greenlets_use_no_more_memory(self, child):
        assert int(child("million")) < 4 * 1024 * 1024

    def test_bursts_over_the_capacity_use_no_more_memory(self, child):
        assert int(child("bursts")) < 4 * 1024 * 1024

    def test_fork_while_another_thread_is_in_the_allocator(self, child):
        assert said_ok(child("forks"))

    def test_threads_without_the_gil_never_get_the_same_chunk(self, child):
        assert said_ok(child("hammered"))

    @pytest.mark.parametrize("ending", ["suspended", "daemon", "installed_late", "os_exit", "atexit"])
    def test_the_end_of_the_interpreter(self, child, ending):
        assert "ok\n" in child("endings", STACKCACHE_TEST_ENDING=ending)

    def test_sub_interpreters_share_it(self, child):
        assert child("subinterpreters") == "ok\n"

    @pytest.mark.parametrize("variable", [{"BRIDGE_STACKCACHE": "0"}, {"BRIDGE_STACKCACHE_CHUNKS": "0"}])
    def test_switched_off_nothing_is_installed(self, child, variable):
        assert child("state", **variable) == "available=False installed=False capacity=0\n"

    def test_the_capacity_comes_from_the_environment(self, child):
        assert child("state", BRIDGE_STACKCACHE_CHUNKS="33") == "available=True installed=True capacity=33\n"


def test_without_the_compiled_part_the_package_works(child):
    assert child("state", STACKCACHE_TEST_BLOCK="1") == "available=False installed=False capacity=0\n"


def test_without_the_compiled_part_greenlets_work(child):
    assert child("shapes", BRIDGE_PURE="1") == "ok\n"
