"""Tells over a unix socket where every thread and every request of a worker is (uWSGI ``--py-tracebacker``).

A native thread answers, so that it can be asked when the loop stands still, which is when one wants to know.
uWSGI shows threads only, and one of its cores is a greenlet, not a thread, with ``--gevent``; here the
greenlets and tasks of requests are told in the same form under uWSGI's names for cores, and the tree of
everything else that waits follows.
"""

from __future__ import annotations

import _socket
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from traceback import FrameSummary, extract_stack
from types import FrameType
from typing import Any, Final

import bridge
from bridge.lowlevel import original
from engine.cores.runner import Runner

__all__ = ["Tracebacker"]

_BACKLOG: Final = 16
_SLOW_CLIENT: Final = 5.0  # seconds
_UNNAMED: Final = "<UnnamedPythonThread>"


class Tracebacker:
    """Make it in the worker's main thread.

    :param path: of the socket, without the number of the worker; ``@NAME`` is in Linux's abstract namespace
    :param mode: permission bits of the socket; None leaves them to the umask
    :param log: takes a line, in any thread
    """

    def __init__(
        self, path: str, number: int, mode: int | None, runner: Runner, log: Callable[[str], None]
    ) -> None:
        self._path = f"{path}{number}"
        self._number = number
        self._mode = mode
        self._runner = runner
        self._log = log
        self._inode = 0
        # The name that gevent's threading has for the main thread is that of a greenlet.
        self._main: int = original("_thread", "get_ident")()
        # Not socket.socket, which makes those it accepts of the class that gevent has put there.
        self._socket: Any = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)

    def start(self) -> None:
        """Listen, and answer from now on; if that is impossible, the worker serves without, as in uWSGI."""
        try:
            self._listen()
        except OSError as exc:
            self._log(f"--py-tracebacker {self._path}: {exc.strerror or exc}; nobody can ask there")
            return
        original("_thread", "start_new_thread")(self._run, ())
        self._log(f"python tracebacker for worker {self._number} available on {self._path}")

    def _listen(self) -> None:
        if self._path.startswith("@"):
            self._socket.bind("\0" + self._path[1:])
        else:
            # That of the worker before, which may still have to finish its requests.
            if os.path.exists(self._path) and stat.S_ISSOCK(os.stat(self._path).st_mode):
                os.unlink(self._path)
            self._socket.bind(self._path)
            if self._mode is not None:
                os.chmod(self._path, self._mode)
            self._inode = os.stat(self._path).st_ino
        self._socket.listen(_BACKLOG)

    def stop(self) -> None:
        """Answer no more; the file goes unless the next worker has put its own there."""
        try:
            if self._inode and os.stat(self._path).st_ino == self._inode:
                os.unlink(self._path)
            self._socket.shutdown(_socket.SHUT_RDWR)  # wakes the thread, which close() does not
        except OSError:
            pass

    def _run(self) -> None:
        while True:
            try:
                fd, _ = self._socket._accept()
            except OSError:  # the end
                return
            client = _socket.socket(fileno=fd)
            try:
                client.settimeout(_SLOW_CLIENT)
                client.sendall(self.describe().encode("utf-8", "backslashreplace"))
            except OSError:
                pass  # whoever asked has gone
            finally:
                client.close()

    def describe(self) -> str:
        """Return what is told, from any thread but the one of the loop."""
        lines = ["*** uWSGI Python tracebacker output ***\n\n"]
        for name, stack in (*self._threads(), *self._requests()):
            lines += [_line(name, each) for each in stack]
            lines.append("\n")
        lines.append(bridge.format_tree())
        return "".join(lines)

    def _threads(self) -> Iterator[tuple[str, Iterable[FrameSummary]]]:
        here: int = original("_thread", "get_ident")()
        # Not threading.enumerate(): it takes a lock, which a thread that hangs may hold.
        known: dict[int, Any] = vars(threading)["_active"]
        for ident, frame in sys._current_frames().items():
            if ident == here:
                continue
            name = "MainThread" if ident == self._main else getattr(known.get(ident), "name", _UNNAMED)
            yield str(name), extract_stack(frame)

    def _requests(self) -> Iterator[tuple[str, Iterable[FrameSummary]]]:
        for core in list(self._runner.pool.running):
            who = self._runner.greenlets[core]
            frame = getattr(who, "gr_frame", None)
            if isinstance(frame, FrameType):
                stack: Iterable[FrameSummary] = extract_stack(frame)
            elif hasattr(who, "frames"):  # of an ASGI request (engine.cores.tasks)
                stack = who.frames()
            else:
                continue  # it runs: its stack is that of a thread
            yield f"uWSGIWorker{self._number}Core{core}", stack


def _line(name: str, frame: FrameSummary) -> str:
    source = f" line = {frame.line}" if frame.line else ""
    return (
        f"thread_id = {name} filename = {frame.filename} lineno = {frame.lineno} "
        f"function = {frame.name}{source}\n"
    )
