"""Answers ``VERSION PID`` after a short wait; the version was read from a file at import.

``BREAK`` as the version makes the import fail, ``HANG`` lets it never end.
"""

import os
import signal
from pathlib import Path

import gevent

VERSION = Path(os.environ["VERSION_FILE"]).read_text().strip()
if VERSION == "BREAK":
    raise RuntimeError("this version is broken")
while VERSION == "HANG":
    signal.pause()


def application(environ, start_response):
    seconds = environ["PATH_INFO"].removeprefix("/sleep/")
    gevent.sleep(float(seconds) if seconds != environ["PATH_INFO"] else 0.005)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{VERSION} {os.getpid()}".encode()]
