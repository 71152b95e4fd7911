"""The servers that are compared, and how each is started."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks.places import ROOT

__all__ = ["OURS", "PEERS", "Launch", "Peer"]

OURS: Final = "gevent-engine"


@dataclass(frozen=True, slots=True)
class Launch:
    """What a peer is asked to serve.

    :param app: ``module:callable``
    :param uwsgi_socket: speak uwsgi there, not HTTP
    :param processes: how many workers
    :param requests: how many may run at once in a process
    :param connections: how many clients will be connected
    :param log: write an access log, to standard output or error, which is a file
    :param patch: call ``gevent.monkey.patch_all`` before the application is imported
    """

    app: str
    port: int
    uwsgi_socket: Path | None = None
    processes: int = 1
    requests: int = 1000
    connections: int = 1000
    log: bool = False
    patch: bool = False

    @property
    def descriptors(self) -> str:
        """Enough that gevent-engine takes all the connections, which are at most three quarters of them."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.connections * 3 // 2 + 1000
        return str(wanted if hard == resource.RLIM_INFINITY else min(wanted, hard))

    @property
    def backlog(self) -> str:
        """Connections that may wait to be accepted; the kernel takes no more than its own limit."""
        return str(min(int(Path("/proc/sys/net/core/somaxconn").read_text()), 4096))


@dataclass(frozen=True, slots=True)
class Peer:
    """One server.

    :param argv: the command for a launch
    :param package: distribution whose version is reported; ``None`` for this checkout
    :param needs: other distributions that it cannot do without here
    :param keep_alive: whether it answers several requests on one connection
    :param green: whether requests are greenlets, so that ``gevent.sleep`` blocks only itself
    :param speaks_uwsgi: whether it can be put behind ``uwsgi_pass``
    :param asgi: whether it is measured with ASGI applications, not with WSGI ones
    :param forks: whether it can have several processes
    """

    name: str
    argv: Callable[[Launch], list[str]]
    package: str | None
    needs: tuple[str, ...] = ()
    keep_alive: bool = True
    green: bool = True
    speaks_uwsgi: bool = False
    asgi: bool = False
    forks: bool = True

    def missing(self) -> str | None:
        """Why it cannot be run here, or ``None``."""
        for package in filter(None, (self.package, *self.needs)):
            try:
                version(package)
            except PackageNotFoundError:
                return f"{package} is not installed (pip install '.[bench]')"
        return None

    def version(self) -> str:
        """The version that is measured."""
        if self.package is not None:
            return version(self.package)
        from bridge._version import __version__

        return __version__


def _ours(launch: Launch) -> list[str]:
    return [
        *(sys.executable, "-m", "engine"),
        *_like_uwsgi(launch),
        *("--module", launch.app),
        *("--max-fd", launch.descriptors),
    ]


def _uwsgi(launch: Launch) -> list[str]:
    return [
        _program("uwsgi"),
        *_like_uwsgi(launch),
        # Its default of 64 request variables is less than 100 header fields.
        *("--buffer-size", "65535", "--max-vars", "256"),
        # It closes after each response without saying so, which wrk would count as an error.
        *("--add-header", "Connection: close"),
        *("--module", launch.app),
        *("--pythonpath", str(ROOT)),
        *(("--master",) if launch.processes > 1 else ()),
    ]


def _like_uwsgi(launch: Launch) -> list[str]:
    socket = ["--http-socket", f"127.0.0.1:{launch.port}"]
    if launch.uwsgi_socket is not None:
        socket = ["--socket", str(launch.uwsgi_socket)]
    return [
        *("--gevent", str(launch.requests), "--listen", launch.backlog),
        *socket,
        *(("--processes", str(launch.processes)) if launch.processes > 1 else ()),
        *(("--gevent-early-monkey-patch",) if launch.patch else ()),
        *(() if launch.log else ("--disable-logging",)),
    ]


def _gunicorn(launch: Launch) -> list[str]:
    bind = ["--bind", f"127.0.0.1:{launch.port}"]
    if launch.uwsgi_socket is not None:
        bind = ["--bind", f"unix:{launch.uwsgi_socket}", "--protocol", "uwsgi"]
    clients = max(launch.requests, launch.connections) + 1000
    return [
        *(sys.executable, "-m", "gunicorn", "--worker-class", "gevent"),
        *("--workers", str(launch.processes), "--worker-connections", str(clients)),
        *("--backlog", launch.backlog, "--log-level", "warning"),
        *("--keep-alive", "75", "--limit-request-fields", "200"),  # its defaults: 2 seconds, 100 fields
        *(("--access-logfile", "-") if launch.log else ()),
        *bind,
        launch.app,
    ]


def _pywsgi(launch: Launch) -> list[str]:
    server = [sys.executable, "-m", "benchmarks.http.pywsgi_server", launch.app, str(launch.port)]
    return [
        *server,
        *("--backlog", launch.backlog),
        *(("--log",) if launch.log else ()),
        *(("--patch",) if launch.patch else ()),
    ]


def _granian(launch: Launch, interface: str = "wsgi") -> list[str]:
    threads = ["--runtime-threads", "1"]
    if interface == "wsgi":
        threads += ["--blocking-threads", "1"]
    return [
        *(_program("granian"), "--interface", interface, "--workers", str(launch.processes), *threads),
        *("--host", "127.0.0.1", "--port", str(launch.port), "--backlog", launch.backlog),
        *("--backpressure", str(launch.connections + 1000)),  # connections that it takes
        *("--access-log",) * launch.log,
        *("--log-level", "info" if launch.log else "warning"),
        launch.app,
    ]


def _granian_asgi(launch: Launch) -> list[str]:
    return _granian(launch, "asgi")


def _uvicorn(launch: Launch) -> list[str]:
    return [
        *(sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--http", "httptools"),
        *("--host", "127.0.0.1", "--port", str(launch.port), "--backlog", launch.backlog),
        *("--workers", str(launch.processes), "--lifespan", "off"),
        *("--log-level", "info" if launch.log else "warning"),
        *(() if launch.log else ("--no-access-log",)),
        launch.app,
    ]


def _hypercorn(launch: Launch) -> list[str]:
    return [
        *(sys.executable, "-m", "hypercorn", "--worker-class", "uvloop"),
        *("--workers", str(launch.processes), "--backlog", launch.backlog),
        *("--bind", f"127.0.0.1:{launch.port}", "--log-level", "warning"),
        *(("--access-logfile", "-") if launch.log else ()),
        launch.app,
    ]


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


PEERS: Final = (
    Peer(OURS, _ours, None, speaks_uwsgi=True),
    Peer("gunicorn -k gevent", _gunicorn, "gunicorn", speaks_uwsgi=True),
    Peer("uwsgi --gevent", _uwsgi, "uwsgi", keep_alive=False, speaks_uwsgi=True),
    Peer("gevent.pywsgi", _pywsgi, "gevent", forks=False),
    Peer("granian --interface wsgi", _granian, "granian", green=False),
    Peer(f"{OURS} --asgi", _ours, None, asgi=True),
    Peer("uvicorn", _uvicorn, "uvicorn", asgi=True),
    Peer("hypercorn", _hypercorn, "hypercorn", asgi=True),
    Peer("granian --interface asgi", _granian_asgi, "granian", asgi=True),
)
