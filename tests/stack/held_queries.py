"""Queries that wait in PostgreSQL for as long as a test likes: no clock says whether they overlap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.waiting import wait_until

__all__ = ["Gate", "closed_gate"]

_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"


class Gate:
    """An advisory lock: whoever asks for a share of it waits until the gate is opened.

    :param connection: of psycopg, committing by itself
    """

    def __init__(self, connection: Any, key: int) -> None:
        self._connection = connection
        self._key = key
        connection.execute("SELECT pg_advisory_lock(%s)", [key])

    def _waiting(self) -> int:
        return int(self._connection.execute(_WAITING, [self._key]).fetchone()[0])

    def wait_for(self, number: int) -> None:
        """Wait until so many queries wait; those whose client has gone may count as well."""
        wait_until(
            lambda: self._waiting() == number, timeout=20, what=f"{number} queries to be under way at once"
        )

    def open(self) -> None:
        """Let all of them go on."""
        self._connection.execute("SELECT pg_advisory_unlock(%s)", [self._key])


@contextmanager
def closed_gate(dsn: str, key: int) -> Iterator[Gate]:
    """Make a gate for ``pg_advisory_xact_lock_shared(key)``; it is open when the block is left."""
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        yield Gate(connection, key)
