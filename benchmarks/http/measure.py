"""Start a peer on its own core, warm it up, measure it, stop it; every peer in turn, several times."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.http.peers import Launch, Peer
from benchmarks.http.workloads import Workload
from benchmarks.http.wrk import Figures, run_wrk
from tests.support.addresses import Address
from tests.support.http_client import get
from tests.support.nginx import running_nginx
from tests.support.ports import free_port
from tests.support.processes import ServerProcess
from tests.support.waiting import wait_until

__all__ = ["can_pin", "measure", "suits"]

_SERVER_CORE: Final = 0
_CLIENT_CORE: Final = 1


def can_pin() -> bool:
    """Whether server and client can have a core each."""
    return shutil.which("taskset") is not None and {_SERVER_CORE, _CLIENT_CORE} <= os.sched_getaffinity(0)


def _pin(core: int) -> list[str]:
    return ["taskset", "-c", str(core)] if can_pin() else []


def suits(peer: Peer, workload: Workload) -> str | None:
    """Why this peer cannot take this workload, or ``None``."""
    if workload.waits and not peer.green:
        return "its requests are not greenlets"
    if workload.nginx and not peer.speaks_uwsgi:
        return "it does not speak the uwsgi protocol"
    return peer.missing()


def measure(
    peers: Sequence[Peer],
    workload: Workload,
    *,
    runs: int,
    seconds: int,
    warm_up: int,
    say: Callable[[str], None],
) -> dict[str, list[Figures]]:
    """Measure each peer ``runs`` times, in rounds of one run each, so that drift meets them all."""
    results: dict[str, list[Figures]] = {peer.name: [] for peer in peers}
    for number in range(runs):
        for peer in peers:
            with _serving(peer, workload) as url:
                load = partial(
                    run_wrk,
                    url,
                    connections=workload.connections,
                    body=workload.body,
                    prefix=_pin(_CLIENT_CORE),
                )
                load(seconds=warm_up)
                figures = load(seconds=seconds)
            results[peer.name].append(figures)
            say(f"run {number + 1}/{runs}  {peer.name:<26} {figures.requests_per_second:>9,.0f} requests/s")
    return results


@contextmanager
def _serving(peer: Peer, workload: Workload) -> Iterator[str]:
    """Run a peer until it answers; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        socket = directory / "app.sock" if workload.nginx else None
        launch = Launch(f"benchmarks.http.apps:{workload.app}", free_port(), socket)
        address: Address = socket or ("127.0.0.1", launch.port)
        with ServerProcess([*_pin(_SERVER_CORE), *peer.argv(launch)], addresses=[address]) as server:
            server.wait_ready()
            if socket is None:
                yield _answering(address)
                return
            # With the client, not with the server: what is compared is the server's core.
            with running_nginx(directory, uwsgi=socket, command_prefix=_pin(_CLIENT_CORE)) as nginx:
                yield _answering(nginx.addresses[0])


def _answering(address: Address) -> str:
    """Wait until a request is answered: some servers listen before they can serve."""
    assert isinstance(address, tuple)
    wait_until(lambda: get(address).status == 200, timeout=20, what=f"{address} to answer")
    return f"http://127.0.0.1:{address[1]}/"
