"""CPython's arena allocator, called straight through ctypes.

Calls through :meth:`Arena.alloc` and :meth:`Arena.free` do not hold the GIL,
so threads that make them really run side by side, as a dying thread's do.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

CHUNK = 16 * 1024

_Alloc = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_Free = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


class Allocator(ctypes.Structure):
    """``PyObjectArenaAllocator`` of the C API."""

    _fields_ = [("ctx", ctypes.c_void_p), ("alloc", _Alloc), ("free", _Free)]

    def addresses(self) -> tuple[int, int]:
        """Return where the two functions are."""
        return _address(self.alloc), _address(self.free)


def _address(function: Callable[..., object]) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


class Arena:
    """The process's arena allocator."""

    def current(self) -> Allocator:
        """Return a copy of what CPython uses now."""
        found = Allocator()
        ctypes.pythonapi.PyObject_GetArenaAllocator(ctypes.byref(found))
        return found

    def set(self, allocator: Allocator) -> None:
        """Make CPython use this one."""
        ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(allocator))

    def alloc(self, size: int = CHUNK) -> int:
        """Return the address of new memory; the GIL is not held in the call."""
        now = self.current()
        address: int = now.alloc(now.ctx, size)
        return address

    def free(self, address: int, size: int = CHUNK) -> None:
        """Give memory back; the GIL is not held in the call."""
        now = self.current()
        now.free(now.ctx, address, size)
