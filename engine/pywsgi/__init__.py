"""The names of ``gevent.pywsgi`` on the engine's own HTTP stack.

For programs that run their server themselves, ``WSGIServer(...).serve_forever()``.  May import
``bridge`` and everything above ``engine.worker`` but the process management.
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
