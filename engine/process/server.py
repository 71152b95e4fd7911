"""What the processes of one server have in common: made once, inherited by whoever is forked."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any, Final

from engine.errors import ConfigError
from engine.logs.dates import line_prefix
from engine.logs.server_log import ServerLog
from engine.process import reexec
from engine.process.early_signals import EarlySignals
from engine.process.hooks import Hooks
from engine.process.intent import MASTER_SIGNALS
from engine.process.log_setup import LogSetup
from engine.process.notify import Notifier
from engine.process.sockets import Sockets
from engine.process.titles import Titles, set_title
from engine.process.touch import modified

if TYPE_CHECKING:
    from engine.config.settings import Settings
    from engine.process.metrics import Ledger
    from engine.process.refork import Refork
    from engine.stats.scoreboard import Scoreboard
    from engine.uwsgi_api.api import Api

__all__ = ["STOP_SIGNALS", "Server"]

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Server:
    """Parts that several steps of a start need; make it before anything else changes.

    ``before``: what the image before left, None at a first start.  ``supervised``: there is a master.
    """

    api: Api
    board: Scoreboard
    ledger: Ledger | None
    refork: Refork | None = None
    apps: Any = ()

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.origin = reexec.Origin.of_this_process()
        self.before = reexec.inherited()
        reexec.forget()
        # Before the application is loaded: what is touched from here on may not be in it.
        self.touched = {path: modified(path) for path in settings.touch_paths()}
        self.log = ServerLog()
        self.log.use_prefix(line_prefix(settings.log_date, settings.log_prefix))
        self.notifier = Notifier(os.environ)
        self.supervised = settings.master or settings.processes > 1
        self.sockets = Sockets(settings, self.log)
        self.hooks = Hooks(settings.hooks)
        self._take_early_signals()
        self.log_setup = LogSetup(settings, self.log, self.before is not None)
        self.logs = self.log_setup.logs

    def has_old_workers(self) -> bool:
        """Whether workers of the image before serve, so that a failure need not end everything."""
        return self.before is not None and bool(self.before.workers)

    def is_copy(self) -> bool:
        """Whether this master was started by another one that went on (master fifo ``f``)."""
        return self.before is not None and self.before.copied_from != 0

    def has_company(self) -> bool:
        """Whether another master listens on the same sockets: the one copied from, or the copy."""
        if self.refork is not None and self.refork.is_alive():
            return True
        return self.before is not None and os.getppid() == self.before.copied_from

    def _take_early_signals(self) -> None:
        """A stop before the first request can be served ends the start-up with status 0.

        Where workers of the image before serve, and for all else, signals count once they can be acted on.
        """
        self.early = EarlySignals(() if self.has_old_workers() else STOP_SIGNALS)
        if self.supervised:
            self.early.take(MASTER_SIGNALS - {signal.SIGCHLD})
        else:
            self.early.take((*STOP_SIGNALS, signal.SIGHUP))

    def set_title(self, role: str) -> None:
        """Say in the list of processes what this one does."""
        settings = self.settings
        title = Titles(
            settings.procname,
            settings.procname_master,
            settings.procname_prefix,
            settings.procname_append,
            settings.auto_procname,
        ).of(role)
        if title is not None:
            set_title(title)

    def load_apps(self) -> Any:
        """Load the applications.

        :raises ConfigError: if one cannot be loaded
        """
        from engine.apps.loader import load_apps

        apps = load_apps(self.settings, self.log.line)
        if self.settings.chdir2:
            try:
                os.chdir(self.settings.chdir2)
            except OSError as exc:
                raise ConfigError(f"--chdir2 {self.settings.chdir2}: {exc.strerror}") from exc
        return apps
