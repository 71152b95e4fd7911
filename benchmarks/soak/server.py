"""The server under load, and what its processes hold."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
_TROUBLE = re.compile(r"Traceback|Exception in callback|never retrieved|unclosed|Fatal Python|core dumped")


@dataclass(frozen=True)
class Held:
    """What one process holds."""

    descriptors: int
    kilobytes: int
    greenlets: int = 0


class Server:
    """Two workers and a master; use as a context manager."""

    def __init__(self, loop: str, options: list[str]) -> None:
        self._directory = tempfile.TemporaryDirectory()
        directory = Path(self._directory.name)
        self.port, self.tls_port = _free_ports()
        self.tls = _certificates(directory)
        self.log_path = directory / "log"
        argv = [sys.executable, "-m", "engine", "--http-socket", f"127.0.0.1:{self.port}"]
        if self.tls is not None:
            argv += ["--https-socket", f"127.0.0.1:{self.tls_port},{directory}/cert.pem,{directory}/key.pem"]
        argv += ["--master", "--processes", "2", "--gevent", "200", "--listen", "500"]
        argv += ["--module", "benchmarks.soak.app", "--disable-logging", "--loop-backend", loop]
        argv += ["--socket-timeout", "5", "--http-headers-timeout", "3", "--reload-mercy", "20", *options]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                argv, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=log, stderr=subprocess.STDOUT
            )
        self.master = psutil.Process(self._process.pid)

    def __enter__(self) -> Server:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise RuntimeError(f"the server did not start:\n{self.log()}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            for child in self.master.children(recursive=True):
                child.kill()
            self._process.kill()
            self._process.wait()
        self._directory.cleanup()

    def stop(self) -> int:
        """End it as a service manager would; return its exit status."""
        self._process.terminate()
        return self._process.wait(40)

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def trouble(self) -> list[str]:
        """Return lines of the log that should not be there, with what follows them."""
        lines = self.log().splitlines()
        places = [place for place, line in enumerate(lines) if _TROUBLE.search(line)]
        return ["\n".join(lines[place : place + 25]) for place in places[:5]]

    def starts(self) -> int:
        """How often the master has begun: once, and once per reload."""
        return self.log().count("*** Starting")

    def reload(self) -> None:
        self._process.send_signal(signal.SIGHUP)

    def workers(self, seen: set[int]) -> list[psutil.Process]:
        """Children of the master that have answered something."""
        return [child for child in self.master.children() if child.pid in seen]

    def held(self) -> dict[int, Held]:
        """What the workers hold, by pid; asks each for its greenlets."""
        found: dict[int, Held] = {}
        for _ in range(60):
            facts = self._facts()
            process = psutil.Process(facts["pid"])
            found[process.pid] = Held(
                process.num_fds(), process.memory_info().rss >> 10, int(facts["greenlets"])
            )
            if len(found) == 2:
                break
        return found

    def master_descriptors(self) -> int:
        return int(self.master.num_fds())

    def _facts(self) -> dict[str, int]:
        with socket.create_connection(("127.0.0.1", self.port), 10) as sock:
            sock.sendall(b"GET /facts/0/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            data = b""
            while piece := sock.recv(65536):
                data += piece
        facts: dict[str, int] = json.loads(data.partition(b"\r\n\r\n")[2])
        return facts


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def _certificates(directory: Path) -> ssl.SSLContext | None:
    """Write certificate and key; None, and no TLS, where trustme is not installed."""
    try:
        import trustme
    except ImportError:
        return None
    authority = trustme.CA()
    server = authority.issue_cert("localhost")
    server.private_key_pem.write_to_path(str(directory / "key.pem"))
    (directory / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in server.cert_chain_pems))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
