"""The engine's exception tree.

Every error says who, what and what to do next.  Start-up errors carry the
process exit code; protocol errors carry the HTTP status a client should see.
"""

from __future__ import annotations

__all__ = [
    "AppLoadError",
    "BindError",
    "BodyNotRead",
    "BodyTimeout",
    "BrokenBody",
    "ClientDisconnected",
    "ClientLeftError",
    "ConfigError",
    "EngineError",
    "HandshakeError",
    "HarakiriError",
    "ProtocolError",
    "ReplyError",
    "RequestEnded",
    "UsageError",
    "WebSocketClosed",
    "WriteTimeout",
]


class EngineError(Exception):
    """Base of all errors raised by ``engine`` itself."""


class ConfigError(EngineError):
    """A setting cannot be used; start-up ends with :attr:`exit_code`."""

    exit_code: int = 1


class UsageError(ConfigError):
    """The command line or a config file names something that does not exist."""

    exit_code = 2


class BindError(ConfigError):
    """A listening socket could not be opened."""

    exit_code = 1


class AppLoadError(ConfigError):
    """The application could not be imported; 22 is uWSGI's status for it."""

    exit_code = 22


class ProtocolError(EngineError):
    """The peer broke the protocol.

    :param status: HTTP status for the error reply (RFC 9110 section 15)
    :param detail: one line for the log and the error page
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


class ClientDisconnected(EngineError, OSError):
    """The client went away; raised by reads of the body and by writes of the reply.

    An OSError, as uWSGI raises one there.
    """


class BrokenBody(ClientDisconnected):
    """The client broke the framing of its body, or sent more than ``--limit-post``.

    :param status: what the client is told if the application does not handle the error
    """

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.status = status


class BodyTimeout(EngineError, OSError):
    """The client sent nothing of its request body for ``--socket-timeout`` seconds."""


class BodyNotRead(EngineError):
    """What follows the request body was asked for before the body was read to its end."""


class WriteTimeout(EngineError, OSError):
    """The client took nothing of the reply for ``--socket-timeout`` seconds."""


class HandshakeError(EngineError, OSError):
    """A request cannot become a websocket; the text is uWSGI's.

    :param status: what the client is told if the application does not handle the error
    :param detail: one line for the client
    :param headers: for the client, too
    """

    def __init__(self, status: int, detail: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__("unable to complete websocket handshake")
        self.status = status
        self.detail = detail
        self.headers = headers


class WebSocketClosed(ClientDisconnected):
    """A websocket is closed, so that nothing can be received or sent.

    :param code: of the close (RFC 6455 section 7.4); 1005 if the client gave none, 1006 if it just left
    :param reason: what the client, or the server, said to that
    """

    def __init__(self, text: str, code: int, reason: str) -> None:
        super().__init__(text)
        self.code = code
        self.reason = reason


class RequestEnded(BaseException):
    """Raised in the greenlet of a request that is to end.

    Where it was waiting, so that its ``finally`` blocks and ``with`` statements run.  Not an
    Exception, like ``gevent.Timeout`` and ``asyncio.CancelledError``: the ``except Exception`` of
    frameworks must not turn it into an ordinary error page and go on.
    """


class HarakiriError(RequestEnded):
    """The request, task or handler of a signal ran longer than ``--harakiri`` (or its like) allows."""


class ClientLeftError(RequestEnded):
    """The client has gone, and ``--kill-on-disconnect`` says to end its request."""


class ReplyError(EngineError):
    """The application broke a rule of PEP 3333 or HTTP in its reply."""
