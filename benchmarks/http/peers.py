"""The servers that are compared: how each is started, on one process, with logging off."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

__all__ = ["PEERS", "Launch", "Peer"]


@dataclass(frozen=True, slots=True)
class Launch:
    """What a peer is asked to serve."""

    app: str  # module:callable
    port: int
    uwsgi_socket: Path | None = None  # speak uwsgi here, not HTTP


@dataclass(frozen=True, slots=True)
class Peer:
    """One server.

    :param argv: the command for a launch
    :param package: distribution whose version is reported; ``None`` for this checkout
    :param keep_alive: whether it answers several requests on one connection
    :param green: whether requests are greenlets, so that ``gevent.sleep`` blocks only itself
    :param speaks_uwsgi: whether it can be put behind ``uwsgi_pass``
    """

    name: str
    argv: Callable[[Launch], list[str]]
    package: str | None
    keep_alive: bool = True
    green: bool = True
    speaks_uwsgi: bool = False

    def missing(self) -> str | None:
        """Why it cannot be run here, or ``None``."""
        if self.package is None:
            found = importlib.util.find_spec("engine.__main__")
            return None if found else "the engine package has no __main__ yet"
        try:
            version(self.package)
        except PackageNotFoundError:
            return f"{self.package} is not installed (pip install '.[bench]')"
        return None

    def version(self) -> str:
        """The version that is measured."""
        if self.package is not None:
            return version(self.package)
        from bridge._version import __version__

        return __version__


def _ours(launch: Launch) -> list[str]:
    module = [sys.executable, "-m", "engine"]
    return [*module, "--gevent", "1000", *_listen(launch), "--module", launch.app, "--disable-logging"]


def _uwsgi(launch: Launch) -> list[str]:
    program = str(Path(sys.executable).with_name("uwsgi"))
    return [
        program,
        *("--gevent", "1000", "--listen", "1024", "--buffer-size", "65535"),
        # It closes after each response without saying so, which wrk would count as an error.
        *("--add-header", "Connection: close"),
        *_listen(launch),
        *("--module", launch.app, "--pythonpath", str(Path.cwd()), "--disable-logging"),
    ]


def _listen(launch: Launch) -> list[str]:
    if launch.uwsgi_socket is not None:
        return ["--socket", str(launch.uwsgi_socket)]
    return ["--http-socket", f"127.0.0.1:{launch.port}"]


def _gunicorn(launch: Launch) -> list[str]:
    bind = ["--bind", f"127.0.0.1:{launch.port}"]
    if launch.uwsgi_socket is not None:
        bind = ["--bind", f"unix:{launch.uwsgi_socket}", "--protocol", "uwsgi"]
    workers = ["--worker-class", "gevent", "--workers", "1", "--worker-connections", "2000"]
    return [sys.executable, "-m", "gunicorn", *workers, *bind, "--log-level", "warning", launch.app]


def _pywsgi(launch: Launch) -> list[str]:
    return [sys.executable, "-m", "benchmarks.http.pywsgi_server", launch.app, str(launch.port)]


def _granian(launch: Launch) -> list[str]:
    program = str(Path(sys.executable).with_name("granian"))
    threads = ["--workers", "1", "--blocking-threads", "1", "--runtime-threads", "1"]
    listen = ["--host", "127.0.0.1", "--port", str(launch.port)]
    return [program, "--interface", "wsgi", *threads, *listen, "--log-level", "warning", launch.app]


PEERS: Final = (
    Peer("gevent-engine", _ours, None, speaks_uwsgi=True),
    Peer("gunicorn -k gevent", _gunicorn, "gunicorn", speaks_uwsgi=True),
    Peer("uwsgi --gevent", _uwsgi, "uwsgi", keep_alive=False, speaks_uwsgi=True),
    Peer("gevent.pywsgi", _pywsgi, "gevent"),
    Peer("granian --interface wsgi", _granian, "granian", green=False),
)
