"""The ``gevent-engine`` command, the same as ``python -m engine``.

Nothing imported here may bring in asyncio, gevent or ssl: ``--gevent-early-monkey-patch`` must come
first, and ``--help`` should be quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final

from engine.config import OPTIONS, Settings, read, read_leniently, resolve
from engine.config.args import COMMAND_LINE
from engine.config.entries import Entry
from engine.config.environment import warnings
from engine.config.values import is_false
from engine.errors import AppLoadError, ConfigError

__all__ = ["console_main", "main"]

HELP: Final = frozenset({"help", "usage"})
_ASKED: Final = frozenset({"stop", "reload", "signal"})  # of a server that runs
_SHARED: Final = frozenset(("cache", "cache2", "sharedarea", "queue", "queue-blocksize", "locks", "shared"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    :param argv: arguments without the program name; None means those of the process
    """
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except ConfigError as error:
        _report(error)
        return error.exit_code


def console_main() -> None:
    """The entry point of the installed command."""
    sys.exit(main())


def _run(argv: Sequence[str]) -> int:
    if argv and argv[0] == "top":
        from engine.top import command

        return command(argv[1:])
    asked = _asks_for_text(argv)
    if asked is not None:
        return _print(asked())
    if "--check-config" in argv:
        return _check_config(*read_leniently(argv, os.environ, OPTIONS))
    entries = read(argv, os.environ, OPTIONS)
    if any(entry.key in HELP and entry.origin == COMMAND_LINE for entry in entries):  # as in "-Lh"
        return _print(_help())
    shown = _switched_on(entries, "show-config")
    if shown is not None:
        from engine.config.help import ini_text

        _print(ini_text(entries, OPTIONS))
        if shown.origin == COMMAND_LINE:
            return 0
    if _signalled(entries):
        return 0
    if _switched_on(entries, "check-config") is not None:
        return _check_config(entries)
    settings = resolve(entries)
    for line in warnings(os.environ, OPTIONS):
        print(f"gevent-engine: warning: {line}", file=sys.stderr)
    return _launch(settings)


def _check_config(entries: Sequence[Entry], unknown: Collection[str] = ()) -> int:
    """Say what becomes of each option; status 0 if the server would start with them."""
    from engine.config.report import check_report

    text, usable = check_report(entries, OPTIONS, unknown)
    _print(text)
    if not usable:
        return ConfigError.exit_code
    _check_shared(resolve(entries))
    for line in warnings(os.environ, OPTIONS):
        print(f"gevent-engine: warning: {line}", file=sys.stderr)
    return _print("the configuration can be used\n")


def _check_shared(settings: Settings) -> None:
    """Read what is only needed once the server starts: caches, areas, metrics.

    :raises ConfigError: if it would end the start
    """
    if not _SHARED.isdisjoint(settings.opt):
        from engine.uwsgi_api.store import check_options

        check_options(settings.opt)
    if settings.metrics:
        from engine.stats.metric_catalogue import Catalogue

        Catalogue(settings.metrics, settings.processes, settings.gevent, len(settings.listeners))


def _signalled(entries: Sequence[Entry]) -> bool:
    """Do what ``--stop FILE``, ``--reload FILE`` or ``--signal NODE,N`` ask for, and nothing else."""
    asked = [entry for entry in entries if entry.key in _ASKED and entry.origin == COMMAND_LINE]
    if not asked:
        return False
    import signal

    from engine.process.pidfile import signal_from_pidfile

    for entry in asked:
        if entry.key == "signal":
            from engine.uwsgi_api.signal_command import send_signal

            send_signal(entry.value or "")
            continue
        number = signal.SIGINT if entry.key == "stop" else signal.SIGHUP
        signal_from_pidfile(entry.key, entry.value or "", number)
    return True


def _report(error: ConfigError) -> None:
    """Print an error; where the application's own code raised one, its traceback too."""
    if error.__cause__ is not None and isinstance(error, AppLoadError):
        import traceback

        traceback.print_exception(error.__cause__)
    print(f"gevent-engine: error: {error}", file=sys.stderr)


def _launch(settings: Settings) -> int:
    from engine.apps.python_path import check_names

    check_names(settings)
    from engine.process import launch, reexec

    if reexec.is_check(os.environ):
        return launch.check(settings)
    return launch.run(settings)


def _asks_for_text(argv: Sequence[str]) -> Callable[[], str] | None:
    """Return what makes the text of --help or --version if one is there, whatever else may be wrong."""
    for position, word in enumerate(argv):
        if word == "--":
            return None
        if word in {"-h", "--help", "--usage"}:
            return _help
        if word == "--version":
            return _version
        if word.startswith("--completion="):
            return partial(_completion, word.partition("=")[2])
        if word == "--completion":
            return partial(_completion, argv[position + 1] if position + 1 < len(argv) else "")
    return None


def _help() -> str:
    from engine.config.help import help_text

    return help_text(OPTIONS, _width())


def _completion(shell: str) -> str:
    from engine.config.completion import completion

    return completion(shell, OPTIONS)


def _version() -> str:
    from engine.config.version import version

    return f"gevent-engine {version()}\n"


def _switched_on(entries: Sequence[Entry], name: str) -> Entry | None:
    for entry in reversed(entries):
        if entry.key == name:
            return None if entry.value is not None and is_false(entry.value) else entry
    return None


def _width() -> int:
    """Columns of the terminal; ``COLUMNS`` wins, 80 where output is no terminal."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return 80


def _print(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # "gevent-engine --help | head": the reader has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
