"""The real curl, with the time at which each part of its output arrived."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from tests.support.responses import Piece

__all__ = ["Curl", "curl_path"]


def curl_path() -> str | None:
    """Where curl is, or ``None``."""
    return shutil.which("curl")


class Curl:
    """``curl -N URL``: ``-N`` because curl otherwise keeps output back until a buffer is full."""

    def __init__(self, url: str, *options: str, max_time: float = 30.0) -> None:
        self.started = time.monotonic()
        self.pieces: list[Piece] = []
        self._popen = subprocess.Popen(
            [curl_path() or "curl", "-q", "-sS", "-N", "--max-time", str(max_time), *options, url],
            env={key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait()
        if self._popen.stdout is not None:
            self._popen.stdout.close()

    def __iter__(self) -> Iterator[Piece]:
        """Read what curl prints as it prints it, to the end."""
        assert self._popen.stdout is not None
        while data := os.read(self._popen.stdout.fileno(), 65536):
            piece = Piece(time.monotonic(), data)
            self.pieces.append(piece)
            yield piece

    def read_until(self, text: bytes) -> float:
        """Read until the output holds ``text``; return when it arrived, in ``time.monotonic()`` seconds."""
        if text in self.output:
            raise AssertionError(f"{text!r} had been read already")
        for piece in self:
            if text in self.output:
                return piece.at
        raise AssertionError(f"{text!r} is not in {self.output!r}")

    def wait(self, timeout: float = 30.0) -> int:
        """Read the rest and return curl's exit status."""
        for _piece in self:
            pass
        return self._popen.wait(timeout)

    @property
    def output(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces)
