"""Programs beside the server, looked after by its master (uWSGI ``--attach-daemon`` and its relatives)."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any, Final

from bridge.lowlevel import original
from engine.config.daemons import Daemon
from engine.process.plan import respawn_delay
from engine.process.programs import Program

if TYPE_CHECKING:
    from engine.process.master import Master

__all__ = ["AttachedDaemon"]

_YOUNG: Final = 5.0  # seconds; a program that ends before that is started again later and later
_FIRST_DELAY: Final = 1.0
_sleep: Final = original("time", "sleep")
_MERCY: Final = 3.0  # seconds between the stop signal and SIGKILL, as in uWSGI


class AttachedDaemon:
    """One of them; lives in the master's events."""

    def __init__(self, master: Master, daemon: Daemon) -> None:
        self._master = master
        self._daemon = daemon
        self._program = Program(daemon.command)
        self._not_before = 0.0
        self._started = 0.0
        self._failures = 0
        self._starts = 0
        self._told_at = 0.0
        master.each_cycle(self._look)
        master.show("daemons", lambda: [self._figures()])
        if daemon.pidfile is None:  # those with a pid file outlive reloads and the server
            master.wait_for(self._program.is_running)
            master.before_exec(self._end_now)

    def _look(self) -> None:
        now = time.monotonic()
        code = self._program.reap()
        if code is not None:
            self._ended(code, now)
        if self._master.is_stopping():
            self._stop(now)
        elif not self._program.is_running() and now >= self._not_before:
            if self._lives():
                self._not_before = now + self._daemon.freq
            else:
                self._start(now)

    def _figures(self) -> dict[str, Any]:
        """Return what the statistics show, in uWSGI's names."""
        pid = self._program.pid or self._written_pid()
        return {"cmd": self._daemon.command, "pid": pid, "respawns": max(0, self._starts - 1)}

    def _lives(self) -> bool:
        """Whether the process that the pid file names is there."""
        pid = self._written_pid()
        if pid <= 0:
            return False
        try:
            _reap(pid)
            os.kill(pid, 0)
        except PermissionError:
            return True
        except OSError:
            return False
        return True

    def _written_pid(self) -> int:
        """Return what the pid file says; 0 if there is none."""
        if self._daemon.pidfile is None:
            return 0
        try:
            with open(self._daemon.pidfile) as file:
                return int(file.read(32).strip())
        except (OSError, ValueError):
            return 0

    def _start(self, now: float) -> None:
        try:
            self._program.start()
        except OSError as exc:
            self._say(f"cannot be started: {exc.strerror}")
            self._not_before = now + self._daemon.freq
            return
        self._started = now
        self._starts += 1
        self._say(f"started (pid: {self._program.pid})")

    def _ended(self, code: int, now: float) -> None:
        if self._master.is_stopping():
            return
        if self._daemon.pidfile is not None and code == 0:
            self._not_before = now + self._daemon.freq  # it went to the background
            return
        if self._daemon.control:
            self._master.orders.stop(f"the daemon {self._daemon.command!r} has ended with status {code}")
            return
        self._failures = self._failures + 1 if now - self._started < _YOUNG else 0
        delay = respawn_delay(self._failures, _FIRST_DELAY)
        self._not_before = now + delay
        self._say(
            f"has ended with status {code}; starting it again" + (f" in {delay:g} seconds" if delay else "")
        )

    def _stop(self, now: float) -> None:
        if self._daemon.pidfile is not None or not self._program.is_running():
            return
        if not self._told_at:
            self._told_at = now
            self._program.signal(self._daemon.stop_signal)
        elif self._master.is_in_hurry() or now - self._told_at > _MERCY:
            self._program.signal(signal.SIGKILL)

    def _end_now(self) -> None:
        """Before the next image, which starts its own: two of them would want the same port or file."""
        if not self._program.is_running():
            return
        self._program.signal(self._daemon.stop_signal)
        give_up = time.monotonic() + _MERCY
        while self._program.is_running() and self._program.reap() is None:
            if time.monotonic() > give_up:
                self._program.signal(signal.SIGKILL)
            _sleep(0.02)

    def _say(self, text: str) -> None:
        self._master.log.line(f"[uwsgi-daemons] {self._daemon.command!r} {text}")


def _reap(pid: int) -> None:
    """Bury a child of the image before: as long as nobody does, it looks alive."""
    try:
        original("os", "waitpid")(pid, os.WNOHANG)
    except ChildProcessError:
        pass
