"""Memory of an idle connection and of a suspended request, and what many idle connections cost a client.

    python -m benchmarks.memory

Proportional set size (PSS) of all processes of a server, before and after it is given that many; the
difference, divided.  What the kernel keeps for a socket is not in it.
"""

from __future__ import annotations

import argparse
import os
import select
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.growth import raise_limit
from benchmarks.http.peers import PEERS, Peer
from benchmarks.http.pinning import CLIENT_CORE, can_pin
from benchmarks.http.running import say, write
from benchmarks.http.serving import Served, Setting, WrongAnswerError, serving
from benchmarks.http.wrk import Load
from benchmarks.machine import machine, today
from benchmarks.places import RESULTS
from tests.support.http_client import get
from tests.support.waiting import wait_until

__all__ = ["COUNTS", "IDLE", "SUSPENDED", "measure", "table"]

COUNTS: Final = (1_000, 10_000)
IDLE: Final = "idle connections"
SUSPENDED: Final = "suspended requests"
APP: Final = "benchmarks.http.apps:hold"
_REQUEST: Final = b"GET %s HTTP/1.1\r\nHost: bench\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Held:
    """One run: what that many of a kind took.

    :param bytes_each: growth of PSS over the number
    :param p50_ms: of one client's requests meanwhile; ``alone`` are those before
    :param problem: why the figures do not count; empty if they do
    """

    bytes_each: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    alone_p50_ms: float = 0.0
    alone_p99_ms: float = 0.0
    problem: str = ""


def pss(served: Served) -> int:
    """Bytes of all processes of a server."""
    return sum(process.memory_full_info().pss for process in served.process.processes())


def settled_pss(served: Served) -> int:
    """Bytes once they stop changing: a server may still be busy with what it was given."""
    seen = [0, pss(served)]
    deadline = time.monotonic() + 10
    while abs(seen[-1] - seen[-2]) > 64 << 10 and time.monotonic() < deadline:
        time.sleep(0.3)
        seen.append(pss(served))
    return seen[-1]


