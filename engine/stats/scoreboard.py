"""What every process knows about every other: a table in shared memory.

The master makes it before the first fork.  Each child owns one row and is the only one to write
its columns, except those marked *master* below; everybody may read.  A row belongs to one process,
not to one worker number, because while a worker is replaced there are two of the same number.

``worker.run`` refreshes most columns about once a second; ``BEAT`` tells the master that the loop
of the process still turns.
"""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.request.tally import Tally

__all__ = ["CORE_COUNTS", "MOST_APPS", "Column", "Row", "Scoreboard", "WorkerState"]


class Column(IntEnum):
    """Columns, each a signed 64-bit integer."""

    PID = 0
    """Master. 0: the row is free."""
    NUMBER = 1
    """Master. Worker number, 1 to N."""
    STATE = 2
    """Master. A :class:`WorkerState`."""
    SPAWNED = 3
    """Master. Epoch seconds of the fork."""
    RESPAWNS = 4
    """Master. How often this number was started, this time included."""
    BASE_REQUESTS = 5
    """Master. Requests of earlier processes of this number."""
    BEAT = 6
    """Milliseconds of the monotonic clock at the loop's last turn; 0 before its first."""
    REQUESTS = 7
    """Replies ended since the start of this process."""
    BUSY = 8
    """Requests that run, those of ASGI applications too."""
    EXCEPTIONS = 9
    HARAKIRIS = 10
    SIGNALS = 11
    """uwsgi signals handled."""
    TX = 12
    """Bytes sent, heads and bodies."""
    RUNNING_TIME = 13
    """Microseconds spent in requests, summed up."""
    AVERAGE_TIME = 14
    """Microseconds; uWSGI's running mean (old + new) / 2."""
    RSS = 15
    VSZ = 16
    CORES = 17
    ACCEPTING = 18
    WAITING = 19
    """Requests that wait for a core."""
    CONNECTIONS = 20
    SIGNAL = 21
    """1 more than the uwsgi signal that is being handled; 0 if none is."""
    BUSY_CORES = 22
    """Cores in use; requests of ASGI applications take none."""
    STATIC = 23
    """Files sent without asking an application."""
    REPLIES_NONE = 24
    """Replies by the first digit of their status, as :class:`engine.request.tally.Tally` counts them."""
    REPLIES_1XX = 25
    REPLIES_2XX = 26
    REPLIES_3XX = 27
    REPLIES_4XX = 28
    REPLIES_5XX = 29
    TOOK_5MS = 30
    """Replies by how long they took."""
    TOOK_10MS = 31
    TOOK_25MS = 32
    TOOK_50MS = 33
    TOOK_100MS = 34
    TOOK_250MS = 35
    TOOK_500MS = 36
    TOOK_1S = 37
    TOOK_2500MS = 38
    TOOK_5S = 39
    TOOK_10S = 40
    TOOK_LONGER = 41


CORE_COUNTS: Final = ("requests", "write_errors", "read_errors")
"""What is counted by core, if somebody wants to know."""

MOST_APPS: Final = 64  # as in uWSGI (max-apps)
_APP_COLUMNS: Final = 2
_COLUMNS: Final = 48  # room for more without changing the size of a row


class WorkerState(IntEnum):
    """What the master thinks of a process."""

    STARTING = 1
    READY = 2
    LEAVING = 3


