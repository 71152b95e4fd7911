"""The module as the rest of the engine deals with it: made at start-up, told what happens."""

from __future__ import annotations

import asyncio
import atexit
import sys
import traceback
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import bridge
from bridge.lowlevel import direct_runner
from engine.channels import Lane, WorkerSide
from engine.request.exchange import Exchange
from engine.signals.local import Local
from engine.stats.scoreboard import Row, Scoreboard
from engine.uwsgi_api.area_calls import AreaCalls
from engine.uwsgi_api.cache_calls import CacheCalls
from engine.uwsgi_api.context import enter_request, follow_spawns
from engine.uwsgi_api.finder import find_decorators
from engine.uwsgi_api.helper_calls import MuleCalls, SpoolerCalls
from engine.uwsgi_api.helping import Helping
from engine.uwsgi_api.instance import Facts, Instance
from engine.uwsgi_api.lock_calls import LockCalls
from engine.uwsgi_api.metric_calls import MetricCalls
from engine.uwsgi_api.module import build, put_in_place
from engine.uwsgi_api.process_calls import ProcessCalls
from engine.uwsgi_api.queue_calls import QueueCalls
from engine.uwsgi_api.request_calls import RequestCalls
from engine.uwsgi_api.rpc_calls import RpcCalls
from engine.uwsgi_api.services import services
from engine.uwsgi_api.shown import cache_figures, lock_figures
from engine.uwsgi_api.signal_calls import SignalCalls
from engine.uwsgi_api.signal_options import messages
from engine.uwsgi_api.store import Store
from engine.uwsgi_api.websocket_calls import WebSocketCalls

__all__ = ["GROUPS", "Api", "install"]

_LOOK_AGAIN = 0.005  # seconds
_LAST_HANDLERS = 10.0  # seconds that handlers of signals have to end when the worker does

GROUPS = (
    ProcessCalls,
    RequestCalls,
    SignalCalls,
    LockCalls,
    CacheCalls,
    QueueCalls,
    AreaCalls,
    MetricCalls,
    RpcCalls,
    MuleCalls,
    WebSocketCalls,
)
"""Functions that are always there; those of the spooler only with --spooler."""


