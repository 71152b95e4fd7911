"""One worker: listeners, protocols, cores and the application put together on one loop."""

from __future__ import annotations

import asyncio
import faulthandler
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import bridge
from bridge.lowlevel import breathe, end_greenlets, join_hub
from engine.apps.wsgi.adapter import WSGIAdapter
from engine.apps.wsgi.environ import EnvironBuilder
from engine.channels import Lane, WorkerSide
from engine.cores.harakiri import Harakiri
from engine.cores.lifetime import Lifetime
from engine.cores.runner import Runner
from engine.cores.watchdog import Watchdog
from engine.errors import HarakiriError
from engine.logs.server_log import ServerLog
from engine.net.acceptor import Acceptor
from engine.net.frontend import FrontEnd, Timings
from engine.net.http1 import Http1Connection
from engine.net.listeners import Listener
from engine.net.uwsgi import UwsgiConnection
from engine.stats.memory import memory
from engine.stats.scoreboard import Column, Row
from engine.uwsgi_api.api import Api
from engine.uwsgi_api.context import the_request

__all__ = ["Supervised", "Worker", "WorkerSettings"]

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

# Seconds that open connections without a request are kept when the worker leaves.  A client that
# sends its next request meanwhile is answered with "Connection: close" instead of being cut off.
_RELOAD_GRACE: Final = 2.0
_STOP_GRACE: Final = 0.3
_LAST_GREENLETS: Final = 5.0  # seconds that greenlets have to end once they were told to
_ASK_AGAIN: Final = 10.0  # seconds until a worker that waits for its successor asks once more


