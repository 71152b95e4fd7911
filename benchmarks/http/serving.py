"""Run one peer for one workload, with nginx or PostgreSQL beside it, until it gives a right answer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.http.peers import Launch, Peer
from benchmarks.http.pinning import CLIENT_CORE, SERVER_CORE, pinned_to
from benchmarks.http.wrk import Load
from benchmarks.places import ROOT
from tests.support.addresses import Address
from tests.support.http_client import HttpConnection
from tests.support.nginx import running_nginx
from tests.support.ports import free_port
from tests.support.processes import ServerProcess
from tests.support.responses import BadResponseError
from tests.support.waiting import wait_until

__all__ = ["Served", "Setting", "WrongAnswerError", "database", "serving"]


class WrongAnswerError(RuntimeError):
    """The server answers, but not what the application says."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers: where, and its processes."""

    address: tuple[str, int]
    process: ServerProcess

    @property
    def url(self) -> str:
        """What wrk is given."""
        return f"http://{self.address[0]}:{self.address[1]}/"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a server is started with, beside the application.

    :param prefix: command put before the server's, such as ``taskset -c 0``
    :param cwd: directory that it runs in; the application is imported from there
    """

    nginx: bool = False
    requests: int = 1000
    processes: int = 1
    log: bool = False
    patch: bool = False
    prefix: Sequence[str] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


@contextmanager
def serving(peer: Peer, app: str, load: Load, setting: Setting) -> Iterator[Served]:
    """Run a peer until the block ends.

    :raises WrongAnswerError: if it does not answer, or not with 200 and as many bytes as it should
    """
    prefix = pinned_to(SERVER_CORE) if setting.prefix is None else setting.prefix
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        launch = Launch(
            app,
            free_port(),
            directory / "app.sock" if setting.nginx else None,
            processes=setting.processes,
            requests=setting.requests,
            connections=load.connections,
            log=setting.log,
            patch=setting.patch,
        )
        address: Address = launch.uwsgi_socket or ("127.0.0.1", launch.port)
        argv = [*prefix, *peer.argv(launch)]
        path = os.pathsep.join(filter(None, [str(setting.cwd or ROOT), os.environ.get("PYTHONPATH")]))
        env = {"PYTHONWARNINGS": "ignore", "PYTHONPATH": path, **setting.env}
        with ServerProcess(argv, addresses=[address], env=env, cwd=setting.cwd or ROOT) as server:
            server.wait_ready()
            if launch.uwsgi_socket is None:
                yield _answering(("127.0.0.1", launch.port), server, load)
                return
            # With the client, not with the server: what is compared is the server's core.
            clients = pinned_to(CLIENT_CORE)
            with running_nginx(directory, uwsgi=launch.uwsgi_socket, command_prefix=clients) as nginx:
                found = nginx.addresses[0]
                assert isinstance(found, tuple)
                yield _answering(found, server, load)


def _answering(address: tuple[str, int], server: ServerProcess, load: Load) -> Served:
    """Wait until a request is answered rightly: some servers listen before they can serve."""
    seen: list[str] = []

    def right() -> bool:
        seen[:] = [_answer(address, load)]
        return seen == ["right"]

    try:
        wait_until(right, timeout=20, what=f"{address} to answer")
    except TimeoutError:
        raise WrongAnswerError(f"{seen[0]}; log:\n{server.log()[-2000:]}") from None
    return Served(address, server)


def _answer(address: tuple[str, int], load: Load) -> str:
    try:
        with HttpConnection(address) as connection:
            method = "POST" if load.body else "GET"
            response = connection.request(method, "/", load.headers(), b"x" * load.body)
    except (OSError, BadResponseError) as exc:
        return repr(exc)
    if response.status != 200:
        return f"status {response.status}: {response.body[:200]!r}"
    if load.reply and len(response.body) != load.reply:
        return f"{len(response.body)} bytes, not {load.reply}"
    return "right"


@contextmanager
def database(wanted: bool) -> Iterator[dict[str, str]]:
    """Run PostgreSQL on the clients' core; yields the variables that lead to it."""
    if not wanted:
        yield {}
        return
    from tests.support.postgres import running_postgres

    with running_postgres() as postgres:
        if pinned_to(CLIENT_CORE):
            _move_postgres(postgres.socket_dir)
        yield postgres.env


def _move_postgres(directory: Path) -> None:
    """Move the postmaster and its children; backends that it forks later begin on its core."""
    import psutil

    pid = int((directory / ".s.PGSQL.5432.lock").read_text().split()[0])
    postmaster = psutil.Process(pid)
    for process in (postmaster, *postmaster.children(recursive=True)):
        process.cpu_affinity([CLIENT_CORE])