def ask(address: tuple[str, int], seconds: float, *, keep_alive: bool) -> list[float]:
    """Send one request after the other; return how long each took, in milliseconds."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    sock: socket.socket | None = None
    while time.perf_counter() < end:
        began = time.perf_counter()
        if sock is None:
            sock = _connect(address)
        _exchange(sock)
        times.append((time.perf_counter() - began) * 1e3)
        if not keep_alive:
            sock.close()
            sock = None
    if sock is not None:
        sock.close()
    return sorted(times)


def _connect(address: tuple[str, int]) -> socket.socket:
    sock = socket.create_connection(address, 20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _exchange(sock: socket.socket) -> None:
    """Send a request and read its answer of 14 bytes."""
    sock.sendall(_REQUEST % b"/")
    answer = b""
    while not answer.endswith(b"Hello, world!\n"):
        more = sock.recv(65536)
        if not more:
            raise WrongAnswerError(f"the connection ended: {answer!r}")
        answer += more
    if not answer.startswith(b"HTTP/1.1 200"):
        raise WrongAnswerError(f"{answer[:60]!r}")


@contextmanager
def idle(address: tuple[str, int], number: int) -> Iterator[list[socket.socket]]:
    """Hold connections on each of which a request was answered."""
    with ExitStack() as stack:
        held = []
        for _ in range(number):
            held.append(stack.enter_context(_connect(address)))
            _exchange(held[-1])
        yield held


@contextmanager
def suspended(address: tuple[str, int], number: int) -> Iterator[list[socket.socket]]:
    """Hold connections on each of which a request waits in the application."""
    with ExitStack() as stack:
        held = []
        for _ in range(number):
            held.append(stack.enter_context(_connect(address)))
            held[-1].sendall(_REQUEST % b"/hold")
        wait_until(
            lambda: int(get(address, "/count").body) == number,
            timeout=60,
            what=f"{number} suspended requests",
        )
        yield held


def closed(held: Sequence[socket.socket]) -> int:
    """How many the server has closed, or answered though it should wait."""
    poll = select.poll()
    for sock in held:
        poll.register(sock, select.POLLIN)
    return len(poll.poll(0))


def run(peer: Peer, kind: str, number: int, seconds: float) -> Held:
    """Measure once, on a server of its own."""
    requests = 1000 if kind == IDLE else number + 100
    load = Load(number, reply=14)
    hold = idle if kind == IDLE else suspended
    try:
        with serving(peer, APP, load, Setting(requests=requests)) as served:
            with idle(served.address, 50 if peer.keep_alive else 0):
                pass  # what is needed only once
            alone = ask(served.address, seconds, keep_alive=peer.keep_alive)
            before = settled_pss(served)
            with hold(served.address, number) as held:
                each = (settled_pss(served) - before) / number
                among = ask(served.address, seconds, keep_alive=peer.keep_alive)
                lost = closed(held)
    except (OSError, WrongAnswerError) as exc:  # TimeoutError is an OSError
        return Held(problem=str(exc).splitlines()[0])
    return Held(
        round(each, 1),
        *(round(value, 3) for value in (*_percentiles(among), *_percentiles(alone))),
        problem=f"{lost} of {number} were closed" if lost else "",
    )


def _percentiles(ordered: Sequence[float]) -> tuple[float, float]:
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]


def unsuited(peer: Peer, kind: str) -> str | None:
    """Why a server is left out, or ``None``."""
    if kind == IDLE and not peer.keep_alive:
        return "it closes after each response"
    if kind == SUSPENDED and not peer.green:
        return "its requests are not greenlets"
    return peer.missing()


def measure(
    runs: int, seconds: float, counts: Sequence[int] = COUNTS, only: Sequence[str] = ()
) -> dict[str, Any]:
    """Measure everything, in rounds; return the results."""
    peers = [p for p in PEERS if not p.asgi and (not only or any(text in p.name for text in only))]
    every = [(peer, kind) for kind in (IDLE, SUSPENDED) for peer in peers]
    skipped = {f"{peer.name}, {kind}": why for peer, kind in every if (why := unsuited(peer, kind))}
    wanted = [
        (peer, kind, number) for peer, kind in every for number in counts if unsuited(peer, kind) is None
    ]
    found: dict[tuple[Peer, str, int], list[Held]] = {each: [] for each in wanted}
    for turn in range(runs):
        for peer, kind, number in wanted:
            held = run(peer, kind, number, seconds)
            found[peer, kind, number].append(held)
            say(f"memory {turn + 1}/{runs}  {number} {kind:<18} {peer.name:<26} {_line(held)}")
    return {
        "date": today(),
        "settings": {"seconds": seconds, **machine()},
        "rows": [
            {
                "server": peer.name,
                "version": peer.version(),
                "kind": kind,
                "number": number,
                "runs": [asdict(held) for held in helds],
            }
            for (peer, kind, number), helds in found.items()
        ],
        "skipped": skipped,
    }


def _line(held: Held) -> str:
    text = f"{held.bytes_each / 1024:8.2f} KiB each  p50 {held.p50_ms:.2f} ms  p99 {held.p99_ms:.2f} ms"
    return f"{text}  INVALID: {held.problem}" if held.problem else text


def table(results: Mapping[str, Any]) -> str:
    """Medians in Markdown."""
    lines = [
        "| server | held | KiB each | p50 ms, none held | p99 ms, none held | p50 ms | p99 ms |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in results["rows"]:
        what = f"{row['server']} {row['version']} | {row['number']:,} {row['kind']}"
        lines.append(f"| {what} | {_figures(row['runs'])} |")
    if results["skipped"]:
        notes = "; ".join(f"{name}: {reason}" for name, reason in results["skipped"].items())
        lines += ["", f"Left out: {notes}."]
    return "\n".join(lines) + "\n"


def _figures(runs: Sequence[Mapping[str, Any]]) -> str:
    wrong = next((run["problem"] for run in runs if run["problem"]), "")
    if wrong:
        return f"invalid: {wrong} | | | | "
    keys = ("alone_p50_ms", "alone_p99_ms", "p50_ms", "p99_ms")
    latencies = " | ".join(f"{median(run[key] for run in runs):.2f}" for key in keys)
    return f"{median(run['bytes_each'] for run in runs) / 1024:.2f} | {latencies}"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.memory", description=__doc__.partition("\n")[0], allow_abbrev=False
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of asking, with and without")
    parser.add_argument("--counts", type=lambda text: [int(n) for n in text.split(",")], default=COUNTS)
    parser.add_argument("--only", action="append", default=[], metavar="TEXT")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIRECTORY")
    arguments = parser.parse_args()
    if can_pin():
        os.sched_setaffinity(0, {CLIENT_CORE})
    possible = raise_limit(max(arguments.counts))
    counts = [number for number in arguments.counts if number <= possible]
    for number in set(arguments.counts) - set(counts):
        say(f"note: {number} are left out: 'ulimit -n' allows {possible}")
    results = measure(arguments.runs, arguments.seconds, counts, arguments.only)
    write(arguments.results / "memory.json", results)
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
