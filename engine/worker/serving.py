"""The applications of one worker: who answers which request, and how.

One application alone is called without any lookup; only mounts bring a table in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import bridge
from bridge.lowlevel import breathe
from engine.apps.application import Application, is_single
from engine.apps.asgi.adapter import ASGIAdapter
from engine.apps.asgi.gzipped import asgi_gzipped
from engine.apps.asgi.lifespan import Lifespan
from engine.apps.asgi.scope import ScopeBuilder
from engine.apps.mounts import MountTable
from engine.apps.reply_headers import asgi_with_headers, wsgi_at_once, wsgi_with_headers
from engine.apps.wsgi.adapter import WSGIAdapter
from engine.apps.wsgi.big_reads import tell_of_big_reads
from engine.apps.wsgi.environ import EnvironBuilder
from engine.apps.wsgi.gzipped import wsgi_gzipped
from engine.apps.wsgi.mounted import MountedEnvirons
from engine.apps.wsgi.post_buffering import post_buffered
from engine.config.settings import Settings
from engine.cores.runner import Runner
from engine.cores.tasks import TaskCores, TaskRunner, inherit_green, start_green, start_plain
from engine.errors import ClientDisconnected
from engine.logs.server_log import ServerLog
from engine.request.exchange import Exchange
from engine.request.io_errors import IO_ERRORS
from engine.uwsgi_api.api import Api
from engine.uwsgi_api.context import current_exchange
from engine.uwsgi_api.request_calls import encoder_keeper, keep_variable
from engine.worker.answering import Answering

__all__ = ["Serving"]

_NOT_FOUND = b"no application is mounted at this path\n"
_LAST_TASKS = 5.0  # seconds that cancelled requests have to end


@dataclass(frozen=True, slots=True)
class _Place:
    """Who answers at one path."""

    submit: Callable[[Exchange], None]
    wsgi: Answering | None
    number: int


class Serving:
    """Runs requests; its loop's thread only.

    ``submit`` and ``withdraw`` are for the front end, and final after :meth:`start`; ``environs`` makes
    templates for its connections.
    """

    def __init__(self, apps: Sequence[Application], settings: Settings, log: ServerLog, api: Api) -> None:
        self._settings = settings
        self._log = log
        self._api = api
        self.apps = apps
        self._lifespans: list[Lifespan] = []
        self._adapters: list[WSGIAdapter | ASGIAdapter] = []
        self._counts = [0] * (len(apps) + 1)  # requests by application; the last for those of none
        self.files_sent: Callable[[], int] = lambda: 0
        self.leave: Callable[[str], None] = log.line
        """Called with a reason when another worker should take the place of this one."""
        self._on_failure = self._failed if settings.fatal_exceptions else None
        self.environs = EnvironBuilder(settings.processes > 1)
        IO_ERRORS.find_core = _core_of_request
        self._single = is_single(apps)
        if self._single and not (apps and apps[0].is_asgi):
            adapter = self._new_wsgi(apps[0].call if apps else None, self.environs)
            self.runner = Runner(settings.gevent, Answering(api, adapter).serve, log.line)
        else:
            self.runner = Runner(settings.gevent, self._serve_mounted, log.line)
        self._tasks = TaskCores(self.runner, settings.asgi_cores, log.line)
        self.submit: Callable[[Exchange], None] = self.runner.submit
        self.withdraw: Callable[[Exchange], None] = self.runner.withdraw

    # -- requests --------------------------------------------------------------------------------

    def _serve_mounted(self, exchange: Any) -> None:
        self._place_of(exchange).wsgi.serve(exchange)

    def _dispatch(self, exchange: Exchange) -> None:
        place = self._place_of(exchange)
        exchange.app = place.number
        self._counts[place.number] += 1
        place.submit(exchange)

    def _place_of(self, exchange: Exchange) -> Any:
        return self._table.find(exchange.head)

    def _withdraw(self, exchange: Exchange) -> None:
        self.runner.withdraw(exchange)
        self._tasks.withdraw(exchange)

    def _failed(self, error: BaseException) -> None:
        if self._settings.fatal_exceptions.has(error):
            self.leave(f"a request ended with {type(error).__name__}")

    # -- start and end ---------------------------------------------------------------------------

    def has_asgi(self) -> bool:
        """Whether there is an application whose start may take its time."""
        return any(app.is_asgi for app in self.apps)

    def is_mixed(self) -> bool:
        """Whether some requests need cores and others do not."""
        return len({app.is_asgi for app in self.apps}) == 2

    async def start(self) -> None:
        """Make everything ready, lifespans too; return when requests may come.

        :raises AppLoadError: if an application refuses to start
        """
        if self._single and not (self.apps and self.apps[0].is_asgi):
            return
        if any(app.green for app in self.apps):
            inherit_green(asyncio.get_running_loop())
        states: dict[int, dict[str, Any]] = {}
        places = [(app.mountpoint, await self._place(app, states)) for app in self.apps]
        self.withdraw = self._withdraw
        if self._single:
            self.submit = places[0][1].submit
            return
        if all(app.mountpoint for app in self.apps):
            nothing = WSGIAdapter(_not_found, self.environs, self._log.line, breathe)
            places.append(("", _Place(self.runner.submit, Answering(self._api, nothing), -1)))
        self._table: MountTable[Any] = MountTable(places, self._settings.manage_script_name)
        self.submit = self._dispatch

    async def _place(self, app: Application, states: dict[int, dict[str, Any]]) -> _Place:
        settings = self._settings
        if not app.is_asgi:
            environs = self.environs
            if app.mountpoint:
                environs = MountedEnvirons(
                    settings.processes > 1, app.mountpoint, settings.manage_script_name
                )
            adapter = self._new_wsgi(app.call, environs)
            return _Place(self.runner.submit, Answering(self._api, adapter), app.number)
        start = start_green if app.green else start_plain
        if id(app.call) not in states:  # one lifespan, wherever else it is mounted
            states[id(app.call)] = await self._begin_lifespan(app, start)
        scopes = ScopeBuilder(app.mountpoint, settings.manage_script_name, states[id(app.call)])
        call = app.call
        if settings.response_headers:
            call = asgi_with_headers(call, settings.response_headers, keep_variable)
        if settings.http_auto_gzip:
            call = asgi_gzipped(call, encoder_keeper)
        asgi = ASGIAdapter(
            call,
            scopes,
            self._log.line,
            settings.socket_timeout,
            _in_greenlet,
            settings.catch_exceptions,
            self._on_failure,
        )
        self._adapters.append(asgi)
        runner = TaskRunner(self._tasks, asgi, self._api.begin, self._api.end_in_task, start)
        return _Place(runner.submit, None, app.number)

    async def _begin_lifespan(self, app: Application, start: Any) -> dict[str, Any]:
        mode: Literal["auto", "on", "off"] = self._settings.lifespan
        if mode == "off":
            return {}
        lifespan = Lifespan(app.call, app.name, mode, self._log.line, start)
        try:
            await lifespan.startup()
        except BaseException:
            await self.end_lifespans(1.0)
            raise
        self._lifespans.append(lifespan)
        return lifespan.state

    async def cancel_requests(self) -> None:
        """The worker's mercy is over: end the tasks of requests, so that their ``finally`` blocks run."""
        await self._tasks.cancel_all(ClientDisconnected("the worker has ended"), _LAST_TASKS)

    async def end_lifespans(self, limit: float) -> None:
        """Tell applications that the worker ends, the last first; *limit* seconds for all of them."""
        give_up = time.monotonic() + limit
        while self._lifespans:
            await self._lifespans.pop().shutdown(max(0.1, give_up - time.monotonic()))

    def failures(self) -> int:
        """How many requests ended with an exception so far."""
        return sum(adapter.failures for adapter in self._adapters)

    def app_counts(self, requests: int) -> Iterator[tuple[int, int]]:
        """Yield requests and exceptions of each application.

        :param requests: all that this worker has answered
        """
        counts = [requests - self.files_sent()] if self._single else self._counts
        for count, adapter in zip(counts, self._adapters, strict=False):
            yield count, adapter.failures

    def _new_wsgi(self, app: Any, environs: EnvironBuilder) -> WSGIAdapter:
        settings = self._settings
        if app is not None and settings.body_read_warning:
            app = tell_of_big_reads(app, settings.body_read_warning, self._log.line)
        if app is not None and settings.post_buffering:
            app = post_buffered(app, settings.post_buffering, settings.post_buffering_bufsize)
        if app is not None and settings.start_response_nodelay:
            app = wsgi_at_once(app, _send_head)
        if app is not None and settings.response_headers:
            app = wsgi_with_headers(app, settings.response_headers, keep_variable)
        if app is not None and settings.http_auto_gzip:
            app = wsgi_gzipped(app, encoder_keeper, settings.wsgi_strict)
        adapter = WSGIAdapter(
            app,
            environs,
            self._log.line,
            breathe,
            strict=settings.wsgi_strict,
            show_errors=settings.catch_exceptions,
            on_failure=self._on_failure,
        )
        self._adapters.append(adapter)
        return adapter


def _core_of_request() -> int | None:
    exchange = current_exchange()
    return None if exchange is None else exchange.core


def _send_head() -> None:
    exchange = current_exchange()
    if exchange is not None:
        exchange.send_head(None)


async def _in_greenlet(call: Callable[..., Any], *args: Any) -> Any:
    return await bridge.sync_to_async(call)(*args)


def _not_found(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
    return [_NOT_FOUND]
