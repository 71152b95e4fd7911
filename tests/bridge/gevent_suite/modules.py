"""Which modules gevent's own suite has, and how each has to be run."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

__all__ = ["ALONE", "FAST", "has_examples", "suite_folder", "suite_modules", "timeout_of"]

# Seconds; upstream's runner gives 100 to a group of five modules on a machine of its own.
_TIMEOUT: Final = 180.0
_LONG: Final = {
    "test__examples": 300.0,
    "test__fileobject": 300.0,
    "test__memleak": 300.0,
    "test__pywsgi": 300.0,
    "test__threadpool": 300.0,
    "test__util": 300.0,
}

# Modules that listen on a fixed port, or that measure time so closely that a
# busy second core makes them fail on every loop.
ALONE: Final = frozenset(
    {
        "test__core_stat",
        "test__example_echoserver",
        "test__example_portforwarder",
        "test__example_udp_client",
        "test__example_udp_server",
        "test__example_webproxy",
        "test__example_wsgiserver",
        "test__example_wsgiserver_ssl",
        "test__examples",
        "test__hub_join_timeout",
        "test__issue6",
        "test__monkey_fork_atomic",  # sixteen interpreters, one after another, in two seconds
        "test__util",
    }
)

# Under a minute on two cores, and nearly every promise of the loop touched at least once.
FAST: Final = (
    "test__api",
    "test__api_timeout",
    "test__core_async",
    "test__core_callback",
    "test__core_fork",
    "test__core_loop_run",
    "test__core_timer",
    "test__core_watcher",
    "test__destroy",
    "test__destroy_default_loop",
    "test__event",
    "test__exc_info",
    "test__greenio",
    "test__hub_join",
    "test__issue112",
    "test__issue600",
    "test__issue639",
    "test__iwait",
    "test__loop_callback",
    "test__memleak",
    "test__monkey_hub_in_thread",
    "test__monkey_selectors",
    "test__nondefaultloop",
    "test__order",
    "test__os",
    "test__refcount_core",
    "test__select",
    "test__selectors",
    "test__semaphore",
    "test__signal",
    "test__sleep0",
    "test__socket_close",
    "test__socketpair",
    "test__subprocess_poll",
    "test__systemerror",
    "test__timeout",
)


# Starts the standard library's tests of gevent's source tree, which no wheel holds.
_NEEDS_SOURCE_TREE: Final = "test___monkey_patching"


def suite_folder() -> Path:
    """Return the folder of ``gevent.tests``, without importing gevent."""
    spec = importlib.util.find_spec("gevent")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "tests"


def suite_modules() -> list[str]:
    """Return the names of all test modules in ``gevent.tests``, sorted."""
    return sorted({path.stem for path in suite_folder().glob("test_*.py")} - {_NEEDS_SOURCE_TREE})


def has_examples(module: str) -> bool:
    """Tell whether *module* tests gevent's examples and would take those of a project for them.

    No wheel holds them, and the modules skip themselves, except where gevent lies below a
    ``setup.py``, as it does in this project's ``.venv``.
    """
    below_setup_py = any((folder / "setup.py").exists() for folder in suite_folder().parents)
    return below_setup_py and module.startswith("test__example")


def timeout_of(module: str) -> float:
    """Return how many seconds a module may take."""
    return _LONG.get(module, _TIMEOUT)
