"""Functions about spoolers and mules."""

from __future__ import annotations

import operator
import os
from collections import deque
from typing import Any

from bridge.sync import Event
from engine.uwsgi_api.cluster.tasks import SharedSpool
from engine.uwsgi_api.helpers.crew import ASK, POST
from engine.uwsgi_api.helpers.spool import Spool, Task
from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.public import public
from engine.uwsgi_api.texts import to_bytes

__all__ = ["Inbox", "MuleCalls", "SpoolerCalls"]

_ONLY_BYTES = "spooler callable dictionary must contains only bytes"
_NO_TASK = "The argument of spooler callable must be a dictionary"


class SpoolerCalls:
    """The spooler (with ``--spooler``)"""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def _spool(self, directory: str = "") -> Spool | SharedSpool:
        settings = self._instance.roles.spooler
        known = (*settings.directories, *settings.external)
        if not directory:
            return self._open(known[0])
        path = os.path.abspath(directory)
        if path not in known:
            raise ValueError(f"unable to spool: {directory} is none of the directories given with --spooler")
        return self._open(path)

    def _open(self, directory: str) -> Spool | SharedSpool:
        store = self._instance.store
        return Spool(directory) if store is None else store.spool(directory)

    @public("P0", "send_to_spooler", differs="from every greenlet")
    def spool(self, task: dict[bytes, bytes] | None = None, /, **fields: Any) -> bytes:
        """Write a task and return the path of its file; keys and values are bytes.

        ``spooler``, ``priority``, ``at`` and ``body`` are not fields: directory, order, time, large content.

        :raises ValueError: if something else than bytes is among them
        """
        if not isinstance(task, dict | None) or not (task or fields):
            raise ValueError(_NO_TASK)
        given: dict[Any, Any] = {**(task or {}), **fields}
        if not all(isinstance(key, bytes | str) for key in given):
            raise ValueError(_ONLY_BYTES)
        values = {key.encode() if isinstance(key, str) else key: value for key, value in given.items()}
        for name in (b"at", b"priority"):
            if isinstance(values.get(name), int | float):
                values[name] = b"%d" % values[name]
        body = values.pop(b"body", b"")
        if not all(isinstance(value, bytes) for value in (body, *values.values())):
            raise ValueError(_ONLY_BYTES)
        # As in uWSGI these stay in the task, where its function sees them.
        directory, priority = values.get(b"spooler", b"").decode(), values.get(b"priority", b"").decode()
        at = float(values.get(b"at") or 0)
        path = self._spool(directory).add(Task(values, body), priority, at)
        self._instance.poke_spoolers()
        return os.fsencode(path)

    @public("P1")
    def spooler_jobs(self) -> list[bytes]:
        """Paths of the tasks that wait or run, in their order."""
        settings = self._instance.roles.spooler
        return [os.fsencode(path) for each in settings.directories for path in self._open(each).paths()]

    @public("P1")
    def spooler_get_task(self, path: str | bytes, /) -> dict[Any, bytes] | None:
        """What a task file says; None if it is gone."""
        text = os.fsdecode(path)
        found = (self._open(each).read(text) for each in self._instance.roles.spooler.directories)
        task = next((task for task in found if task is not None), None)
        if task is None:
            return None
        fields: dict[Any, bytes] = {"spooler_task_name": os.fsencode(path), **task.fields}
        return {**fields, "body": task.body} if task.body else fields

    @public("P1")
    def spooler_pids(self) -> list[int]:
        """Process ids of the spoolers."""
        return [pid for pid in self._instance.spooler_pids() if pid]

    @public("P1")
    def spooler_pid(self) -> int:
        """Process id of the first spooler; 0 if it does not run."""
        return next(iter(self._instance.spooler_pids()), 0)

    @public("P1")
    def set_spooler_frequency(self, seconds: int, /) -> bool:
        """Set how often spoolers look at their directories without being asked to."""
        self._instance.spooler_frequency = operator.index(seconds)
        return True


class Inbox:
    """Messages for this mule that have arrived."""

    def __init__(self) -> None:
        self._messages: deque[bytes] = deque()
        self._arrived = Event()
        self.asked = False

    def put(self, message: bytes) -> None:
        """A message has arrived; call in the loop."""
        self.asked = False
        self._messages.append(message)
        self._arrived.set()

    def take(self, timeout: float | None) -> bytes | None:
        """Wait for a message; None after *timeout* seconds."""
        while not self._messages:
            self._arrived.clear()
            if not self._arrived.wait(timeout):
                return None
        return self._messages.popleft()

    def __len__(self) -> int:
        return len(self._messages)


class MuleCalls:
    """Mules"""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    @public("P1", differs="a number that is out of range raises ValueError")
    def mule_msg(self, message: str | bytes, target: int | bytes | None = None, /) -> bool:
        """Send a message to a mule by number, to one of a farm by name (bytes), or to any mule."""
        instance = self._instance
        mules = instance.mule_count()
        if not mules:
            raise ValueError("no mule configured")
        if target is None:
            where = b"0"
        elif isinstance(target, bytes):
            if target.decode() not in instance.roles.farms:
                raise ValueError("unknown farm")
            where = b"f" + target
        elif not isinstance(target, int):
            raise ValueError("invalid mule")
        elif not 1 <= target <= mules:
            raise ValueError("invalid mule number")
        else:
            where = b"%d" % target
        return instance.tell_master(b"%b %b %b" % (POST, where, to_bytes(message, "message")))

    @public("P1", differs="parks the calling greenlet; signals are handled in greenlets of their own")
    def mule_get_msg(
        self, signals: bool = True, farms: bool = True, buffer_size: int = 65536, timeout: float = -1
    ) -> bytes | None:
        """Wait for the next message of this mule; None after *timeout* seconds.

        :raises ValueError: outside of mules
        """
        return self._receive(b"of" if farms else b"o", timeout)

    @public("P2")
    def farm_msg(self, farm: str | bytes, message: str | bytes, /) -> None:
        """Send a message to one mule of a farm."""
        self.mule_msg(message, to_bytes(farm, "farm"))

    @public("P2")
    def farm_get_msg(self) -> bytes | None:
        """Wait for the next message of this mule's farms."""
        return self._receive(b"f", -1, "farm")

    @public("P2")
    def in_farm(self, name: str | bytes = b"", /) -> bool | None:
        """True if this mule is in a farm, or in that farm."""
        farms = self._instance.roles.farms_of(self._instance.mule_id)
        wanted = to_bytes(name, "name").decode()
        return True if (wanted in farms if wanted else bool(farms)) else None

    def _receive(self, wish: bytes, timeout: float, kind: str = "mule") -> bytes | None:
        inbox = self._instance.inbox
        if inbox is None:
            raise ValueError(f"you can receive {kind} messages only in a mule !!!")
        if not len(inbox) and not inbox.asked:
            inbox.asked = True
            self._instance.tell_master(b"%b %b" % (ASK, wish))
        return inbox.take(None if timeout < 0 else timeout)

    @public("P1")
    def i_am_the_spooler(self) -> bool | None:
        """True in a spooler process, else None."""
        return True if self._instance.is_spooler else None
