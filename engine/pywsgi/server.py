"""The server class: gevent's StreamServer accepts, a handler per connection serves."""

from __future__ import annotations

import socket
import sys
import warnings
from typing import Any, ClassVar

from bridge import __version__
from bridge.server import StreamServer
from engine.apps.wsgi.file_wrapper import FileWrapper
from engine.interfaces import Environ
from engine.protocols.limits import DEFAULT_LIMITS, Limits
from engine.pywsgi.environs import WSGISecureEnviron
from engine.pywsgi.handler import WSGIHandler
from engine.pywsgi.logs import log_target

__all__ = ["WSGIServer"]

_ANY = ("", "0.0.0.0", "::")
_ERROR = 40  # logging.ERROR


class WSGIServer(StreamServer):
    """A WSGI server with the interface of ``gevent.pywsgi.WSGIServer``.

    :param listener: an address, ``(host, port)`` or ``"host:port"``, or a bound and listening socket
    :param application: the WSGI callable
    :param backlog: connections the kernel keeps; only with an address
    :param spawn: ``"default"``, a pool, a number (of connections at a time), or a callable
    :param log: a file or logger for request lines; ``"default"`` is stderr, None is nowhere
    :param error_log: the same for errors; also ``wsgi.errors``
    :param handler_class: a subclass of :class:`WSGIHandler`
    :param environ: keys for every environ
    :param ssl_args: ``ssl_context``, or ``keyfile``, ``certfile`` and so on: serve HTTPS
    """

    handler_class: Any = WSGIHandler
    application: Any = None
    log: Any = None
    error_log: Any = None
    environ: Any
    environ_class: type[dict[str, Any]] = dict
    """Class of the environs; PEP 3333 asks for ``dict`` itself."""

    secure_environ_class: type[dict[str, Any]] = WSGISecureEnviron
    """What an environ is shown as where an error is reported."""

    limits: Limits = DEFAULT_LIMITS
    """Sizes of requests; a request beyond them is answered with 413, 414 or 431."""

    base_env: ClassVar[Environ] = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_SOFTWARE": f"gevent-engine/{__version__} Python/{sys.version_info[0]}.{sys.version_info[1]}",
        "SCRIPT_NAME": "",
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }

    def __init__(
        self,
        listener: Any,
        application: Any = None,
        backlog: int | None = None,
        spawn: Any = "default",
        log: Any = "default",
        error_log: Any = "default",
        handler_class: Any = None,
        environ: Environ | None = None,
        **ssl_args: Any,
    ) -> None:
        if "handle" in ssl_args:
            warnings.warn(
                "WSGIServer takes 'application'; 'handle' replaces the whole handling of connections",
                DeprecationWarning,
                stacklevel=2,
            )
        super().__init__(listener, backlog=backlog, spawn=spawn, **ssl_args)
        if application is not None:
            self.application = application
        if handler_class is not None:
            self.handler_class = handler_class
        self.log = log_target(log)
        self.error_log = log_target(error_log, _ERROR)
        self.set_environ(environ)
        self.set_max_accept()

    def set_environ(self, environ: Environ | None = None) -> None:
        """Make the environ that all requests start from; *environ* has the last word."""
        given = environ if environ is not None else getattr(self, "environ", None)
        self.environ = self.environ_class(self.base_env)
        self.environ["wsgi.url_scheme"] = "https" if self.ssl_enabled else "http"
        if given is not None:
            self.environ.update(given)
        if self.environ.get("wsgi.errors") is None:
            self.environ["wsgi.errors"] = self.error_log

    def set_max_accept(self) -> None:
        """Take one connection at a time where other processes want some too."""
        if self.environ.get("wsgi.multiprocess"):
            self.max_accept = 1

    def get_environ(self) -> Environ:
        """Return a fresh environ with what the server says."""
        return self.environ_class(self.environ)

    def init_socket(self) -> None:
        """Open the listening socket unless there is one."""
        super().init_socket()
        self.update_environ()

    def update_environ(self) -> None:
        """Fill in SERVER_NAME and SERVER_PORT, known once the socket is bound; no look-ups in the DNS."""
        name = port = ""
        address = self.address
        if isinstance(address, tuple):
            name = socket.gethostname() if address[0] in _ANY else str(address[0])
            port = str(address[1])
        self.environ.setdefault("SERVER_NAME", name)
        self.environ.setdefault("SERVER_PORT", port)

    def handle(self, sock: Any, address: Any) -> None:
        """Serve one connection; called in a greenlet of its own."""
        if isinstance(address, tuple):
            # As asyncio does: else the last piece of a reply waits for the client's delayed ACK, 40 ms.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.handler_class(sock, address, self).handle()
