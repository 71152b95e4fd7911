"""Tests of gevent's suite that say nothing about the bridge, each with the reason.

Nothing here is behaviour that a program using gevent's documented API can see in the same situation.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

__all__ = ["AS_GUEST", "EVERYWHERE", "not_applicable"]

_NO_LOOP_EXIT: Final = (
    "waits for LoopExit: while an asyncio loop runs, one of its tasks may still wake the greenlet"
)
_JOINS_HUB: Final = (
    "waits until gevent's loop has nothing left to do and ends; a host's loop never ends by itself"
)

_IN_MAIN: Final = "compares what is printed for tests that run in the process's main greenlet"

# "module" or "module.Class.test" (with * for any text) -> why.
EVERYWHERE: Final[dict[str, str]] = {
    "test__close_backend_fd": "closes libev's own epoll descriptor; is skipped by itself elsewhere",
    "test__core.TestLibuvCffi.*": "runs gevent's built-in back ends by name, whatever GEVENT_LOOP says",
    "test__core.TestLibevCffi.*": "runs gevent's built-in back ends by name, whatever GEVENT_LOOP says",
    "test__core.TestLibevCext.*": "runs gevent's built-in back ends by name, whatever GEVENT_LOOP says",
}

# The same for guest runs only.
AS_GUEST: Final[dict[str, str]] = {
    "test__hub_join": _JOINS_HUB,
    "test__hub_join_timeout": _JOINS_HUB,
    "test__order.TestSleep0.test": _JOINS_HUB,
    "test__queue.*.test_peek_empty": _NO_LOOP_EXIT,
    "test__semaphore.TestSemaphoreFair.test_fair_or_hangs": _NO_LOOP_EXIT,
    "test__threading_vs_settrace.*.test_untraceable_lock_uses_same_lock": _NO_LOOP_EXIT,
    "test__greenlet.TestBasic.test_tree_locals": _IN_MAIN,
    "test__util.TestTree.test_tree": _IN_MAIN,
    "test__threading": "asserts that the process has no hub yet when it is imported",
}


def not_applicable(module: str, test: str = "", *, guest: bool = False) -> str | None:
    """Return why a test, or with no *test* the whole module, does not count; None if it does."""
    tables = [EVERYWHERE, AS_GUEST] if guest else [EVERYWHERE]
    for table in tables:
        for pattern, reason in table.items():
            if pattern == module or (test and fnmatchcase(f"{module}.{test}", pattern)):
                return reason
    return None
