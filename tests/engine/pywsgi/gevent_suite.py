"""Run a test module of gevent against ``engine.pywsgi`` instead of ``gevent.pywsgi``.

``python -m tests.engine.pywsgi.gevent_suite [unittest options]`` runs ``test__pywsgi``; with
``GEVENT_SUITE=test__server_pywsgi`` in the environment that one.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import engine.pywsgi
from engine.protocols.events import RequestHead
from engine.protocols.limits import DEFAULT_LIMITS
from engine.pywsgi.input import Input
from engine.pywsgi.intake import ByteReader, Intake


class _FileSocket:
    def __init__(self, file: Any) -> None:
        self.recv = file.read


def _input(
    rfile: Any, content_length: int | None, socket: object = None, chunked_input: bool = False
) -> Input:
    """gevent's Input reads a file; ours a parser, so give the parser a head that fits the file."""
    intake = Intake(ByteReader(_FileSocket(rfile)), DEFAULT_LIMITS, lambda: None)
    framing = (
        b"Transfer-Encoding: chunked" if chunked_input else b"Content-Length: %d" % (content_length or 0)
    )
    head = intake.next_head(b"POST / HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\n")
    assert isinstance(head, RequestHead)
    return Input(intake.body)


def _forgive_missing_hosts() -> None:
    """Many of these tests send no Host, which is a 400 here; what else they test would stay untested."""
    from engine.protocols.http1.head import HeadReader

    read = HeadReader.read

    def read_with_host(self: HeadReader, head: bytes) -> RequestHead:
        if b"\nhost:" not in head.lower():
            line, separator, rest = head.partition(b" HTTP/1.1\r\n")
            head = line + separator + b"Host: localhost\r\n" + rest if separator else head
        return read(self, head)

    HeadReader.read = read_with_host  # type: ignore[method-assign]


def main() -> None:
    import gevent

    _forgive_missing_hosts()

    module: Any = engine.pywsgi
    module._NoopLog = engine.pywsgi.NoopLog
    module.Input = _input
    sys.modules["gevent.pywsgi"] = module
    gevent.pywsgi = module  # type: ignore[attr-defined]
    tests = importlib.import_module("gevent.tests." + os.environ.get("GEVENT_SUITE", "test__pywsgi"))
    import gevent.testing

    gevent.testing.main(module=tests)


if __name__ == "__main__":
    main()
