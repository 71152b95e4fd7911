"""The server under test, as a real process.

``E2E_ENGINE=uwsgi`` runs the same tests against the ``uwsgi`` program beside this Python, which is
how the tests themselves are checked: both take the same options.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

from tests.support.addresses import Address
from tests.support.ports import free_port
from tests.support.processes import ServerProcess

__all__ = ["ENGINE_KIND", "REPOSITORY", "EngineProcess", "run_engine"]

REPOSITORY: Final = Path(__file__).resolve().parents[2]


def _kind() -> Literal["engine", "uwsgi"]:
    name = os.environ.get("E2E_ENGINE", "engine")
    if name == "engine":
        return "engine"
    if name == "uwsgi":
        return "uwsgi"
    raise ValueError(f"E2E_ENGINE={name!r}: write engine or uwsgi")


ENGINE_KIND: Final = _kind()


def _command() -> list[str]:
    if ENGINE_KIND == "uwsgi":
        # As ours does: end where the application does not load, and on SIGTERM.
        return [str(Path(sys.executable).with_name("uwsgi")), "--need-app", "--die-on-term"]
    return [sys.executable, "-m", "engine"]


def _environment(env: Mapping[str, str] | None) -> dict[str, str]:
    """Make ``bridge`` and ``engine`` importable from a checkout that is not installed."""
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]))
    return {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **(env or {})}


class EngineProcess(ServerProcess):
    """``python -m engine`` with ``args``, plus one HTTP socket on a free port unless told otherwise.

    :param args: options in uWSGI's spelling
    :param addresses: where it will listen; given, no ``--http-socket`` is added
    """

    def __init__(
        self,
        *args: str,
        addresses: Iterable[Address] = (),
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        where = list(addresses)
        extra: list[str] = []
        if not where:
            port = free_port()
            where = [("127.0.0.1", port)]
            extra = ["--http-socket", f"127.0.0.1:{port}"]
        super().__init__([*_command(), *args, *extra], addresses=where, cwd=cwd, env=_environment(env))

    @property
    def http(self) -> Address:
        """The first address, an HTTP one unless the test arranged otherwise."""
        return self.addresses[0]


def run_engine(
    *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 20.0
) -> subprocess.CompletedProcess[str]:
    """Run the engine with options that make it end by itself, and return what it said."""
    return subprocess.run(
        [*_command(), *args],
        cwd=cwd,
        env={**os.environ, **_environment(env)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
