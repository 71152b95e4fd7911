"""gevent's everyday operations on the bridge's loop and on gevent's own libev loop.

    python -m benchmarks.micro.gevent_loop [--rounds 5] [--json FILE]

Each round runs every contender in a fresh process, one after the other, pinned
to one core; the table shows medians in microseconds per operation and how many
times libev's speed that is.  ``host`` is the bridge with its private loop (a
plain gevent program), ``guest`` inside ``bridge.run`` on uvloop.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTENDERS = {
    "libev": {"GEVENT_LOOP": "libev-cext"},
    "host": {"GEVENT_LOOP": "bridge.loop.loop", "BRIDGE_LOOP": "uvloop"},
    "guest": {"GEVENT_LOOP": "bridge.loop.loop", "BRIDGE_LOOP": "uvloop", "BENCH_GUEST": "1"},
}


def noop() -> None:
    """The shortest greenlet."""


def operations() -> dict[str, tuple[Callable[[int], None], int]]:
    """Return, per operation, a function that does it n times, and n."""
    import gevent
    from gevent import socket
    from gevent.event import Event
    from gevent.queue import Queue

    near, far = socket.socketpair()

    def sleep0(n: int) -> None:
        for _ in range(n):
            gevent.sleep(0)

    def spawn_join(n: int) -> None:
        for _ in range(n):
            gevent.spawn(noop).join()

    def echo(n: int) -> None:
        def serve() -> None:
            for _ in range(n):
                far.send(far.recv(64))

        greenlet = gevent.spawn(serve)
        for _ in range(n):
            near.send(b"x" * 32)
            near.recv(64)
        greenlet.join()

    def queue1(n: int) -> None:
        queue = Queue(1)

        def take() -> None:
            for _ in range(n):
                queue.get()

        greenlet = gevent.spawn(take)
        for _ in range(n):
            queue.put(1)
        greenlet.join()

    def timeout(n: int) -> None:
        for _ in range(n):
            gevent.Timeout.start_new(10).close()

    def timers(n: int) -> None:
        loop = gevent.get_hub().loop
        done = Event()
        left = n

        def expired() -> None:
            nonlocal left
            left -= 1
            if not left:
                done.set()

        kept = [loop.timer(0.001 + i * 1e-6) for i in range(n)]
        for timer in kept:
            timer.start(expired)
        done.wait()

    def event(n: int) -> None:
        ping, pong = Event(), Event()

        def answer() -> None:
            for _ in range(n):
                ping.wait()
                ping.clear()
                pong.set()

        greenlet = gevent.spawn(answer)
        for _ in range(n):
            ping.set()
            pong.wait()
            pong.clear()
        greenlet.join()

    def threadpool(n: int) -> None:
        pool = gevent.get_hub().threadpool
        for _ in range(n):
            pool.apply(noop)

    def sendall(n: int) -> None:
        data = bytes(1 << 20)

        def read() -> None:
            left = n << 20
            while left:
                left -= len(far.recv(65536))

        greenlet = gevent.spawn(read)
        for _ in range(n):
            near.sendall(data)
        greenlet.join()

    return {
        "sleep(0)": (sleep0, 50_000),
        "spawn + join": (spawn_join, 20_000),
        "socketpair echo": (echo, 10_000),
        "Queue(1) hand-over": (queue1, 20_000),
        "Timeout start + close": (timeout, 50_000),
        "10,000 timers, each": (timers, 10_000),
        "Event set + wait": (event, 20_000),
        "threadpool round trip": (threadpool, 2_000),
        "sendall of 1 MiB": (sendall, 50),
    }


def measure() -> dict[str, float]:
    """Return microseconds per operation: the best of three in this process."""
    found: dict[str, float] = {}
    for name, (function, n) in operations().items():
        best = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            function(n)
            best = min(best, (time.perf_counter() - began) / n)
        found[name] = best * 1e6
    return found


def child() -> None:
    """Measure one contender and print JSON."""
    # A spawned greenlet each time: switching to one and to the main greenlet cost different amounts.
    import gevent

    if os.environ.get("BENCH_GUEST"):
        import bridge

        async def main() -> dict[str, float]:
            result: dict[str, float] = await bridge.spawn(measure)
            return result

        print(json.dumps(bridge.run(main())))
    else:
        print(json.dumps(gevent.spawn(measure).get()))


def run(contender: str) -> dict[str, float]:
    """Measure one contender in a process of its own."""
    environment = {**os.environ, **CONTENDERS[contender], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.micro.gevent_loop", "--child"]
    if hasattr(os, "sched_setaffinity"):
        command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), *command]
    out = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(out.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child()
        return
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for _ in range(options.rounds):
        for name in CONTENDERS:
            runs[name].append(run(name))
    median = {
        name: {op: statistics.median(each[op] for each in found) for op in found[0]}
        for name, found in runs.items()
    }
    print("| operation (us) | libev | host | x libev | guest | x libev |")
    print("|---|---:|---:|---:|---:|---:|")
    for op, libev in median["libev"].items():
        host, guest = median["host"][op], median["guest"][op]
        print(f"| {op} | {libev:.2f} | {host:.2f} | {libev / host:.2f} | {guest:.2f} | {libev / guest:.2f} |")
    if options.json:
        from importlib.metadata import version

        machine = {"python": platform.python_version(), "machine": platform.machine(), "cpus": os.cpu_count()}
        versions = {name: version(name) for name in ("gevent", "greenlet", "uvloop")}
        report = {"machine": machine, "versions": versions, "runs": runs, "median": median}
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
