"""Where connections come in: who accepts them, who speaks with their clients, and when none are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import ClientLeftError
from engine.interfaces import Environ
from engine.logs.server_log import ServerLog
from engine.net.acceptor import Acceptor
from engine.net.frontend import FrontEnd
from engine.net.listeners import Listener
from engine.net.uwsgi import UwsgiConnection
from engine.request.access import DefaultLine
from engine.request.exchange import Exchange
from engine.request.log import line_maker
from engine.stats.memory import memory
from engine.trust import TrustedPeers
from engine.uwsgi_api.api import Api
from engine.worker.serving import Serving
from engine.worker.settings import WorkerSettings
from engine.worker.spoken import alpn_factories, http_factory

__all__ = ["Reception"]


class Reception:
    """The front end and the acceptor of one worker; its loop's thread only.

    :param is_paused: whether the master wants nothing accepted at the moment
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        settings: WorkerSettings,
        listeners: Sequence[Listener],
        serving: Serving,
        log: ServerLog,
        api: Api,
        is_paused: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._listeners = listeners
        self._serving = serving
        self._runner = serving.runner
        self._log = log
        self._is_paused = is_paused
        self._instance = api.instance
        self._default_lines: list[DefaultLine] = []
        self.front = self._new_front(loop, api)
        self.acceptor = self._new_acceptor(loop)
        self._pause_when_full()
        if settings.config.kill_on_disconnect:
            self.front.on_gone = self._end_request

    def _new_front(self, loop: asyncio.AbstractEventLoop, api: Api) -> FrontEnd:
        request_log = self._settings.config.request_log
        return FrontEnd(
            loop,
            self._settings.timings(),
            self._log,
            request_log.enabled,
            line_maker(
                request_log, self._settings.number, memory, api.instance.metric, self._default_lines.append
            ),
            request_log.exceptions.filter(),
            self._serving.submit,
            self._serving.withdraw,
            self._runner.new_parking,
            _completing(dict(self._settings.config.http_variables)),
            self._serving.environs.template_of,
        )

    def count_others(self) -> None:
        """Bring up to date how many requests log lines say that the whole server has finished."""
        board = self._instance.board
        if board is not None:
            for line in self._default_lines:
                line.others = board.requests_of_others(self._settings.number)

    def _new_acceptor(self, loop: asyncio.AbstractEventLoop) -> Acceptor:
        config, front = self._settings.config, self.front
        factories: dict[str, Callable[..., Any]] = {
            "http": http_factory(front, config),
            "uwsgi": lambda known=None: UwsgiConnection(front, known),
        }
        factories |= {
            each.spoken: _redirecting(front, each.https_port)
            for each in self._listeners
            if each.protocol == "redirect"
        }
        return Acceptor(
            loop,
            self._listeners,
            factories,
            config.listen,
            self._log.line,
            TrustedPeers(config.proxies),
            max(64, front.most_connections // 2),
            alpn_factories(front, config),
        )

    def _pause_when_full(self) -> None:
        if not self._serving.is_mixed():  # else an ASGI request may be waiting to be accepted
            self._runner.on_full = self.acceptor.pause
        self._runner.on_free = self._resume
        self.front.crowd.on_full = self.acceptor.pause
        self.front.crowd.on_room = self._resume

    def _resume(self) -> None:
        if not self.front.crowd.is_full and not self._is_paused():
            self.acceptor.resume()

    def _end_request(self, exchange: Exchange) -> None:
        self._runner.end(exchange, ClientLeftError("the client has gone (--kill-on-disconnect)"))


def _redirecting(front: FrontEnd, port: str) -> Callable[..., Any]:
    from engine.net.redirect import RedirectConnection

    return lambda known=None: RedirectConnection(front, known, port)


def _completing(variables: Environ) -> Callable[[Environ], Environ]:
    """Return what adds *variables* (uWSGI ``--http-var``) to the facts of a connection, where HTTP is spoken.

    Of a connection that speaks uwsgi there are no facts: the front end says everything.
    """
    return lambda facts: {**facts, **variables} if facts and variables else facts
