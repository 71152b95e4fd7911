"""The worker's end of the line to its master: what it is told and asked."""

from __future__ import annotations

import asyncio
import faulthandler
import json
import signal
from collections.abc import Callable, Sequence
from typing import Any

from engine.channels import Lane
from engine.cores.runner import Runner
from engine.logs.server_log import ServerLog
from engine.net.acceptor import Acceptor
from engine.request.io_errors import IO_ERRORS
from engine.worker.request_tree import request_tree
from engine.worker.settings import LogFiles, Supervised

__all__ = ["Supervision"]


class Supervision:
    """Hears and answers the master of a worker; its loop's thread only.

    :param publish: brings the worker's row of the scoreboard up to date
    :param orphaned: called once if the master has died
    :param apps: number, mountpoint and seconds of loading of each application
    :param logs: opened anew when the master says so
    """

    def __init__(
        self,
        supervised: Supervised,
        runner: Runner,
        acceptor: Acceptor,
        log: ServerLog,
        logs: LogFiles,
        publish: Callable[[], None],
        orphaned: Callable[[], None],
        apps: Sequence[tuple[int, str, int]],
    ) -> None:
        self._channel = supervised.channel
        self._runner = runner
        self._acceptor = acceptor
        self._log = log
        self._logs = logs
        self._publish = publish
        self._orphaned = orphaned
        self._apps = apps
        self.paused = False
        if supervised.paused:
            self._on_command(b"pause")

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen from now on, and tell the master that this worker serves."""
        self._loop = loop
        faulthandler.register(signal.SIGQUIT, file=2, chain=False)
        channel = self._channel
        channel.on(Lane.CONTROL, self._on_command)
        channel.on_backlog = self._watch_writing_soon
        self._watch_writing()  # the application may have sent something before
        loop.add_reader(channel.fileno(), self._read)
        channel.send(Lane.CONTROL, b"ready")

    def ask_to_leave(self, reason: str) -> None:
        """Ask for a successor; the master says when it serves."""
        self._channel.send(Lane.CONTROL, b"leave " + reason.encode())

    def ask_for_reload(self, reason: str) -> None:
        """Ask for new workers in place of all."""
        self._channel.send(Lane.CONTROL, b"reload " + reason.encode())

    def _read(self) -> None:
        self._channel.dispatch()
        if self._channel.closed:
            self._loop.remove_reader(self._channel.fileno())
            self._orphaned()

    def _watch_writing_soon(self) -> None:
        self._loop.call_soon_threadsafe(self._watch_writing)

    def _watch_writing(self) -> None:
        channel = self._channel
        if channel.wants_write and not channel.closed:
            self._loop.add_writer(channel.fileno(), self._flush)

    def _flush(self) -> None:
        if self._channel.flush():
            self._loop.remove_writer(self._channel.fileno())

    def _on_command(self, data: bytes) -> None:
        if data == b"pause" and not self.paused:
            self.paused = True
            self._acceptor.pause()
        elif data == b"resume" and self.paused:
            self.paused = False
            self._acceptor.resume()
        elif data == b"renew-certificates":
            self._acceptor.renew_certificates(always=True)
        elif data == b"reopen-log":
            self._log.flush()
            self._logs.open()
        elif data.startswith(b"stats "):
            self._publish()
            tasks = len(asyncio.all_tasks(self._loop))
            said = {"cores": self._cores(), "tasks": tasks, "apps": self._apps}
            self._channel.send(Lane.CONTROL, data + b" " + json.dumps(said).encode())
        elif data.startswith(b"tree "):
            word, number, core = data.split(b" ")
            tree = request_tree(self._runner, int(core))
            self._channel.send(Lane.CONTROL, b"%b %b %b" % (word, number, json.dumps(tree).encode()))

    def _cores(self) -> list[dict[str, Any]]:
        """What each core does, as the stats server shows it; idle ones that never ran are left out."""
        served, running = self._runner.served, self._runner.pool.running
        cores: list[dict[str, Any]] = []
        for core, requests in enumerate(served):
            exchange = running.get(core)
            failed = {"write_errors": IO_ERRORS.writes[core], "read_errors": IO_ERRORS.reads[core]}
            if exchange is not None:
                shown = [
                    f"REQUEST_METHOD={exchange.method}",
                    f"REQUEST_URI={exchange.uri}",
                    f"REMOTE_ADDR={exchange.remote_addr}",
                    "",
                ]
                info = {"request_start": int(exchange.started_at)}
                now = {"in_request": 1, "vars": shown, "req_info": info}
                cores.append({"id": core, "requests": requests, **failed, **now})
            elif requests or any(failed.values()):
                cores.append({"id": core, "requests": requests, **failed})
        return cores
