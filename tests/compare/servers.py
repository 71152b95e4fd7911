"""Both servers with the probes, each beside a second one of its kind for what is remote."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal

from tests.support.engine_process import REPOSITORY
from tests.support.http_client import get
from tests.support.ports import free_port
from tests.support.processes import ServerProcess
from tests.support.waiting import wait_until

__all__ = ["UWSGI", "Kind", "answers", "running"]

Kind = Literal["uwsgi", "engine"]
HERE: Final = Path(__file__).parent
UWSGI: Final = Path(sys.executable).with_name("uwsgi")
_COMMANDS: Final[Mapping[Kind, list[str]]] = {
    "uwsgi": [str(UWSGI), "--need-app", "--die-on-term", "--enable-metrics", "--metric", "name=probe"],
    "engine": [sys.executable, "-m", "engine"],
}
_OPTIONS: Final = [
    *("--gevent", "5", "--master", "--locks", "2", "--mule", "--farm", "probes:1", "--sharedarea", "1"),
    *("--cache2", "name=pages,items=20,blocksize=4096", "--cache2", "name=other,items=20"),
    *("--queue", "4", "--queue-blocksize", "8192", "--chdir", str(HERE), "--module", "probes"),
]


def running(kind: Kind, directory: Path, uwsgi_port: int, remote_port: int) -> ServerProcess:
    """A server with the probes; it speaks uwsgi on *uwsgi_port* and finds another on *remote_port*."""
    directory.mkdir()
    address = ("127.0.0.1", free_port())
    spool = directory / "spool"
    spool.mkdir()
    options = [
        *_OPTIONS,
        *("--spooler", str(spool), "--pidfile", str(directory / "pid")),
        *("--http-socket", f"{address[0]}:{address[1]}", "--socket", f"127.0.0.1:{uwsgi_port}"),
    ]
    environment = {
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PROBE_SPOOL": str(spool),
        "PROBE_UWSGI_PORT": str(remote_port),
    }
    return ServerProcess([*_COMMANDS[kind], *options], addresses=[address], env=environment)


def answers(kind: Kind, directory: Path, remote_kind: Kind | None = None) -> dict[str, str]:
    """Return what all probes gave; signals were handled between the first and the later ones."""
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        remote = stack.enter_context(
            running(remote_kind or kind, directory / "remote", ports[1], ports[0])
        ).wait_ready()
        server = stack.enter_context(running(kind, directory / "here", ports[0], ports[1])).wait_ready()
        found: dict[str, str] = json.loads(get(server.addresses[0], "/").text)
        wait_until(lambda: 17 in _handled(server), timeout=20, what="signal 17")
        found.update(json.loads(get(server.addresses[0], "/after").text))
        wait_until(lambda: 17 in _handled(remote), timeout=20, what="signal 17 in the other server")
        return found


def _handled(server: ServerProcess) -> list[int]:
    handled: list[int] = json.loads(get(server.addresses[0], "/handled").text)
    return handled
