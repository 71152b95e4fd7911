"""Things to do at certain moments (uWSGI ``--exec-*`` and ``--hook-*``).

``exec-post-app = CMD`` is ``hook-post-app = exec:CMD``.  Hooks are written ``ACTION:ARGUMENT``.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from engine.errors import ConfigError

__all__ = ["ACTIONS", "Hooks"]


def _exec(argument: str) -> None:
    status = os.system(argument)
    if status:
        raise ConfigError(f"the command {argument!r} ended with status {os.waitstatus_to_exitcode(status)}")


def _print(argument: str) -> None:
    print(argument, file=sys.stderr, flush=True)


def _write(argument: str) -> None:
    path, _, text = argument.partition(" ")
    with open(path, "w") as file:
        file.write(text)


def _pycall(argument: str) -> None:
    module, _, name = argument.rpartition(".")
    getattr(importlib.import_module(module), name)()


ACTIONS: Final[Mapping[str, Callable[[str], object]]] = {
    "exec": _exec,
    "print": _print,
    "write": _write,
    "unlink": os.unlink,
    "mkdir": os.mkdir,
    "chdir": os.chdir,
    "pycall": _pycall,
}


class Hooks:
    """All hooks of one server.

    :param wanted: (moment, ``ACTION:ARGUMENT``) in the order written
    """

    def __init__(self, wanted: Sequence[tuple[str, str]]) -> None:
        self._wanted = wanted

    def run(self, moment: str) -> None:
        """Do what is to be done at *moment*, in order.

        :raises ConfigError: if something fails; the rest is not done
        """
        for when, text in self._wanted:
            if when != moment:
                continue
            name, _, argument = text.partition(":")
            try:
                ACTIONS[name](argument)
            except ConfigError as exc:
                raise ConfigError(f"hook {moment}: {exc}") from exc
            except Exception as exc:
                raise ConfigError(f"hook {moment}, {text}: {type(exc).__name__}: {exc}") from exc

    def run_at_exit(self, moment: str, report: Callable[[str], None]) -> None:
        """The same at the end, where an error stops nothing."""
        try:
            self.run(moment)
        except ConfigError as exc:
            report(str(exc))
