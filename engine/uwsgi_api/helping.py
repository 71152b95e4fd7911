"""Spoolers and mules: who starts them, and what each does in its process."""

from __future__ import annotations

import asyncio
import importlib
import os
import runpy
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final

import bridge
from engine.apps.modules import import_extra
from engine.channels import Lane, WorkerSide
from engine.errors import ConfigError, HarakiriError
from engine.signals.local import Local
from engine.signals.targets import Kind
from engine.uwsgi_api.cluster.caretaker import consumer_name
from engine.uwsgi_api.cluster.link import Link
from engine.uwsgi_api.cluster.tasks import SharedSpool
from engine.uwsgi_api.cluster.uplink import Uplink
from engine.uwsgi_api.context import follow_spawns
from engine.uwsgi_api.helper_calls import Inbox, MuleCalls
from engine.uwsgi_api.helpers.crew import UNTIL, Crew
from engine.uwsgi_api.helpers.deadlines import Deadlines
from engine.uwsgi_api.helpers.process import HelperProcess
from engine.uwsgi_api.helpers.roles import Role
from engine.uwsgi_api.helpers.shared_spooler import SharedSpooler
from engine.uwsgi_api.helpers.spool import Spool
from engine.uwsgi_api.helpers.spooler import Spooler
from engine.uwsgi_api.instance import Instance

__all__ = ["Helping"]

_MERCY: Final = 60.0  # seconds that a task, or a mule, has to end when it is told to
_PIDS: Final = 4096


