"""The tasks of a spool that all servers share; the face of :class:`engine.uwsgi_api.helpers.spool.Spool`.

A hash holds the tasks, a stream per priority their names, a sorted set those for later.  Spoolers read the
streams as one consumer group: a task that nobody has said to be done stays pending.  The caretaker of a
server keeps the tasks of its living spoolers their own; those of dead ones are free for others.
"""

from __future__ import annotations

import os
import time
from typing import Any, Final

from engine.uwsgi_api.cluster.client import Client
from engine.uwsgi_api.helpers.spool import Task, task_name

__all__ = ["GROUP", "LAST", "Claim", "SharedSpool"]

GROUP: Final = "spoolers"
LAST: Final = "last"  # the stream of tasks without a priority

# Store a task and queue its name, now or for later. ARGV: name, content, priority, due, now in ms
_ADD: Final = """
redis.call('hset', KEYS[1], ARGV[1], ARGV[2])
if tonumber(ARGV[4]) > tonumber(ARGV[5]) then
  redis.call('zadd', KEYS[2], ARGV[4], ARGV[3] .. '|' .. ARGV[1])
else
  redis.call('sadd', KEYS[3], ARGV[3])
  redis.call('xadd', KEYS[5] .. ARGV[3], '*', 'name', ARGV[1])
  redis.call('lpush', KEYS[4], '1')
  redis.call('ltrim', KEYS[4], 0, 15)
end
return 1
"""
# Queue what has become due. ARGV: now in ms
_MOVE: Final = """
local due = redis.call('zrangebyscore', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 100)
for _, each in ipairs(due) do
  local bar = string.find(each, '|', 1, true)
  local priority = string.sub(each, 1, bar - 1)
  redis.call('sadd', KEYS[2], priority)
  redis.call('xadd', KEYS[3] .. priority, '*', 'name', string.sub(each, bar + 1))
  redis.call('zrem', KEYS[1], each)
end
return #due
"""
# A task is done. ARGV: group, id, name
_DONE: Final = """
redis.call('xack', KEYS[1], ARGV[1], ARGV[2])
redis.call('xdel', KEYS[1], ARGV[2])
return redis.call('hdel', KEYS[2], ARGV[3])
"""
# A task is to be tried again later. ARGV: group, id, priority|name, due in ms
_LATER: Final = """
if redis.call('xack', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('xdel', KEYS[1], ARGV[2])
return redis.call('zadd', KEYS[2], ARGV[4], ARGV[3])
"""


class Claim:
    """A task that this process, and no other, may run."""

    def __init__(self, name: str, priority: str, entry: bytes, task: Task) -> None:
        self.name = name
        self.priority = priority
        self.entry = entry
        self.task = task


class SharedSpool:
    """One spool; any number of servers.

    :param name: the last part of the path given with ``--spooler``
    """

    def __init__(self, name: str, client: Client) -> None:
        self.directory = name
        self._client = client
        key = client.settings.key
        self._tasks = key("spool", name, "tasks")
        self._later = key("spool", name, "later")
        self._priorities = key("spool", name, "priorities")
        self._bell = key("spool", name, "bell")
        self._stream = key("spool", name, "queue", "")
        self._made: set[str] = set()

    def add(self, task: Task, priority: str = "", at: float = 0) -> str:
        """Store a task and return its name; see :meth:`engine.uwsgi_api.helpers.spool.Spool.add`."""
        if priority and not priority.isdecimal():
            raise ValueError(f"unable to spool: priority {priority!r} is not a number")
        name = task_name()
        keys = (self._tasks, self._later, self._priorities, self._bell, self._stream)
        due = int(at * 1000)
        self._client.run(_ADD, keys, name, task.encode(), priority or LAST, due, _now())
        return name

    def paths(self) -> list[str]:
        """Return the names of all tasks, in no order."""
        return sorted(name.decode() for name in self._client.do("HKEYS", self._tasks))

    def read(self, name: str) -> Task | None:
        """Return a task; None if it is done."""
        content: bytes | None = self._client.do("HGET", self._tasks, os.path.basename(name))
        return None if content is None else Task.decode(content)

    # -- spoolers ---------------------------------------------------------------------

    def take(self, consumer: str) -> Claim | None:
        """Take the next task; None if there is none now."""
        self._client.run(_MOVE, (self._later, self._priorities, self._stream), _now())
        names = {each.decode() for each in self._client.do("SMEMBERS", self._priorities)}
        for priority in sorted(names, key=lambda each: (each == LAST, int(each) if each != LAST else 0)):
            claim = self._take_from(priority, consumer)
            if claim is not None:
                return claim
        return None

    def _take_from(self, priority: str, consumer: str) -> Claim | None:
        stream = self._stream + priority
        while True:
            entry = self._left_by_others(stream, consumer) or self._fresh(stream, consumer)
            if entry is None:
                return None
            number, name = entry
            content: bytes | None = self._client.do("HGET", self._tasks, name)
            if content is not None:
                return Claim(name, priority, number, Task.decode(content))
            self._client.run(_DONE, (stream, self._tasks), GROUP, number, name)  # somebody has done it

    def _fresh(self, stream: str, consumer: str) -> tuple[bytes, str] | None:
        answer = self._client.do("XREADGROUP", "GROUP", GROUP, consumer, "COUNT", 1, "STREAMS", stream, ">")
        return _entry(answer[0][1]) if answer else None

    def _left_by_others(self, stream: str, consumer: str) -> tuple[bytes, str] | None:
        self._make_group(stream)
        lease = self._client.settings.lease_ms
        answer = self._client.do("XAUTOCLAIM", stream, GROUP, consumer, lease, "0-0", "COUNT", 1)
        return _entry(answer[1])

    def _make_group(self, stream: str) -> None:
        if stream not in self._made:
            try:
                self._client.do("XGROUP", "CREATE", stream, GROUP, "0", "MKSTREAM")
            except Exception as error:
                if "BUSYGROUP" not in str(error):
                    raise
            self._made.add(stream)

    def done(self, claim: Claim) -> None:
        """A task is done."""
        stream = self._stream + claim.priority
        self._client.run(_DONE, (stream, self._tasks), GROUP, claim.entry, claim.name)

    def retry(self, claim: Claim, after: float) -> None:
        """A task is to be run again, by whoever comes first, in *after* seconds."""
        stream = self._stream + claim.priority
        member = f"{claim.priority}|{claim.name}"
        due = _now() + int(after * 1000)
        self._client.run(_LATER, (stream, self._later), GROUP, claim.entry, member, due)

    def forget(self) -> None:
        """Something has failed; perhaps somebody has emptied the database."""
        self._made.clear()

    def wait(self, seconds: float) -> None:
        """Wait for a new task, so long at most."""
        self._client.do("BLPOP", self._bell, seconds)


def _entry(entries: Any) -> tuple[bytes, str] | None:
    for entry in entries:
        if entry is not None and entry[1] is not None:
            return entry[0], entry[1][1].decode()
    return None


def _now() -> int:
    return int(time.time() * 1000)
