"""Threads that call the arena allocator in C, without the GIL, as fast as they can."""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
import sysconfig
import tempfile
import threading
from pathlib import Path
from types import TracebackType

from .arena import Arena


def build_hammer(directory: Path) -> ctypes.CDLL | None:
    """Compile hammer.c with the compiler that built Python; None if there is none."""
    library = directory / "hammer.so"
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    source = str(Path(__file__).with_name("hammer.c"))
    try:
        subprocess.run([*compiler, "-O2", "-shared", "-fPIC", "-o", str(library), source], check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = ctypes.CDLL(str(library))
    found.hammer.restype = ctypes.c_long
    return found


class Hammer:
    """So many threads in the allocator for as long as the ``with`` block lasts, or for so many rounds."""

    def __init__(self, threads: int, rounds: int = 2**60) -> None:
        with tempfile.TemporaryDirectory() as directory:
            self._library = build_hammer(Path(directory))
        self.wrong = 0
        self._stop = ctypes.c_int(0)
        self._threads = [
            threading.Thread(target=self._run, args=(number, rounds)) for number in range(1, threads + 1)
        ]

    def available(self) -> bool:
        """Tell whether there was a compiler."""
        return self._library is not None

    def _run(self, number: int, rounds: int) -> None:
        assert self._library is not None
        now = Arena().current()
        self.wrong += self._library.hammer(
            ctypes.c_void_p(now.ctx),
            now.alloc,
            now.free,
            ctypes.c_size_t(number),
            ctypes.c_long(rounds),
            ctypes.byref(self._stop),
        )

    def wait(self) -> None:
        """Wait until all rounds are over."""
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Hammer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.value = 1
        self.wait()
