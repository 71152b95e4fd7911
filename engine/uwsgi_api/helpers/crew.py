"""The helpers as their master sees them: start them, replace them, carry their messages."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from bridge.lowlevel import fork, original
from engine.channels import Lane, MasterSide, WorkerSide, pair
from engine.pids import exit_code, send_signal
from engine.signals.local import Local
from engine.signals.targets import Kind
from engine.uwsgi_api.cluster.uplink import Uplink
from engine.uwsgi_api.helpers.deadlines import NEVER
from engine.uwsgi_api.helpers.mail import Mail, Wish
from engine.uwsgi_api.helpers.roles import Role, Roles
from engine.uwsgi_api.shared.segments import Segments

__all__ = ["ASK", "POKE", "POST", "UNTIL", "Crew"]

_YOUNG: Final = 1.0
_DELAY: Final = 2.0
_LINK_DELAY: Final = 0.2
_LAST_WORDS: Final = 2.0  # seconds
_PIDS: Final = 4096  # bytes of the segment that tells the next image whom to bury

_HARAKIRI_GRACE: Final = 2.0  # seconds beyond a deadline until a helper that did not end by itself is killed

ASK: Final = b"ask"
UNTIL: Final = b"until"
POKE: Final = b"poke"
POST: Final = b"post"


@dataclass(slots=True)
class _Helper:
    role: Role
    pid: int
    channel: MasterSide
    started: float
    told: bool = False
    due: float = NEVER


class Crew:
    """Lives in the master.

    :param body: what a helper does in its process; returns its exit status
    """

    def __init__(
        self,
        master: Any,
        roles: Roles,
        signals: Local,
        segments: Segments,
        body: Callable[[Role, WorkerSide], int],
        log: Callable[[str], None],
        uplink: Uplink | None = None,
    ) -> None:
        self._master = master
        self._uplink = uplink
        self._signals = signals
        self._body = body
        self._log = log
        self._helpers: dict[Role, _Helper | None] = dict.fromkeys(roles.helpers)
        self._not_before: dict[Role, float] = {}
        self._starts: dict[Role, int] = {}
        self._mail = Mail(roles.farms, self._send_mail)
        self._told = False
        self._since = time.monotonic()  # or, once the helpers were told to end, since then
        self._segment = segments.get("crew", _PIDS)
        self._strangers: list[int] = json.loads(self._segment.memory[:].rstrip(b"\0") or b"[]")
        self._segment.memory[:] = bytes(_PIDS)
        master.on_message(Lane.API, lambda child, data: self._on_message(None, data))
        master.each_cycle(self._look)
        master.before_exec(self._before_exec)
        master.at_fork_in_child(self._close_in_child)
        master.wait_for(lambda: any(self._helpers.values()))
        for kind, name in ((Kind.MULE, "reload-mules"), (Kind.SPOOLER, "reload-spoolers")):
            if roles.count(kind):
                master.on_command(name, partial(self._replace, kind))

    def spoolers(self, tasks_of: Callable[[int], tuple[int, int]]) -> list[dict[str, Any]]:
        """Return what the statistics show of each spooler, in uWSGI's names.

        :param tasks_of: tells of a spooler by number how many tasks it has done, and whether one runs
        """
        found = []
        for role, helper in self._helpers.items():
            if role.kind is Kind.SPOOLER:
                tasks, running = tasks_of(role.number)
                found.append(
                    {
                        "dir": role.what,
                        "pid": 0 if helper is None else helper.pid,
                        "tasks": tasks,
                        "respawns": max(0, self._starts.get(role, 0) - 1),
                        "running": running,
                    }
                )
        return found

    # -- processes ------------------------------------------------------------------

    def _look(self) -> None:
        self._bury()
        if self._master.is_stopping():
            self._tell_to_end()
            self._kill_overdue([helper.pid for helper in self._helpers.values() if helper is not None])
            return
        self._kill_overdue(self._strangers)
        now = time.monotonic()
        self._kill_stuck(now)
        for role, helper in self._helpers.items():
            if helper is None and self._not_before.get(role, 0.0) <= now:
                self._start(role)

    def _kill_overdue(self, pids: Sequence[int]) -> None:
        """End those that were told to end and take too long (uWSGI ``--mule-reload-mercy``)."""
        mercy = self._master.settings.mule_reload_mercy
        if pids and (self._master.is_in_hurry() or time.monotonic() > self._since + mercy):
            self._since = float("inf")
            for pid in pids:
                self._log(f"helper (pid: {pid}) is taking too much time to die...NO MERCY !!!")
                send_signal(pid, signal.SIGKILL)

    def _kill_stuck(self, now: float) -> None:
        """End those that are over a deadline and whose loop does not turn."""
        for helper in filter(None, self._helpers.values()):
            if now > helper.due + _HARAKIRI_GRACE:
                helper.due = NEVER
                name = helper.role.name().upper() if helper.role.kind is Kind.MULE else "THE SPOOLER"
                self._log(f"*** HARAKIRI ON {name} (pid: {helper.pid}) *** it does not end by itself")
                send_signal(helper.pid, signal.SIGKILL)

    def _replace(self, kind: Kind) -> None:
        """Let the helpers of a kind end after what they do; others follow."""
        for helper in filter(None, self._helpers.values()):
            if helper.role.kind is kind:
                helper.told = True
                self._log(f"replacing {helper.role.name()} (pid: {helper.pid})")
                send_signal(helper.pid, signal.SIGTERM)

    def _start(self, role: Role) -> None:
        pid, channel = self._fork(role)
        self._starts[role] = self._starts.get(role, 0) + 1
        helper = self._helpers[role] = _Helper(role, pid, channel, time.monotonic())
        self._log(f"spawned uWSGI {role.name()} (pid: {pid})")
        channel.on(Lane.API, lambda data: self._on_message(helper, data))
        channel.on(Lane.SIGNALS, lambda data: self._on_signals(helper, data))
        if role.kind is Kind.LINK and self._uplink is not None:
            channel.on(Lane.SHARED, self._uplink.receive)
            self._uplink.attach(lambda data: self._send(helper, Lane.SHARED, data))
        self._master.events.add_reader(channel.fileno(), lambda: self._read(helper))

    def _fork(self, role: Role) -> tuple[int, MasterSide]:
        ours, theirs = pair(self._master.settings.signal_bufsize)
        _flush_output()
        self._master.events.block_signals()
        pid = fork()
        if pid == 0:
            status = 1
            try:
                ours.close()
                self._master.leave_in_child()
                status = self._body(role, theirs)
            except BaseException:
                traceback.print_exc()
            finally:
                _flush_output()
                os._exit(status)
        self._master.events.unblock_signals()
        theirs.close()
        return pid, ours

    def _read(self, helper: _Helper) -> None:
        helper.channel.dispatch()
        if helper.channel.closed and helper.channel.fileno() >= 0:
            self._hang_up(helper)

    def _hang_up(self, helper: _Helper) -> None:
        if helper.channel.fileno() >= 0:
            self._master.events.remove_reader(helper.channel.fileno())
            self._master.events.remove_writer(helper.channel.fileno())
            helper.channel.close()

    def _bury(self) -> None:
        self._strangers = [pid for pid in self._strangers if exit_code(pid) is None]
        for role, helper in self._helpers.items():
            if helper is None:
                continue
            status = exit_code(helper.pid)
            if status is None:
                continue
            if helper.channel.fileno() >= 0:
                helper.channel.dispatch()
            self._hang_up(helper)
            self._helpers[role] = None
            if role.kind is Kind.LINK and self._uplink is not None:
                self._uplink.detach()
            self._mail.forget(role.number)
            self._signals.switchboard.close(helper.pid)
            if self._master.is_stopping() or helper.told:
                continue
            how = f"killed by signal {-status}" if status < 0 else f"exited with status {status}"
            self._log(f"OOOPS the {role.name()} (pid: {helper.pid}) is no more, {how} ...trying respawn...")
            if time.monotonic() - helper.started < _YOUNG:
                # What a link had not acknowledged goes to other servers when its lease is over.
                delay = _LINK_DELAY if role.kind is Kind.LINK else _DELAY
                self._not_before[role] = time.monotonic() + delay

    def _tell_to_end(self) -> None:
        if not self._told:
            self._told = True
            self._since = time.monotonic()
            for helper in filter(None, self._helpers.values()):
                send_signal(helper.pid, signal.SIGTERM)

    def _before_exec(self) -> None:
        """The next image starts its own helpers; those of now end after what they do."""
        if self._uplink is not None:
            self._uplink.hand_over()
            self._empty(Kind.LINK)
        pids = [helper.pid for helper in self._helpers.values() if helper is not None] + self._strangers
        record = json.dumps(pids).encode()
        self._segment.memory[: len(record)] = record
        self._tell_to_end()

    def _empty(self, kind: Kind) -> None:
        """Let helpers of a kind have what was kept for them, which would end with this image."""
        give_up = time.monotonic() + _LAST_WORDS
        for role, helper in self._helpers.items():
            while role.kind is kind and helper is not None and time.monotonic() < give_up:
                if helper.channel.flush():
                    break
                original("select", "select")([], [helper.channel.fileno()], [], _LAST_WORDS)

    def _close_in_child(self) -> None:
        for helper in filter(None, self._helpers.values()):
            if helper.channel.fileno() >= 0:
                helper.channel.close()

    # -- messages -------------------------------------------------------------------------

    def _send(self, helper: _Helper, lane: Lane, data: bytes) -> bool:
        channel = helper.channel
        taken = channel.send(lane, data)
        if channel.wants_write:
            fd = channel.fileno()
            self._master.events.add_writer(
                fd, lambda: self._master.events.remove_writer(fd) if channel.flush() else None
            )
        return taken

    def _on_message(self, helper: _Helper | None, data: bytes) -> None:
        word, _, rest = data.partition(b" ")
        if word == POKE:
            for each in filter(None, self._helpers.values()):
                if each.role.kind is Kind.SPOOLER:
                    self._send(each, Lane.API, POKE)
        elif word == POST:
            target, _, message = rest.partition(b" ")
            where: int | str = target[1:].decode() if target[:1] == b"f" else int(target)
            if not self._mail.post(where, message):
                self._log(f"too many messages wait for mules; one for {where!r} is lost")
        elif word == ASK and helper is not None:
            self._mail.ask(helper.role.number, Wish(b"o" in rest, b"f" in rest))
        elif word == UNTIL and helper is not None:
            helper.due = float(rest)

    def _send_mail(self, mule: int, data: bytes) -> bool:
        for role, helper in self._helpers.items():
            if role.kind is Kind.MULE and role.number == mule and helper is not None:
                return self._send(helper, Lane.MULES, data)
        return False

    def _on_signals(self, helper: _Helper, data: bytes) -> None:
        role = helper.role

        def greet() -> None:
            self._signals.switchboard.open(
                helper.pid, role.kind, role.number, lambda numbers: self._send(helper, Lane.SIGNALS, numbers)
            )

        self._signals.switchboard.receive(helper.pid, data, greet)


def _flush_output() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