class Helping:
    """Part of :class:`engine.uwsgi_api.api.Api`.

    :param names: the names in the ``uwsgi`` module
    :raises ConfigError: if what the options ask for needs a master
    """

    def __init__(self, instance: Instance, names: dict[str, Any], log: Callable[[str], None]) -> None:
        self._instance = instance
        self._names = names
        self._log = log
        self._alone: list[asyncio.Future[Any]] = []
        self._link: Link | None = None
        self._uplink: Uplink | None = None
        roles = instance.roles
        if roles.count(Kind.MULE) and not instance.facts.supervised:
            raise ConfigError(
                "--mule: mules are processes of their own, which a master looks after; add --master"
            )
        if roles.helpers and instance.store is not None:
            segment = instance.store.segments.get("spooler-pids", _PIDS)
            instance.share_spooler_pids(memoryview(segment.memory))

    def share(self, signals: Local) -> None:
        """Let signals go to all servers, where ``--shared`` says so."""
        if self._instance.store is not None and self._instance.store.shared is not None:
            self._uplink = Uplink(signals.switchboard, self._log)

    def supervise(self, master: Any, signals: Local) -> None:
        """Let *master* start helpers and carry their messages."""
        store = self._instance.store
        if not self._instance.roles.helpers:
            return
        if store is None:
            raise ConfigError("spoolers and mules need Linux here; leave --spooler and --mule out")
        crew = Crew(master, self._instance.roles, signals, store.segments, self.be, self._log, self._uplink)
        if self._instance.roles.count(Kind.SPOOLER):
            master.show("spoolers", lambda: crew.spoolers(self._instance.tasks_of))

    # -- in a helper's process ----------------------------------------------------------

    def be(self, role: Role, channel: WorkerSide) -> int:
        """Be a helper until the end; return the exit status of the process."""
        instance = self._instance
        instance.become_helper(role, channel)
        instance.set_title(role.name())
        follow_spawns()
        if role.kind is Kind.LINK:
            early: list[bytes] = []
            channel.on(Lane.SHARED, early.append)
            return HelperProcess(
                channel, instance.agent, lambda: self._link_up(channel, early), self._stop_link, _MERCY
            ).run()
        deadlines = self._watch(role, channel)
        if role.kind is Kind.SPOOLER:
            spooler = self._new_spooler(role, deadlines)
            channel.on(Lane.API, lambda data: spooler.poke())

            def work() -> None:
                self._start_python()
                spooler.run()

            return HelperProcess(channel, instance.agent, work, spooler.stop, _MERCY, deadlines).run()
        inbox = instance.inbox = Inbox()
        channel.on(Lane.MULES, inbox.put)
        greenlet: list[Any] = []

        def toil() -> None:
            greenlet.append(bridge.spawn(self._be_mule, role, deadlines))
            greenlet[0].get()

        def stop() -> None:
            if greenlet:
                greenlet[0].kill(block=False)

        return HelperProcess(channel, instance.agent, toil, stop, _MERCY, deadlines).run()

    def _watch(self, role: Role, channel: WorkerSide) -> Deadlines:
        """Give handlers of signals in this process their deadline, and those who ask one of their own."""
        is_mule = role.kind is Kind.MULE
        roles, instance = self._instance.roles, self._instance
        seconds = roles.mule_harakiri if is_mule else roles.spooler.harakiri
        deadlines = Deadlines(
            role.name().upper() if is_mule else "THE SPOOLER",
            self._log,
            lambda due: channel.send(Lane.API, b"%b %a" % (UNTIL, due)),
        )
        instance.set_harakiri = deadlines.set_own
        instance.agent.limit = lambda number: deadlines.limit(seconds, f"HANDLING SIGNAL {number}")
        return deadlines

    def _link_up(self, channel: WorkerSide, early: list[bytes]) -> None:
        async def work() -> None:
            link = self._new_link(lambda data: channel.send(Lane.SHARED, data))
            for message in early:
                link.receive(message)
            channel.on(Lane.SHARED, link.receive)
            await link.run()

        bridge.wait(work())

    def _new_link(self, send: Callable[[bytes], bool]) -> Link:
        store = self._instance.store
        assert store is not None
        assert store.shared is not None
        spools = [os.path.basename(path) for path in self._instance.roles.spooler.directories]
        shared = store.shared
        self._link = Link(shared.settings, shared.server, store.own_locks, spools, send, self._log)
        return self._link

    def _stop_link(self) -> None:
        if self._link is not None:
            self._link.stop()

    def _new_spooler(self, role: Role, deadlines: Deadlines) -> Spooler | SharedSpooler:
        settings = self._instance.roles.spooler

        def limit(task: str) -> AbstractContextManager[None]:
            return deadlines.limit(settings.harakiri, f"RUNNING TASK {task}")

        store, spooler_of = self._instance.store, lambda: self._names.get("spooler")
        spool = Spool(role.what) if store is None else store.spool(role.what)
        spooler: Spooler | SharedSpooler
        if isinstance(spool, SharedSpool):
            assert store is not None
            assert store.shared is not None
            spooler = SharedSpooler(
                spool,
                consumer_name(store.shared.server),
                settings,
                spooler_of,
                self._log,
                lambda: self._instance.spooler_frequency,
                limit,
            )
        else:
            spooler = Spooler(
                spool, settings, spooler_of, self._log, lambda: self._instance.spooler_frequency, limit
            )
        self._instance.spoolers.append(spooler)
        spooler.runner.notify = partial(self._instance.note_tasks, role.number)
        return spooler

    def _start_python(self) -> None:
        self._instance.serve_shared()
        if self._instance.load_application is not None:
            self._instance.load_application()
        if self._instance.roles.spooler.chdir and self._instance.is_spooler:
            os.chdir(self._instance.roles.spooler.chdir)
        if self._instance.is_spooler:
            self._import_for_spoolers()
        hook = self._names.get("post_fork_hook")
        if callable(hook):
            self._guarded(hook)

    def _import_for_spoolers(self) -> None:
        for name in self._instance.roles.spooler.imports:
            import_extra(name)

    def _be_mule(self, role: Role, deadlines: Deadlines) -> None:
        self._start_python()
        if role.what.endswith(".py"):
            runpy.run_path(role.what, run_name="__main__")
        elif role.what:
            module, _, function = role.what.partition(":")
            loaded = importlib.import_module(module)
            if function:
                getattr(loaded, function.removesuffix("()"))()
        calls = MuleCalls(self._instance)
        while True:
            message = calls.mule_get_msg()
            hook = self._names.get("mule_msg_hook")
            if callable(hook) and message is not None:
                with deadlines.limit(self._instance.roles.mule_harakiri, "WITH A MESSAGE"):
                    self._guarded(hook, message)

    def _guarded(self, hook: Callable[..., Any], *args: Any) -> None:
        try:
            hook(*args)
        except (Exception, HarakiriError):
            self._log("".join(traceback.format_exception(*sys.exc_info())).rstrip())

    # -- without a master ----------------------------------------------------------------

    def serve_alone(self) -> None:
        """Run the spoolers in greenlets of this process; call in its loop."""
        deadlines = Deadlines("THE SPOOLER", self._log, lambda due: None)  # nobody else to tell
        deadlines.serve(asyncio.get_running_loop())
        for role in self._instance.roles.helpers:
            if role.kind is Kind.LINK:
                self._link_here()
                continue
            self._import_for_spoolers()
            spooler = self._new_spooler(role, deadlines)
            self._instance.note_spooler(role.number)
            self._alone.append(bridge.future(bridge.spawn(spooler.run)))

    def _link_here(self) -> None:
        uplink = self._uplink
        assert uplink is not None
        loop = asyncio.get_running_loop()

        def to_uplink(data: bytes) -> bool:
            loop.call_soon(uplink.receive, data)
            return True

        def to_link(data: bytes) -> bool:
            link.receive(data)
            return True

        link = self._new_link(to_uplink)
        uplink.attach(to_link)
        self._alone.append(asyncio.ensure_future(link.run()))

    async def finish(self, limit: float) -> None:
        """Let the spoolers of this process end their tasks, for *limit* seconds at most."""
        self._stop_link()
        for spooler in self._instance.spoolers:
            spooler.stop()
        if self._alone:
            await asyncio.wait(self._alone, timeout=limit)
