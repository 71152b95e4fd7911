"""The log process: reads lines of the whole server and writes them where they are to go.

Started with ``python -m engine.process.log_carrier`` and a JSON record.  A process of its own, so that
a log server that is slow or away, an encoder or a rotation costs the workers nothing, and so that one
process alone writes each file.  It ends when nobody is left who could write a line.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final

from engine.errors import ConfigError
from engine.logs.destinations import Destination, open_destination
from engine.logs.logger_stream import LoggerStream
from engine.logs.python_logging import PythonLogging
from engine.logs.selection import Selection
from engine.logs.stream import LineStream
from engine.logs.targets import Chain, FileRules, Target
from engine.process.privileges import drop_privileges
from engine.process.titles import set_title

__all__ = ["LogCarrier", "main"]

_MOST: Final = 1 << 18  # bytes of one read; no message of the request socket is larger
_LOOK: Final = 1.0  # seconds between looks at the sizes of files


class LogCarrier:
    """Runs until every stream has ended.

    :param record: what :class:`engine.process.log_process.LogProcess` has written
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        rules = FileRules(**record["files"])
        owner = None if record["owner"] is None else tuple(record["owner"])

        def open_target(target: Target) -> Destination:
            return open_destination(target, record["original"], rules, owner)

        def open_stream(chain: Mapping[str, Any]) -> LineStream | LoggerStream:
            if "logger" in chain:
                selection = Selection(record["drain"], record["keep"])
                return LoggerStream(chain["logger"], selection, is_whole=chain["is_whole"])
            return LineStream(_chain(chain), record["drain"], record["keep"], open_target)

        self._streams = {
            fd: open_stream(chain) for fd, chain in zip(record["fds"], record["chains"], strict=True)
        }
        self._rotates = bool(rules.max_size)
        self._asked: list[str] = []

    def take_signals(self) -> None:
        """SIGHUP opens files again, SIGUSR1 rotates them; what ends a server is not for this process."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGTSTP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, lambda number, frame: self._asked.append("open"))
        signal.signal(signal.SIGUSR1, lambda number, frame: self._asked.append("rotate"))

    def run(self) -> None:
        """Carry until the end."""
        poll = select.poll()
        for fd in self._streams:
            poll.register(fd, select.POLLIN)
        left = set(self._streams)
        while left:
            for fd, _ in poll.poll(int(_LOOK * 1000)):
                data = os.read(fd, _MOST)
                if data:
                    self._streams[fd].feed(data)
                else:
                    self._streams[fd].finish()
                    poll.unregister(fd)
                    left.discard(fd)
            self._obey()

    def _obey(self) -> None:
        asked, self._asked = self._asked, []
        for stream in self._streams.values():
            if "rotate" in asked:
                stream.rotate(only_big=False)
            elif "open" in asked:
                stream.open()
            elif self._rotates:
                stream.rotate(only_big=True)


def _chain(record: Mapping[str, Any]) -> Chain:
    return Chain(
        tuple(Target(**target) for target in record["targets"]),
        tuple(record["encoders"]),
        tuple((pattern, name) for pattern, name in record["routes"]),
    )


def _set_up_logging(record: Mapping[str, Any]) -> None:
    """Do what ``--log-config`` says, from where and with what the application does it."""
    if record["python"] is None:
        return
    here = os.getcwd()
    sys.path[:0] = record["path"]
    os.chdir(record["directory"] or here)
    PythonLogging(**record["python"]).apply()
    os.chdir(here)


def main() -> None:
    """Body of the process."""
    record = json.loads(sys.argv[1])
    try:
        carrier = LogCarrier(record)
        _set_up_logging(record)
        drop_privileges(record["uid"], record["gid"])
    except ConfigError as error:
        print(f"gevent-engine logger: {error}", file=sys.stderr, flush=True)
        os._exit(error.exit_code)
    carrier.take_signals()
    set_title("gevent-engine logger")
    sys.stdout.flush()
    if os.fork():
        os._exit(0)
    os.setsid()  # so that Ctrl-C and the end of a terminal leave it alone too
    os.write(record["alive"], str(os.getpid()).encode())
    carrier.run()


if __name__ == "__main__":
    main()