class Row:
    """The row of one process: ``row[Column.REQUESTS] += 1``.

    :param cores: the first of :data:`CORE_COUNTS` of each core, then the next of each; empty unless somebody
        wants to know
    """

    __slots__ = ("_apps", "_at", "_cells", "cores", "index")

    def __init__(self, cells: memoryview, index: int, cores: memoryview, apps: memoryview) -> None:
        self._cells = cells
        self._at = index * _COLUMNS
        self.index = index
        self.cores = cores
        self._apps = apps

    def __getitem__(self, column: int) -> int:
        value: int = self._cells[self._at + column]
        return value

    def __setitem__(self, column: int, value: int) -> None:
        self._cells[self._at + column] = value

    def clear(self) -> None:
        """Make the row free."""
        for column in range(_COLUMNS):
            self[column] = 0
        for table in (self.cores, self._apps):
            table[:] = memoryview(bytes(table.nbytes)).cast("q")

    def note_tally(self, tally: Tally) -> None:
        """Say how replies ended and how long they took."""
        for first, counts in ((Column.REPLIES_NONE, tally.classes), (Column.TOOK_5MS, tally.durations)):
            for at, count in enumerate(counts, start=int(first)):
                self[at] = count

    def note_cores(self, *counts: Iterable[tuple[int, int]]) -> None:
        """Say what has been counted by core, in the order of :data:`CORE_COUNTS`.

        :param counts: pairs of core and number; cores above the last, those of ASGI requests, begin anew at 0
        """
        size = len(self.cores) // len(CORE_COUNTS)
        if not size:
            return
        cells = array("q", bytes(self.cores.nbytes))
        for kind, pairs in enumerate(counts):
            for core, number in pairs:
                cells[kind * size + core % size] += number
        self.cores[:] = memoryview(cells)

    def note_app(self, number: int, requests: int, exceptions: int) -> None:
        """Say how many requests an application has had, and how many ended with an exception."""
        if 0 <= number < MOST_APPS:
            at = number * _APP_COLUMNS
            self._apps[at], self._apps[at + 1] = requests, exceptions

    def app(self, number: int) -> tuple[int, int]:
        """Return what :meth:`note_app` has said; zeros for an application above :data:`MOST_APPS`."""
        if not 0 <= number < MOST_APPS:
            return 0, 0
        at = number * _APP_COLUMNS
        return self._apps[at], self._apps[at + 1]

    def __repr__(self) -> str:
        return f"<Row {self.index} of pid {self[Column.PID]}, worker {self[Column.NUMBER]}>"


class Scoreboard:
    """The table.

    :param size: how many processes there can be at once, those that are about to end included
    :param cores: of each process, if something is to be counted by core; else 0
    """

    def __init__(self, size: int, cores: int = 0) -> None:
        self.size = size
        self._core_cells = cores * len(CORE_COUNTS)
        self._of_cores = memoryview(mmap.mmap(-1, max(1, size * self._core_cells) * 8)).cast("q")
        self._of_apps = memoryview(mmap.mmap(-1, size * MOST_APPS * _APP_COLUMNS * 8)).cast("q")
        # Anonymous and shared: children inherit it, nothing is left behind on any disk.
        self._memory = mmap.mmap(-1, size * _COLUMNS * 8)
        self._cells = memoryview(self._memory).cast("q")

    def row(self, index: int) -> Row:
        """Return a row by its place in the table."""
        return Row(
            self._cells,
            index,
            _part(self._of_cores, index, self._core_cells),
            _part(self._of_apps, index, MOST_APPS * _APP_COLUMNS),
        )

    def free_row(self) -> Row | None:
        """Return a row that no process has; None if there are too many processes."""
        return next((row for row in map(self.row, range(self.size)) if not row[Column.PID]), None)

    def rows(self) -> Iterator[Row]:
        """Yield the rows in use."""
        return (row for row in map(self.row, range(self.size)) if row[Column.PID])

    def current(self, number: int) -> Row | None:
        """Return the row of the process that is worker *number* now: ready ones first, then the youngest."""
        mine = [row for row in self.rows() if row[Column.NUMBER] == number]
        return max(
            mine,
            key=lambda row: (row[Column.STATE] == WorkerState.READY, row[Column.RESPAWNS]),
            default=None,
        )

    def requests_of_others(self, number: int) -> int:
        """Return how many requests all workers but *number* have ended, those of earlier processes too."""
        ended: dict[int, int] = {}
        for row in self.rows():
            here, base, now = row[Column.NUMBER], row[Column.BASE_REQUESTS], row[Column.REQUESTS]
            # Of two processes of one number the younger has begun where the older was then.
            ended[here] = max(ended.get(here, 0), base + now)
        ended.pop(number, None)
        return sum(ended.values())

    def total(self, column: Column) -> int:
        """Return the sum of a column over all processes."""
        return sum(row[column] for row in self.rows())

    def __repr__(self) -> str:
        return f"<Scoreboard {sum(1 for _ in self.rows())} of {self.size} rows in use>"


def _part(table: memoryview, index: int, size: int) -> memoryview:
    return table[index * size : (index + 1) * size]
