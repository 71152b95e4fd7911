"""Waking asyncio's selector loop from another thread, which goes on before the loop does, as under libev.

``socket.send`` lets go of the interpreter lock: often the woken thread then overtakes. gevent's thread
pool, for one, would see its worker busy with a task that is done, and start another.
"""

from __future__ import annotations

from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Callable
from typing import Any, Final

__all__ = ["install_prompt_wakeups"]


def _write_keeping_gil() -> Callable[[int, bytes, int], int] | None:
    """Return write(2) for non-blocking descriptors; None where there is no ctypes."""
    try:
        import ctypes
    except ImportError:
        return None
    write: Any = ctypes.PyDLL(None).write
    write.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
    write.restype = ctypes.c_ssize_t
    return write  # type: ignore[no-any-return]


# Now and not at first need: that may be in the hub, where the patched import lock must not wait.
_WRITE: Final = _write_keeping_gil()


def install_prompt_wakeups() -> None:
    """Change how asyncio's selector loops write to their self-pipe; any number of times."""
    write = _WRITE
    if write is None:
        return

    def _write_to_self(self: Any) -> None:
        wakeup = self._csock
        if wakeup is not None:
            # Closed meanwhile: -1. Full: the loop is awake already. Neither is an error.
            write(wakeup.fileno(), b"\0", 1)

    BaseSelectorEventLoop._write_to_self = _write_to_self  # type: ignore[attr-defined]
