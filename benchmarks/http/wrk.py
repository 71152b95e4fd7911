"""Run wrk and read its figures, which a Lua function prints as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Figures", "run_wrk", "wrk_path"]

_DONE: Final = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'FIGURES {"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, ' ..
    '"errors": %d, "read_errors": %d, "statuses": %d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.write + e.timeout, e.read, e.status))
end
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """One run.

    :param errors: connections refused, not writable or timed out
    :param read_errors: connections that ended while a response was read; wrk counts each response
        whose end is the end of the connection as one
    :param statuses: responses other than 2xx and 3xx
    """

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    read_errors: int
    statuses: int


def wrk_path() -> str | None:
    """Where wrk is, or ``None``."""
    return shutil.which("wrk")


def run_wrk(url: str, *, connections: int, seconds: int, body: int = 0, prefix: list[str]) -> Figures:
    """Ask ``url`` from ``connections`` clients for a while, in one thread.

    :param body: bytes to post with each request; 0 means GET
    :param prefix: command put before wrk, to pin it to a core
    """
    script = _DONE
    if body:
        script += f'wrk.method = "POST"\nwrk.body = string.rep("x", {body})\n'
    with tempfile.TemporaryDirectory(prefix="wrk-") as directory:
        lua = Path(directory) / "script.lua"
        lua.write_text(script)
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(lua)]
        output = subprocess.run(
            [*prefix, "wrk", *options, url], capture_output=True, text=True, timeout=seconds + 60, check=True
        ).stdout
    return _figures(output)


def _figures(output: str) -> Figures:
    for line in output.splitlines():
        if line.startswith("FIGURES "):
            read = json.loads(line.removeprefix("FIGURES "))
            rate = round(read.pop("requests") / read.pop("seconds"), 1)
            return Figures(rate, **read)
    raise ValueError(f"wrk printed no figures: {output!r}")