class Api:
    """One per server; make it with :func:`install` before the application is loaded.

    Forked with the processes: each tells its own copy what it is.
    """

    def __init__(self, facts: Facts, log: Callable[[str], None]) -> None:
        self._log = log
        self.skip_atexit = False
        """Do not call ``uwsgi.atexit`` (uWSGI ``--skip-atexit``)."""
        self.skip_teardown = False
        """Do not call Python's ``atexit`` handlers in workers (uWSGI ``--skip-atexit-teardown``)."""
        self.instance = Instance(facts, log)
        try:
            self.instance.store = Store(facts.opt)
        except NotImplementedError:
            pass  # the functions that need it say so
        groups: list[Any] = [group(self.instance) for group in GROUPS]
        functions = next(group for group in groups if isinstance(group, RpcCalls))
        self.services = services(self.instance, functions)
        if self.instance.roles.spooler.directories or self.instance.roles.spooler.external:
            groups.append(SpoolerCalls(self.instance))
        self.module: ModuleType = build(self.instance, groups)
        self.hooks: dict[str, Any] = vars(self.module)
        """Names of the module, among them the hooks that applications set."""
        self._helping = Helping(self.instance, self.hooks, log)
        roles = self.instance.roles
        self._signals = Local(facts.processes, self.instance.agent, log, roles.count, roles.farm)
        self._helping.share(self._signals)
        self._channel: WorkerSide | None = None
        self._is_used = False
        for message in messages(facts.opt):
            self.instance.agent.tell(message)

    def imported(self) -> None:
        """The application, or a library of its own, imports the module."""
        if not self._is_used:
            self._is_used = True
            self._follow_spawns()

    def _follow_spawns(self) -> None:
        if self._is_used and self.instance.serving:
            follow_spawns()

    # -- life of the master ------------------------------------------------------------

    def supervise(self, master: Any) -> None:
        """This process is the master; call before its loop runs."""
        self._signals.serve_in(master)
        self._helping.supervise(master, self._signals)
        store = self.instance.store
        if store is not None:
            master.show("locks", lambda: lock_figures(store))
            if store.caches:
                master.show("caches", lambda: cache_figures(store))
        master.before_exec(self.keep_shared_memory)

    def keep_shared_memory(self) -> None:
        """This process is about to execute itself anew: let the next image find caches and so on."""
        if self.instance.store is not None:
            self.instance.store.segments.survive_exec()

    def routed_signals(self) -> tuple[int, int]:
        """How many signals found somebody to handle them, and how many nobody; in the master."""
        return self._signals.switchboard.routed, self._signals.switchboard.unrouted

    # -- life of a worker ------------------------------------------------------------

    def enter_worker(self, number: int, channel: WorkerSide | None = None) -> None:
        """This process is worker *number*; the application may not be loaded yet.

        :param channel: to the master; None if there is none
        """
        self.instance.become_worker(number)
        self._channel = self.instance.channel = channel
        if channel is not None:
            agent = self.instance.agent
            agent.connect(lambda data: channel.send(Lane.SIGNALS, data))
            channel.on(Lane.SIGNALS, agent.deliver)

    def use_scoreboard(self, board: Scoreboard, row: Row | None) -> None:
        """Let ``uwsgi.workers()`` and others read *board*; *row* is this process's own."""
        self.instance.use_scoreboard(board, row)
        self.instance.agent.row = row

    def run_post_fork(self) -> None:
        """Call ``uwsgi.post_fork_hook``; the application is loaded, the loop does not run yet."""
        self._call("post_fork_hook")

    def serving(self) -> None:
        """The worker's loop runs; call in it, before the first request."""
        self.instance.serving = True
        self.instance.serve_shared()
        self._follow_spawns()
        loop = asyncio.get_running_loop()
        if self._channel is None:
            self._signals.serve_alone(loop)
            self._helping.serve_alone()
        self.instance.agent.serve(loop.call_soon, direct_runner())

    def begin(self, exchange: Exchange) -> None:
        """A request starts; call in its greenlet."""
        enter_request(exchange)
        self.instance.requests_started += 1

    def end(self, exchange: Exchange) -> None:
        """A request is over; call in its greenlet."""
        if "after_req_hook" in self.hooks:
            self._call("after_req_hook")

    def end_in_task(self, exchange: Exchange) -> None:
        """A request is over that ran in a task, where nothing may block; call in that task."""
        if "after_req_hook" in self.hooks:
            bridge.spawn(self._call, "after_req_hook")

    async def finish(self, limit: float) -> None:
        """Call ``uwsgi.atexit``, once, in a greenlet of its own, for *limit* seconds at most."""
        self.instance.serving = False
        agent = self.instance.agent
        agent.leave()
        await bridge.future(bridge.spawn(agent.wait_handled, min(limit, _LAST_HANDLERS)))
        if callable(self.hooks.get("atexit")) and not self.skip_atexit:
            done, _ = await asyncio.wait([bridge.future(bridge.spawn(self._call, "atexit"))], timeout=limit)
            if not done:
                self._log(f"uwsgi.atexit did not end in {limit:g} seconds; going on without it")
        await self._helping.finish(limit)
        await self.instance.close_shared()
        await self._empty_channel(limit)

    async def _empty_channel(self, limit: float) -> None:
        """Let the master have what this worker has told it; signals must not get lost."""
        channel = self._channel
        if channel is None:
            return
        try:
            async with asyncio.timeout(limit):
                # The loop's writer empties it, and tells nobody.
                while channel.wants_write and not channel.closed:  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_AGAIN)
        except TimeoutError:
            self._log("the master does not read; what this worker had to tell it is lost")

    def finish_process(self) -> None:
        """Run Python's ``atexit`` handlers where no interpreter will; call last, outside the loop."""
        if self.instance.facts.supervised and not self.skip_teardown:
            atexit._run_exitfuncs()

    def _call(self, name: str) -> None:
        hook = self.hooks.get(name)
        if not callable(hook):
            return
        try:
            hook()
        except Exception:
            self._log("".join(traceback.format_exception(*sys.exc_info())).rstrip())

    def __repr__(self) -> str:
        return f"<Api {self.instance!r}>"


def install(
    processes: int,
    cores: int,
    supervised: bool,
    opt: Mapping[str, Any],
    sockets: tuple[int, ...],
    buffer_size: int,
    log: Callable[[str], None],
) -> Api:
    """Make ``import uwsgi`` work in this process and in those it forks.

    :param supervised: whether this process becomes a master
    :param sockets: descriptors of the listening sockets
    """
    api = Api(Facts(processes, cores, supervised, buffer_size, opt, sockets), log)
    put_in_place(api.module, api.imported)
    find_decorators()
    return api
