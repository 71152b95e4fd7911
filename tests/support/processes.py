"""Server processes: start one, wait until it answers, read its log, stop it by pid."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import psutil

from tests.support.addresses import Address, can_connect
from tests.support.waiting import wait_until

__all__ = ["ProcessEndedError", "ServerProcess"]

T = TypeVar("T")


class ProcessEndedError(RuntimeError):
    """The server ended while a test was waiting for it; the message holds its log."""


class ServerProcess:
    """One server, the leader of its own session, with standard output and error in one log file.

    Stop it by leaving the ``with`` block: SIGTERM, then SIGKILL for whatever of its session is left.

    :param argv: program and arguments
    :param addresses: where it will listen; :meth:`wait_ready` connects to each
    :param env: variables added to this process's own
    """

    def __init__(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        addresses: Iterable[Address] = (),
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.argv = [os.fspath(part) for part in argv]
        self.addresses = tuple(addresses)
        self._log_file = tempfile.NamedTemporaryFile(prefix="server-", suffix=".log", delete=False)  # noqa: SIM115
        self.log_path = Path(self._log_file.name)
        self._popen = subprocess.Popen(
            self.argv,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._log_file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._log_file.close()

    def __repr__(self) -> str:
        state = "running" if self.is_running() else f"ended {self._popen.returncode}"
        return f"<{type(self).__name__} pid={self.pid} {state}: {' '.join(self.argv)}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.log_path.unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """Exit status, ``-signal`` if a signal ended it, or ``None`` while it runs."""
        return self._popen.poll()

    def is_running(self) -> bool:
        return self._popen.poll() is None

    # -- waiting

    def wait_ready(self, timeout: float = 20.0) -> Self:
        """Wait until every address accepts connections.

        :raises ProcessEndedError: if the process ended first
        :raises TimeoutError: if it did not listen in time
        """
        for address in self.addresses:
            self._wait(partial(can_connect, address), timeout, f"{address} to accept")
        return self

    def wait_for_log(self, text: str, *, after: int = 0, timeout: float = 20.0) -> str:
        """Wait until the log holds ``text`` beyond offset ``after``; return the log from there on."""

        def find() -> str:
            tail = self.log()[after:]
            return tail if text in tail else ""

        return self._wait(find, timeout, f"{text!r} in the log")

    def wait_exit(self, timeout: float = 20.0) -> int:
        """Wait for the end of the process and return its exit status."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self!r} did not end in {timeout:g} s; log:\n{self.log()}") from None

    def _wait(self, ask: Callable[[], T], timeout: float, what: str) -> T:
        def ask_while_running() -> T:
            ended = self.returncode is not None  # before asking: its last lines still count
            answer = ask()
            if ended and not answer:
                raise ProcessEndedError(f"{self!r} ended before {what}; log:\n{self.log()}")
            return answer

        try:
            return wait_until(ask_while_running, timeout=timeout, what=what)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; {self!r}; log:\n{self.log()}") from None

    # -- looking

    def log(self) -> str:
        """Everything the process has written so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def processes(self) -> list[psutil.Process]:
        """The process and all its descendants that still run."""
        try:
            root = psutil.Process(self.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def rss(self) -> int:
        """Resident bytes of the process and its descendants."""
        return sum(process.memory_info().rss for process in self.processes())

    def cpu_seconds(self) -> float:
        """CPU time, user and system, used so far by the process and its descendants."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())

    # -- ending

    def signal(self, number: signal.Signals) -> None:
        """Send one signal to the process alone (not to its workers)."""
        self._popen.send_signal(number)

    def stop(self, timeout: float = 5.0) -> int:
        """End it: SIGTERM, SIGKILL after ``timeout`` seconds; then kill what is left of its session."""
        if self.is_running():
            self._popen.terminate()
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        status = self._popen.wait()
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return status
