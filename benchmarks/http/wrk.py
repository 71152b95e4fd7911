"""Run wrk and read its figures, which a Lua function prints as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Figures", "Load", "run_wrk", "wrk_path"]

# Percentiles come from wrk's histogram of every response, whether --latency is given or not.
_DONE: Final = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'FIGURES {"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "bytes": %.0f, ' ..
    '"errors": %d, "read_errors": %d, "statuses": %d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.bytes, e.connect + e.write + e.timeout, e.read, e.status))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients do.

    :param connections: how many ask at once
    :param body: bytes to post with each request; 0 means GET
    :param fields: header fields of a request, Host among them
    :param reply: bytes in the body of each answer
    :param ends_at_close: whether an answer ends with its connection
    """

    connections: int
    body: int = 0
    fields: int = 1
    reply: int = 0
    ends_at_close: bool = False

    def headers(self) -> list[tuple[str, str]]:
        """The fields beside Host."""
        return [(f"X-Field-{number:03}", f"value of field {number}") for number in range(1, self.fields)]


@dataclass(frozen=True, slots=True)
class Figures:
    """One run.

    :param errors: connections refused, not writable or timed out
    :param read_errors: connections that ended while a response was read; wrk counts each response
        whose end is the end of the connection as one
    :param statuses: responses with status 400 or more
    :param problem: why the figures do not count; empty if they do
    :param requests: how many were answered
    :param cpu_us: CPU time of the server's processes for each request, user and system, in
        microseconds; 0 if it is not known
    """

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    read_errors: int
    statuses: int
    problem: str = ""
    requests: int = 0
    cpu_us: float = 0.0


def wrk_path() -> str | None:
    """Where wrk is, or ``None``."""
    return shutil.which("wrk")


def run_wrk(url: str, load: Load, *, seconds: int, prefix: list[str]) -> Figures:
    """Ask ``url`` for a while, from one thread.

    :param prefix: command put before wrk, to pin it to a core
    """
    with tempfile.TemporaryDirectory(prefix="wrk-") as directory:
        lua = Path(directory) / "script.lua"
        lua.write_text(_script(load))
        options = [f"-c{load.connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(lua)]
        output = subprocess.run(
            [*prefix, "wrk", "-t1", *options, url],
            capture_output=True,
            text=True,
            timeout=seconds + 60,
            check=True,
        ).stdout
    return _figures(output, load)


def _script(load: Load) -> str:
    lines = [_DONE]
    if load.body:
        lines.append(f'wrk.method = "POST"\nwrk.body = string.rep("x", {load.body})')
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in load.headers()]
    return "\n".join(lines) + "\n"


def _figures(output: str, load: Load) -> Figures:
    for line in output.splitlines():
        if line.startswith("FIGURES "):
            read = json.loads(line.removeprefix("FIGURES "))
            problem = _problem(read, load)
            requests, seconds, _ = read.pop("requests"), read.pop("seconds"), read.pop("bytes")
            return Figures(round(requests / seconds, 1), **read, problem=problem, requests=requests)
    raise ValueError(f"wrk printed no figures: {output!r}")


def _problem(read: dict[str, float], load: Load) -> str:
    """Say what makes a run worthless: anything but right answers."""
    found = []
    if not read["requests"]:
        found.append("no request was answered")
    if read["errors"]:
        found.append(f"{read['errors']} socket errors")
    if read["statuses"]:
        found.append(f"{read['statuses']} answers with status 400 or more")
    # Where an answer ends with its connection, each end counts as one, so that they tell nothing.
    if read["read_errors"] and not load.ends_at_close:
        found.append(f"{read['read_errors']} answers cut short")
    if read["bytes"] < read["requests"] * load.reply:
        found.append(f"answers of less than {load.reply} bytes")
    return ", ".join(found)
