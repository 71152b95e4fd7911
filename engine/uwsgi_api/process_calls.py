"""Functions about processes: who am I, how are the others, reload, stop."""

from __future__ import annotations

import operator
import os
import signal
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from engine.stats.figures import AppFacts, app_figures, worker_figures
from engine.stats.scoreboard import Column, Row, WorkerState
from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.public import public
from engine.uwsgi_api.texts import to_bytes

__all__ = ["ProcessCalls"]

_TCP_INFO_SIZE: Final = 104
_TCPI_UNACKED: Final = struct.Struct("=24xI")  # struct tcp_info of linux/tcp.h: 8 bytes, then u32s; the fifth
_IN_DOCUMENT_ONLY: Final = ("accepting", "harakiri_count", "signal_queue")


class ProcessCalls:
    """Processes and the server as a whole"""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    @public("P0")
    def worker_id(self) -> int:
        """Number of this worker, 1 to ``numproc``; 0 in the master, mules and spoolers."""
        return self._instance.worker_id

    @public("P0")
    def masterpid(self) -> int:
        """Process id of the master; 0 without one."""
        return self._instance.master_pid

    @public("P0")
    def mule_id(self) -> int:
        """Number of this mule; 0 outside of mules."""
        return self._instance.mule_id

    @public("P0", differs="counts what was started; uWSGI's count of what has ended is no identity")
    def request_id(self) -> int:
        """Number of the request that this worker started last, from 0 on."""
        return max(0, self._instance.requests_started - 1)

    @public("P1")
    def total_requests(self) -> int:
        """How many requests all workers have finished, as of about a second ago."""
        return self._instance.requests_ended()

    @public("P0", differs="bytes too")
    def log(self, text: str | bytes, /) -> bool:
        """Write a line to the server log."""
        self._instance.log(to_bytes(text, "text").decode("utf-8", "replace"))
        return True

    @public(
        "P0", differs="without a master too; where the application no longer loads, all goes on as before"
    )
    def reload(self) -> bool:
        """Reload the server gracefully (SIGHUP to the process that leads it)."""
        self._instance.signal_server(signal.SIGHUP)
        return True

    @public("P0", differs="running requests are finished first")
    def stop(self) -> bool:
        """Stop the server (SIGQUIT to the master; SIGTERM to itself without one)."""
        self._instance.signal_server(signal.SIGQUIT if self._instance.master_pid else signal.SIGTERM)
        return True

    @public("P1")
    def mem(self) -> tuple[int, int]:
        """Resident and virtual size of this process, in bytes."""
        page = os.sysconf("SC_PAGE_SIZE")
        with open("/proc/self/statm") as file:
            virtual, resident = file.read().split()[:2]
        return int(resident) * page, int(virtual) * page

    @public("P1")
    def listen_queue(self, socket_index: int = 0, /) -> int:
        """Connections that wait in the backlog of one listening socket (TCP on Linux, else 0).

        :raises ValueError: if there is no such socket
        """
        sockets = self._instance.facts.sockets
        if not 0 <= socket_index < len(sockets):
            raise ValueError(f"unable to find socket {socket_index}: this server has {len(sockets)}")
        try:
            with socket.socket(fileno=os.dup(sockets[socket_index])) as listener:
                info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
        except OSError:
            return 0
        return int(_TCPI_UNACKED.unpack_from(info)[0])

    @public("P1")
    def accepting(self, flag: int = 1, /) -> None:
        """Tell the master whether this worker is ready for the next step of a chain reload."""
        if self._instance.row is not None:
            self._instance.row[Column.ACCEPTING] = 1 if flag else 0

    @public("P1")
    def ready(self) -> bool | None:
        """True once every worker serves, else None."""
        instance = self._instance
        if instance.board is None:
            return True if instance.serving else None
        rows = [instance.row_of(number) for number in range(1, instance.facts.processes + 1)]
        return (
            True if all(row is not None and row[Column.STATE] == WorkerState.READY for row in rows) else None
        )

    @public("P1", differs="for this request only; the request's greenlet gets an exception first")
    def set_user_harakiri(self, seconds: int, /) -> None:
        """Let this request, task or handler of a signal end after so many seconds; 0 takes that back."""
        seconds = operator.index(seconds)
        if self._instance.set_harakiri is None:
            raise RuntimeError(
                "uwsgi.set_user_harakiri(): there is nothing to end while the application is loaded; call it "
                "in a request, a task of the spooler or a mule"
            )
        self._instance.set_harakiri(seconds)

    @public("P2")
    def micros(self) -> int:
        """The time in microseconds since 1970."""
        return time.time_ns() // 1000

    @public("P1", differs="status busy means that all cores are taken; leaks nothing (uwsgi#2056)")
    def workers(self) -> tuple[dict[str, Any], ...]:
        """A dict for each worker: ``id pid requests status rss`` and so on; times in microseconds."""
        return tuple(self._worker(number) for number in range(1, self._instance.facts.processes + 1))

    def _worker(self, number: int) -> dict[str, Any]:
        instance = self._instance
        row = instance.row_of(number)
        seen = dict.fromkeys(Column, 0) if row is None else {column: row[column] for column in Column}
        if number == instance.worker_id:
            seen[Column.PID] = os.getpid()
            seen[Column.RSS], seen[Column.VSZ] = self.mem()
            seen[Column.SIGNAL] = instance.agent.running_signal() + 1
            seen[Column.REQUESTS] = max(seen[Column.REQUESTS], instance.requests_started - 1)
            seen[Column.CORES] = instance.facts.cores
        worker = worker_figures(number, seen)
        for name in _IN_DOCUMENT_ONLY:
            del worker[name]
        worker["status"] = worker["status"].encode()
        worker["apps"] = tuple(self._app(app, row, worker) for app in instance.apps)
        return worker

    def _app(self, app: AppFacts, row: Row | None, worker: Mapping[str, Any]) -> dict[str, Any]:
        requests, exceptions = (0, 0) if row is None else row.app(app.number)
        if row is None and len(self._instance.apps) == 1:
            requests = worker["requests"]
        counted = replace(app, requests=requests, exceptions=exceptions)
        figures = app_figures(counted, interpreter=0, callable=0)
        return {**figures, "mountpoint": app.mountpoint.encode(), "chdir": b""}
