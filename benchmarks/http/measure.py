"""Start a peer on its own core, warm it up, measure it, stop it; every peer in turn, several times."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.http.peers import OURS, PEERS, Peer
from benchmarks.http.pinning import CLIENT_CORE, pinned_to
from benchmarks.http.serving import Setting, database, serving
from benchmarks.http.workloads import Workload
from benchmarks.http.wrk import Figures, Load, run_wrk

__all__ = ["Row", "Timing", "line", "load_of", "measure", "one_run", "rows_for", "suits"]


@dataclass(frozen=True, slots=True)
class Timing:
    """How often and how long; seconds."""

    runs: int = 5
    seconds: int = 5
    warm_up: int = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    :param log: whether the access log is on
    :param beside: name of the row that this one is compared with
    """

    name: str
    peer: Peer
    log: bool = False
    beside: str | None = None


def suits(peer: Peer, workload: Workload) -> str | None:
    """Why this peer cannot take this workload, or ``None``."""
    if workload.waits and not peer.green:
        return "its requests are not greenlets"
    if workload.nginx and not peer.speaks_uwsgi:
        return "it does not speak the uwsgi protocol"
    return peer.missing()


def rows_for(workload: Workload, only: Sequence[str] = ()) -> tuple[list[Row], dict[str, str]]:
    """Return the rows to measure, and why other servers are left out.

    :param only: parts of names; empty means all
    """
    rows: list[Row] = []
    skipped: dict[str, str] = {}
    for peer in PEERS:
        if peer.asgi != workload.asgi or (only and not any(text in peer.name for text in only)):
            continue
        reason = suits(peer, workload)
        if reason is not None:
            skipped[peer.name] = reason
        elif workload.log:
            quiet = f"{peer.name}, log off"
            rows += [Row(quiet, peer), Row(f"{peer.name}, log on", peer, log=True, beside=quiet)]
        else:
            ours = next((row.name for row in rows if row.name.startswith(OURS)), None)
            rows.append(Row(peer.name, peer, beside=ours))
    return rows, skipped


def measure(
    rows: Sequence[Row], workload: Workload, timing: Timing, say: Callable[[str], None]
) -> dict[str, list[Figures]]:
    """Measure each row ``timing.runs`` times, in rounds of one run each, so that drift meets them all."""
    results: dict[str, list[Figures]] = {row.name: [] for row in rows}
    with database(workload.database) as env:
        for number in range(timing.runs):
            for row in rows:
                figures = _run(row, workload, timing, env)
                results[row.name].append(figures)
                say(f"{workload.name} {number + 1}/{timing.runs}  {row.name:<34} {line(figures)}")
    return results


def line(figures: Figures) -> str:
    """One run, for people who watch."""
    rate = f"{figures.requests_per_second:>10,.1f} requests/s"
    text = f"{rate}  p50 {figures.p50_ms:.2f} ms  p99 {figures.p99_ms:.2f} ms  CPU {figures.cpu_us:.1f} us"
    return f"{text}  INVALID: {figures.problem}" if figures.problem else text


def load_of(workload: Workload, peer: Peer) -> Load:
    """What wrk is to do."""
    return Load(
        workload.connections,
        body=workload.body,
        fields=workload.fields,
        reply=workload.reply,
        ends_at_close=not peer.keep_alive and not workload.sized and not workload.nginx,
    )


def _run(row: Row, workload: Workload, timing: Timing, env: dict[str, str]) -> Figures:
    setting = Setting(
        nginx=workload.nginx,
        log=row.log,
        patch=workload.database,
        env=env,
    )
    load = load_of(workload, row.peer)
    return one_run(row.peer, workload.app, load, setting, timing)


def one_run(peer: Peer, app: str, load: Load, setting: Setting, timing: Timing) -> Figures:
    """Start a server, warm it up, measure; a server that fails makes the run invalid, and ends nothing.

    :param app: ``module:callable`` below ``benchmarks.http``
    """
    clients = [] if setting.prefix is not None else pinned_to(CLIENT_CORE)
    try:
        with serving(peer, f"benchmarks.http.{app}", load, setting) as served:
            if timing.warm_up:
                run_wrk(served.url, load, seconds=timing.warm_up, prefix=clients)
            before = served.process.cpu_seconds()
            figures = run_wrk(served.url, load, seconds=timing.seconds, prefix=clients)
            used = served.process.cpu_seconds() - before
            return replace(figures, cpu_us=round(used * 1e6 / max(figures.requests, 1), 2))
    except (RuntimeError, TimeoutError, subprocess.SubprocessError) as exc:
        return Figures(0.0, 0.0, 0.0, 0, 0, 0, problem=str(exc).splitlines()[0])