@dataclass(frozen=True, slots=True)
class Supervised:
    """What ties a worker to its master.

    :param row: of the scoreboard; ``uwsgi.workers()`` shows it
    :param paused: accept nothing until told
    """

    channel: WorkerSide
    row: Row
    number: int
    paused: bool = False


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker needs to know; times in seconds.

    :param check_reload: without a master, on SIGHUP: whether a new start would succeed
    """

    cores: int
    backlog: int = 100
    timings: Timings = field(default_factory=Timings)
    mercy: float = 60.0
    log_requests: bool = True
    multiprocess: bool = False
    strict: bool = False
    show_errors: bool = False
    wait_for_hub: bool = False
    loop_backend: str = ""
    harakiri: float = 0.0
    harakiri_retry: float = 2.0
    harakiri_verbose: bool = False
    lifetime: Lifetime = field(default_factory=Lifetime)
    memory_report: bool = False
    autoreload: float = 0.0
    log_file: Any = None
    command: Sequence[str] = ()
    directory: str = "."
    environ: dict[str, str] = field(default_factory=dict)


class Worker:
    """Serves until it is told to stop; use once, in the main thread.

    :param app: the WSGI callable; None answers every request with 500
    :param supervised: None without a master
    :param ready: called once signals are handled; may raise those that came too early
    """

    def __init__(
        self,
        settings: WorkerSettings,
        listeners: Sequence[Listener],
        app: Any,
        log: ServerLog,
        api: Api,
        supervised: Supervised | None = None,
        ready: Callable[[], None] | None = None,
    ) -> None:
        self._settings = settings
        self._listeners = listeners
        self._log = log
        self._api = api
        self._supervised = supervised
        self._ready = ready
        self.channel = None if supervised is None else supervised.channel
        self._environs = EnvironBuilder(settings.multiprocess)
        self._adapter = WSGIAdapter(
            app,
            self._environs,
            log.line,
            breathe,
            strict=settings.strict,
            show_errors=settings.show_errors,
        )
        self._runner = Runner(settings.cores, self._serve, log.line)
        self._stopping = False
        self._seen: set[int] = set()
        self._paused = False
        self._began = time.monotonic()
        self._last_turn = self._began
        self._told_at = self._began
        self._asked_at = float("-inf")
        self._harakiri = Harakiri(
            self._runner.pool,
            self._runner.greenlets,
            settings.harakiri,
            settings.harakiri_retry,
            self._report_harakiri,
            self._ask_to_leave,
        )
        self.wants_reload = False
        """True after :meth:`run` if a process without a master was asked to reload."""

    def run(self) -> int:
        """Serve until stopped by a signal; return the exit status of the process."""
        with asyncio.Runner(loop_factory=_loop_factory(self._settings.loop_backend)) as runner:
            clean = runner.run(self._main())
            if self._settings.wait_for_hub:
                runner.run(asyncio.sleep(0))
        if self._settings.wait_for_hub and not join_hub(max(0.1, self._settings.mercy - self._took())):
            self._log.line("greenlets still running, though --gevent-wait-for-hub waited as long as it may")
            end_greenlets(_LAST_GREENLETS)
        self._api.finish_process()
        self._log.flush()
        return 0 if clean else 1

    def _serve(self, exchange: Any) -> None:
        self._api.begin(exchange)
        try:
            self._adapter.serve(exchange, exchange.link.template())
        except HarakiriError:
            pass  # the client was told, the log too
        finally:
            self._api.end(exchange)

    async def _main(self) -> bool:
        self._loop = loop = asyncio.get_running_loop()
        bridge.attach()
        settings = self._settings
        self._log.use_timer(loop.call_later)
        self._front = front = FrontEnd(
            loop,
            settings.timings,
            self._log,
            settings.log_requests,
            self._runner.submit,
            self._runner.withdraw,
            self._runner.new_parking,
            self._environs.connection_template,
        )
        factories: dict[str, Callable[[], Any]] = {
            "http": lambda: Http1Connection(front),
            "uwsgi": lambda: UwsgiConnection(front),
        }
        self._acceptor = acceptor = Acceptor(loop, self._listeners, factories, settings.backlog)
        self._runner.on_full = acceptor.pause
        self._runner.on_free = self._on_free
        front.request_limit = settings.lifetime.requests
        front.on_limit = self._check_lifetime
        self._api.instance.set_harakiri = self._set_own_harakiri
        self._stop = asyncio.Event()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_stop_signal, number)
        watchdog = self._start_watchdog()
        self._api.serving()
        await acceptor.start()
        self._tick()
        if self._ready is not None:
            self._ready()
        self._begin_supervised(loop)
        await self._stop.wait()
        reloading = self._seen == {signal.SIGHUP}
        if not reloading:
            await acceptor.take_backlog()
        acceptor.stop(close=not self.wants_reload)
        clean = await self._drain(settings.mercy, _RELOAD_GRACE if reloading else _STOP_GRACE)
        await self._api.finish(settings.mercy if clean else 1.0)
        if not settings.wait_for_hub:
            await self._end_leftovers()
        front.stop()
        watchdog.stop()
        self._ticking.cancel()
        self._publish(time.monotonic())
        return clean

    # -- the master ----------------------------------------------------------------------------

    def _begin_supervised(self, loop: asyncio.AbstractEventLoop) -> None:
        supervised = self._supervised
        if supervised is None:
            return
        faulthandler.register(signal.SIGQUIT, file=2, chain=False)
        channel = supervised.channel
        channel.on(Lane.CONTROL, self._on_command)

        def watch_writing() -> None:
            loop.call_soon_threadsafe(self._watch_writing, loop)

        channel.on_backlog = watch_writing
        self._watch_writing(loop)  # the application may have sent something before
        loop.add_reader(channel.fileno(), self._read_channel, loop)
        if supervised.paused:
            self._on_command(b"pause")
        supervised.row[Column.ACCEPTING] = 1
        channel.send(Lane.CONTROL, b"ready")
        if self._settings.autoreload and supervised.number == 1:
            self._start_autoreload(loop)

    def _read_channel(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self.channel is not None
        self.channel.dispatch()
        if self.channel.closed:
            loop.remove_reader(self.channel.fileno())
            if not self._stopping:
                self._log.line("the master is gone: finishing what runs, then ending")
                self._on_stop_signal(signal.SIGHUP)

    def _watch_writing(self, loop: asyncio.AbstractEventLoop) -> None:
        channel = self.channel
        assert channel is not None
        if channel.wants_write and not channel.closed:
            loop.add_writer(channel.fileno(), self._flush_channel, loop)

    def _flush_channel(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self.channel is not None
        if self.channel.flush():
            loop.remove_writer(self.channel.fileno())

    def _on_command(self, data: bytes) -> None:
        if data == b"pause" and not self._paused:
            self._paused = True
            self._acceptor.pause()
        elif data == b"resume" and self._paused:
            self._paused = False
            self._on_free()
        elif data == b"reopen-log" and self._settings.log_file is not None:
            self._log.flush()
            self._settings.log_file.open()
        elif data.startswith(b"stats "):
            assert self.channel is not None
            self._publish(time.monotonic())
            self.channel.send(Lane.CONTROL, data + b" " + json.dumps(self._cores()).encode())

    def _cores(self) -> list[dict[str, Any]]:
        """What each core does, as the stats server shows it; idle ones that never ran are left out."""
        served, running = self._runner.served, self._runner.pool.running
        cores: list[dict[str, Any]] = []
        for core, requests in enumerate(served):
            exchange = running.get(core)
            if exchange is not None:
                shown = [
                    f"REQUEST_METHOD={exchange.method}",
                    f"REQUEST_URI={exchange.uri}",
                    f"REMOTE_ADDR={exchange.remote_addr}",
                    "",
                ]
                info = {"request_start": int(exchange.started_at)}
                cores.append(
                    {"id": core, "requests": requests, "in_request": 1, "vars": shown, "req_info": info}
                )
            elif requests:
                cores.append({"id": core, "requests": requests})
        return cores

    def _on_free(self) -> None:
        if not self._paused:
            self._acceptor.resume()

    # -- once in a while -----------------------------------------------------------------------

    def _tick(self) -> None:
        now = time.monotonic()
        self._last_turn = now
        self._harakiri.sweep(now)
        self._publish(now)
        self._check_lifetime()
        self._ticking = self._loop.call_later(self._harakiri.interval(), self._tick)

    def _publish(self, now: float) -> None:
        if self._supervised is None:
            return
        row, front, pool = self._supervised.row, self._front, self._runner.pool
        row[Column.BEAT] = int(now * 1000)
        row[Column.REQUESTS] = front.requests
        row[Column.BUSY] = len(pool.running)
        row[Column.WAITING] = pool.statistics().waiting
        row[Column.CONNECTIONS] = len(front.connections)
        row[Column.EXCEPTIONS] = self._adapter.failures
        row[Column.TX] = front.sent
        row[Column.RUNNING_TIME] = int(front.running_time * 1e6)
        row[Column.AVERAGE_TIME] = int(front.average_time * 1e6)
        row[Column.HARAKIRIS] = self._harakiri.count
        if self._settings.memory_report or self._settings.lifetime.needs_memory():
            row[Column.RSS], row[Column.VSZ] = memory()

    def _check_lifetime(self) -> None:
        lifetime = self._settings.lifetime
        if self._stopping:
            return
        rss, address_space = memory() if lifetime.needs_memory() else (0, 0)
        age = time.monotonic() - self._began
        reason = lifetime.reason_to_end(self._front.requests, age, rss, address_space)
        if reason is not None:
            self._ask_to_leave(reason)

    def _ask_to_leave(self, reason: str) -> None:
        """Go on until the successor is ready; without a master there is none."""
        now = time.monotonic()
        if self._stopping or now < self._asked_at + _ASK_AGAIN:
            return
        self._asked_at = now
        if self.channel is not None:
            self.channel.send(Lane.CONTROL, b"leave " + reason.encode())
            return
        self._log.line(f"...The work of process {os.getpid()} is done. Seeya! ({reason})")
        self._on_stop_signal(signal.SIGTERM)

    def _set_own_harakiri(self, seconds: float) -> None:
        self._harakiri.set_own(the_request(), seconds, time.monotonic())
        self._ticking.cancel()
        self._ticking = self._loop.call_later(self._harakiri.interval(), self._tick)

    def _report_harakiri(self, text: str) -> None:
        number = 1 if self._supervised is None else self._supervised.number
        self._log.line(f"*** HARAKIRI ON WORKER {number} (pid: {os.getpid()}) ***\n{text}")
        if self._settings.harakiri_verbose:
            self._log.line(bridge.format_tree())

    def _start_watchdog(self) -> Watchdog:
        limit = self._settings.harakiri
        watchdog = Watchdog(limit, lambda: self._last_turn, self._runner.pool.running, self._log.line)
        if limit:
            watchdog.start()
        return watchdog

    def _start_autoreload(self, loop: asyncio.AbstractEventLoop) -> None:
        from engine.cores.autoreload import ModuleWatch

        watch = ModuleWatch()
        interval = self._settings.autoreload

        def look() -> None:
            for name, path in watch.changed():
                self._log.line(f"[uwsgi-python-reloader] module/file {name} has been modified")
                assert self.channel is not None
                self.channel.send(Lane.CONTROL, b"reload " + f"{path} has changed".encode())
                break
            loop.call_later(interval, look)

        loop.call_later(interval, look)

    # -- the end -------------------------------------------------------------------------------

    def _on_stop_signal(self, number: int) -> None:
        name = signal.Signals(number).name
        if number == signal.SIGHUP and self._supervised is None and not self._stopping:
            self._reload_alone()
            return
        if number in self._seen and number != signal.SIGHUP:
            self._log.line(f"second {name}: ending at once")
            self._log.flush()
            sys.stdout.flush()
            os._exit(1)
        self._seen.add(number)
        if self._stopping:
            return
        self._stopping = True
        self._told_at = time.monotonic()
        running = len(self._runner.pool.running)
        how = "Gracefully killing" if number == signal.SIGHUP else "Stopping"
        worker = 1 if self._supervised is None else self._supervised.number
        self._log.line(
            f"{how} worker {worker} (pid: {os.getpid()})... {name} received: finishing {running} requests"
        )
        self._stop.set()

    def _reload_alone(self) -> None:
        """No master: finish what runs, then let the process execute itself again; the sockets stay open."""
        if self.wants_reload:
            return
        self.wants_reload = True
        self._reloading = asyncio.get_running_loop().create_task(self._check_and_reload())

    async def _check_and_reload(self) -> None:
        settings = self._settings
        self._log.line("SIGHUP received: reloading; trying whether the application loads")
        check = await asyncio.create_subprocess_exec(
            *settings.command, cwd=settings.directory, env=settings.environ, stdin=asyncio.subprocess.DEVNULL
        )
        if await check.wait():
            self._log.line("reload given up: a new start would fail; this process goes on serving")
            self.wants_reload = False
            return
        self._seen.add(signal.SIGHUP)
        self._told_at = time.monotonic()
        self._stopping = True
        self._stop.set()

    async def _drain(self, mercy: float, grace: float) -> bool:
        """Let running requests end and their replies go out; False if that took too long.

        :param grace: seconds for clients that have a connection but no request right now
        """
        loop = asyncio.get_running_loop()
        front = self._front
        give_up = loop.time() + mercy
        front.draining = True
        await self._acceptor.settle()
        try:
            async with asyncio.timeout(min(grace, mercy)):
                await front.wait_closed()
        except TimeoutError:
            pass
        front.drain()
        idle = loop.create_future()
        self._runner.when_idle(lambda: None if idle.done() else idle.set_result(None))
        try:
            async with asyncio.timeout_at(give_up):
                await idle
                front.drain()
                await front.wait_closed()
        except TimeoutError:
            self._log.line(f"requests still running after {mercy:g} seconds ...NO MERCY !!!")
            for exchange in self._runner.pool.running.values():
                self._log.line(f'  core {exchange.core} is managing "{exchange.method} {exchange.uri}"')
            return False
        return True

    async def _end_leftovers(self) -> None:
        """Let the ``finally`` blocks of greenlets run that nobody waits for; uWSGI drops them silently."""
        left = await bridge.future(bridge.spawn(end_greenlets, _LAST_GREENLETS))
        for greenlet in left:
            self._log.line(f"does not end: {greenlet!r}")

    def _took(self) -> float:
        """Seconds since this worker was told to stop."""
        return time.monotonic() - self._told_at


def _loop_factory(backend: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if backend == "asyncio":
        return asyncio.SelectorEventLoop
    return bridge.new_event_loop
