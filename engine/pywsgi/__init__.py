"""The names of ``gevent.pywsgi`` on the engine's own HTTP stack.

For programs that run their server themselves, ``WSGIServer(...).serve_forever()``.  May import
``bridge`` and everything above ``engine.worker`` but the process management.

Threads: a server, with its handlers and what it gives to applications, belongs to the thread that started
it.  Forks: several processes may accept on one socket: ``init_socket()`` before the fork, then
``start_accepting()`` in each.
"""

from __future__ import annotations

from engine.pywsgi.environs import Environ, SecureEnviron, WSGISecureEnviron
from engine.pywsgi.handler import MAX_REQUEST_LINE, WSGIHandler
from engine.pywsgi.input import Input
from engine.pywsgi.logs import LoggingLogAdapter, NoopLog
from engine.pywsgi.server import WSGIServer

__all__ = [
    "MAX_REQUEST_LINE",
    "Environ",
    "Input",
    "LoggingLogAdapter",
    "NoopLog",
    "SecureEnviron",
    "WSGIHandler",
    "WSGISecureEnviron",
    "WSGIServer",
]
