"""The command line of ``gevent-engine top``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.errors import ConfigError, UsageError
from engine.top.source import ACCEPTED, Source, parse_place

__all__ = ["USAGE", "command"]

USAGE: Final = """\
usage: gevent-engine top [--interval SECONDS] ADDRESS | URL

Watch a server that runs: its workers, their cores and tasks, the requests in them.
ADDRESS is that of its --stats, plain or with --stats-http.

  gevent-engine top 127.0.0.1:9191
  gevent-engine top /run/shop/stats.sock
  gevent-engine top http://shop.example:9191/
"""


def command(argv: Sequence[str]) -> int:
    """Run it until the user leaves; return the exit status.

    :param argv: what stands behind ``top``
    :raises ConfigError: if the arguments are wrong, or textual is not installed
    """
    if {"-h", "--help"} & set(argv):
        print(USAGE, end="")
        return 0
    place, interval = _arguments(argv)
    source = Source(parse_place(place))
    try:
        from engine.top.screen import TopApp
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"textual", "rich"}:
            raise
        raise ConfigError(
            "gevent-engine top needs textual: run 'python -m pip install \"gevent-bridge[top]\"', or open "
            "the address of a server with --stats-http in a browser"
        ) from None
    app = TopApp(source, interval)
    app.run()
    return app.return_code or 0


def _arguments(argv: Sequence[str]) -> tuple[str, float]:
    places: list[str] = []
    interval = 1.0
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if name == "--interval":
            interval = _seconds(value if equals else next(rest, ""))
        elif word.startswith("-"):
            raise UsageError(f"gevent-engine top has no option {name}\n{USAGE}")
        else:
            places.append(word)
    if len(places) != 1:
        raise UsageError(
            f"gevent-engine top takes one address: {ACCEPTED}. "
            "To serve an application in top.py write --module top"
        )
    return places[0], interval


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise UsageError(f"--interval takes seconds from 0.1 to 3600, not {text!r}")
    return seconds
