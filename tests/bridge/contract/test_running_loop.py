"""The running loop as the bridge reads and writes it is the one that asyncio knows."""

from __future__ import annotations

import asyncio
import ctypes
import os
import threading
from asyncio.events import _get_running_loop, _set_running_loop

import pytest

from bridge._compat import PY312
from bridge._hub import running_loop
from bridge._hub.running_loop import get_running_loop, set_running_loop

COMPILED = not running_loop.__file__.endswith(".py")


@pytest.fixture(autouse=True)
def none_afterwards():
    before = _get_running_loop()
    yield
    _set_running_loop(before)


def test_each_sees_what_the_other_sets() -> None:
    one, two = object(), object()
    _set_running_loop(one)  # type: ignore[arg-type]
    assert get_running_loop() is one
    set_running_loop(two)  # type: ignore[arg-type]
    assert _get_running_loop() is two
    assert asyncio.get_running_loop() is two
    set_running_loop(None)
    assert _get_running_loop() is None
    assert get_running_loop() is None
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_threads_have_their_own() -> None:
    seen: list[object] = []
    mine, other = object(), object()

    def run() -> None:
        seen.append(get_running_loop())  # nothing was ever set here
        set_running_loop(None)
        seen.append(_get_running_loop())
        set_running_loop(other)  # type: ignore[arg-type]
        seen.append(_get_running_loop())
        seen.append(get_running_loop())
        set_running_loop(None)

    set_running_loop(mine)  # type: ignore[arg-type]
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [None, None, other, other]
    assert _get_running_loop() is mine


def test_a_loop_is_not_kept_alive_nor_freed_too_early() -> None:
    class Loop:
        ended = False

        def __del__(self) -> None:
            Loop.ended = True

    set_running_loop(Loop())  # type: ignore[arg-type]
    for _ in range(3):
        set_running_loop(get_running_loop())
        assert not Loop.ended
    set_running_loop(None)
    assert Loop.ended


def test_a_forked_process_runs_no_loop_until_it_sets_one() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                before = (_get_running_loop(), get_running_loop())
                set_running_loop(loop)
                if before == (None, None) and _get_running_loop() is loop is get_running_loop():
                    status = 0
            finally:
                os._exit(status)
        return os.waitpid(pid, 0)[1]  # noqa: ASYNC222

    assert asyncio.run(main()) == 0


@pytest.mark.skipif(not COMPILED or PY312, reason="asyncio's own functions are called")
def test_the_compiled_one_makes_no_new_record() -> None:
    address = ctypes.pythonapi.PyThreadState_GetDict
    address.restype = ctypes.c_void_p
    of_thread = ctypes.cast(address(), ctypes.py_object).value
    _set_running_loop(object())  # type: ignore[arg-type]
    (record,) = [value for key, value in of_thread.items() if "running_event_loop" in str(key)]
    set_running_loop(object())  # type: ignore[arg-type]
    assert record in of_thread.values()
    _set_running_loop(None)
    assert record not in of_thread.values()
