"""What slow connections cost everybody else: ``python -m benchmarks.hostile``.

One worker answers a steady client, with and without ``--connections`` others that send one byte of a
request head every second and never end it (slowloris).  Both are measured in turns within one run, so
that whatever else the machine does hits both.  The two latencies should differ by less than a fifth.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
REQUEST: Final = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
APP: Final = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
"""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one period."""

    requests: int
    p50: float
    p99: float

    @classmethod
    def of(cls, times: Sequence[float]) -> Latency:
        ordered = sorted(times)
        return cls(len(ordered), ordered[len(ordered) // 2] * 1e3, ordered[int(len(ordered) * 0.99)] * 1e3)


@contextmanager
def engine(descriptors: int, *options: str) -> Iterator[int]:
    """A worker with one core-less application; yields its port."""
    with tempfile.TemporaryDirectory() as directory, socket.socket() as probe:
        Path(directory, "hostile_app.py").write_text(APP)
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        command = [sys.executable, "-m", "engine", "--http-socket", f"127.0.0.1:{port}", "--gevent", "100"]
        command += ["--disable-logging", "--chdir", directory, "--module", "hostile_app"]
        command += ["--max-fd", str(descriptors), "--listen", "1000", *options]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        server = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(port, server)
            yield port
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("the server did not start")


@contextmanager
def slow_connections(port: int, number: int) -> Iterator[None]:
    """Another process holds *number* of them; all are open inside the ``with`` block."""
    command = [sys.executable, "-m", "benchmarks.hostile", "--be-slow", f"{port}:{number}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != b"open":
            raise RuntimeError("the slow connections were not accepted")
        yield
    finally:
        process.kill()
        process.communicate()


async def be_slow(port: int, number: int) -> None:
    """Hold the connections, a byte of a header field each second; open again what the server closes."""
    opened = 0
    all_open = asyncio.Event()

    async def one() -> None:
        nonlocal opened
        first = True
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: bench\r\nX-Slow: ")
            await writer.drain()
            opened += first
            first = False
            if opened == number:
                all_open.set()
            try:
                while not reader.at_eof():
                    await asyncio.sleep(1)
                    writer.write(b"x")
                    await writer.drain()
            except OSError:
                pass
            writer.close()

    tasks = [asyncio.create_task(one()) for _ in range(number)]
    await all_open.wait()
    print("open", flush=True)
    await asyncio.gather(*tasks)


def ask(port: int, seconds: float) -> list[float]:
    """Send one request after the other on one connection; return how long each took, in seconds."""
    times: list[float] = []
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            sock.sendall(REQUEST)
            reply = sock.recv(65536)
            times.append(time.perf_counter() - began)
            if not (reply.startswith(b"HTTP/1.1 200") and reply.endswith(b"hello")):
                raise RuntimeError(f"a wrong reply: {reply!r}")
            time.sleep(0.001)
    return times


def measure(connections: int, seconds: float, rounds: int, *options: str) -> tuple[Latency, Latency]:
    """Return the latencies without and with the slow connections."""
    alone: list[float] = []
    among: list[float] = []
    descriptors = connections * 2 + 200
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(descriptors, 1024), hard), hard))
    with engine(descriptors, *options) as port:
        ask(port, min(seconds, 0.5))  # warm up
        for _ in range(rounds):
            alone += ask(port, seconds)
            with slow_connections(port, connections):
                among += ask(port, seconds)
    return Latency.of(alone), Latency.of(among)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each period")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--be-slow", metavar="PORT:NUMBER", help=argparse.SUPPRESS)
    given, options = parser.parse_known_args()
    if given.be_slow:
        port, number = map(int, given.be_slow.split(":"))
        asyncio.run(be_slow(port, number))
        return 0
    alone, among = measure(given.connections, given.seconds, given.rounds, *options)
    for name, one in (("alone", alone), (f"with {given.connections} slow ones", among)):
        print(f"{name:>24}: p50 {one.p50:.3f} ms  p99 {one.p99:.3f} ms  of {one.requests} requests")
    print(f"{'more':>24}: p50 {among.p50 / alone.p50 - 1:+.0%}  p99 {among.p99 / alone.p99 - 1:+.0%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
