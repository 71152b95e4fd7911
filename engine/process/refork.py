"""A second master beside this one, with the same sockets (master fifo ``f``; uWSGI docs, MasterFIFO).

Both serve until one is told to stop.  So a version can be tried next to the old one, and either be taken
back.  Files go with the name, not with the process: pid files are the first master's until the fifo's ``P``
tells the second to write its own, and unix sockets are removed by whoever is left (``--vacuum``).
"""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING

from bridge.lowlevel import original
from engine.pids import exit_code
from engine.process.births import flush_output
from engine.process.reexec import Inherited

if TYPE_CHECKING:
    from engine.process.master import Master
    from engine.process.server import Server

__all__ = ["Refork"]


class Refork:
    """Lives in the master."""

    def __init__(self, master: Master, server: Server) -> None:
        self._master = master
        self._server = server
        self._pid = 0
        master.on_command("refork", self.begin)
        master.each_cycle(self._look)

    def begin(self) -> None:
        """Start the other master; if it fails, it ends, and all goes on as before."""
        master, log = self._master, self._master.log
        if self.is_alive():
            log.line(f"there is a copy of the master already (pid: {self._pid})")
            return
        flush_output(log)
        parent = os.getpid()
        master.events.block_signals()
        pid: int = original("os", "fork")()
        if pid == 0:
            try:
                self._become_copy(parent)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        master.events.unblock_signals()
        self._pid = pid
        log.line(f"new master copy spawned with pid {pid}")

    def _become_copy(self, parent: int) -> None:
        server = self._server
        os.setsid()
        self._master.leave_in_child()
        if server.logs.process is not None:
            server.logs.process.restore()
        sockets = tuple(server.sockets.to_hand_over())
        server.origin.execute(Inherited(os.getpid(), sockets, copied_from=parent))

    def _look(self) -> None:
        if self._pid and exit_code(self._pid) is not None:
            self._master.log.line(f"the master copy (pid: {self._pid}) has ended")
            self._pid = 0

    def is_alive(self) -> bool:
        """Whether the other master runs."""
        self._look()
        return self._pid != 0
