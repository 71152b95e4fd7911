"""Listening sockets."""

from __future__ import annotations

from typing import Final

from engine.config.options.later import noop, planned, refused
from engine.config.options.record import Option, Section
from engine.config.values import ADDRESS, COUNT, FLAG, MODE, NUMBER, choice

__all__ = ["SOCKETS"]

SOCKETS: Final = Section(
    "Sockets",
    (
        Option(
            "http-socket",
            ADDRESS,
            "Listen for HTTP: :PORT, HOST:PORT, [IPV6]:PORT, a path, @abstract-name or fd://N. "
            "There is no router process, so --http is the same.",
            aliases=("http", "http11-socket", "httprouter"),
            multiple=True,
            page="HTTP.html",
        ),
        Option(
            "socket",
            ADDRESS,
            "Listen for the uwsgi protocol, as nginx's uwsgi_pass speaks it.",
            aliases=("uwsgi-socket",),
            short="s",
            multiple=True,
            page="Protocol.html",
        ),
        Option(
            "protocol",
            choice("uwsgi", "http"),
            "Protocol of the --socket lines.",
            aliases=("socket-protocol",),
            default="uwsgi",
        ),
        Option(
            "listen",
            COUNT,
            "Connections that may wait to be accepted, per socket; no more than net.core.somaxconn.",
            short="l",
            default=100,
        ),
        Option(
            "chmod-socket",
            MODE,
            "Permissions of unix sockets in octal; 666 if no MODE is given. Default: the umask decides.",
            aliases=("chmod",),
            short="C",
        ),
        planned("chown-socket"),
        planned("http-to-https", kind=ADDRESS),
        planned("reuse-port", kind=FLAG),
        planned("freebind", kind=FLAG),
        planned("so-keepalive", kind=FLAG),
        planned(
            "so-send-timeout", "socket-send-timeout", "so-write-timeout", "socket-write-timeout", kind=NUMBER
        ),
        planned("socket-sndbuf", kind=NUMBER, priority="P2"),
        planned("socket-rcvbuf", kind=NUMBER, priority="P2"),
        planned("umask"),
        Option("max-fd", COUNT, "Descriptors that each process may have open.", priority="P1"),
        Option(
            "max-connections",
            NUMBER,
            "Connections that each worker may have open. Beyond, those that wait longest without a request "
            "are closed; if none waits, new ones stay in the backlog. 0: three quarters of the descriptors.",
            default=0,
            page="-",
            priority="P1",
        ),
        planned("shared-socket", priority="P2", note="pass an open socket with fd://N"),
        planned("undeferred-shared-socket", priority="P2", note="pass an open socket with fd://N"),
        planned("map-socket", priority="P2"),
        planned("enable-proxy-protocol", "http-enable-proxy-protocol", kind=FLAG),
        noop("tcp-nodelay", "it is always set", priority="P2"),
        noop(
            "no-defer-accept",
            "a silent connection holds no core, so accepting is never deferred",
            priority="P2",
        ),
        noop("close-on-exec", "Python opens descriptors so", "close-on-exec2", priority="P2"),
        noop("thunder-lock", "every worker accepts on its own loop", priority="P0"),
        refused("abstract-socket", "write --socket @NAME", kind=FLAG, short="a"),
        refused("fastcgi-socket", "speak HTTP (--http-socket) or uwsgi (--socket) to the engine"),
        refused("scgi-socket", "speak HTTP (--http-socket) or uwsgi (--socket) to the engine"),
        refused("raw-socket", "the engine runs WSGI applications only"),
        refused("puwsgi-socket", "use --socket"),
        refused("udp", "the engine listens on stream sockets only"),
    ),
)
