"""Listening sockets."""

from __future__ import annotations

from typing import Final

from engine.config.options.inactive import noop, refused
from engine.config.options.record import Option, Section
from engine.config.values import (
    ADDRESS,
    BYTES,
    COUNT,
    FLAG,
    FORWARDED_FIELDS,
    MODE,
    NUMBER,
    PEERS,
    REDIRECT,
    TEXT,
    UMASK,
    Kind,
    choice,
)

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
        Option(
            "chown-socket",
            Kind("USER[:GROUP]", TEXT.parse),
            "Owner of unix sockets, by name or number.",
            priority="P1",
        ),
        Option("umask", UMASK, "Permissions that new files do not get, in octal.", priority="P1"),
        Option(
            "reuse-port",
            FLAG,
            "Let other servers listen on the same TCP ports; the kernel shares out connections.",
            priority="P1",
        ),
        Option("freebind", FLAG, "Listen on addresses that this machine does not have yet.", priority="P1"),
        Option("so-keepalive", FLAG, "Have the kernel probe silent connections.", priority="P1"),
        Option("socket-sndbuf", BYTES, "Send buffer of each connection.", default=0, priority="P2"),
        Option("socket-rcvbuf", NUMBER, "Receive buffer of each connection.", default=0, priority="P2"),
        Option(
            "enable-proxy-protocol",
            FLAG,
            "Read a PROXY header, version 1 or 2, at the start of every HTTP connection, before TLS too; "
            "REMOTE_ADDR and REMOTE_PORT are the client's then.",
            aliases=("http-enable-proxy-protocol",),
            page="HTTP.html",
            priority="P1",
        ),
        Option(
            "proxy-protocol-allow-ips",
            PEERS,
            "Who sends that header: addresses, networks, unix, or * for all. Connections of others are "
            "plain ones.",
            default="*",
            page="-",
            priority="P1",
        ),
        Option(
            "forwarded-allow-ips",
            PEERS,
            "Proxies that may say who the client is, in header fields: addresses, networks, unix (whoever "
            "comes through a unix socket), or * for all. Nobody may by default.",
            page="-",
            priority="P1",
        ),
        Option(
            "forwarded-headers",
            FORWARDED_FIELDS,
            "The header fields they may say it in: x-forwarded-for, x-forwarded-proto, x-forwarded-host, "
            "x-forwarded-port, forwarded. Name only those that your proxy always sets: others it may pass on "
            "from the client.",
            default="x-forwarded-for,x-forwarded-proto",
            page="-",
            priority="P1",
        ),
        Option(
            "http-to-https",
            REDIRECT,
            "Listen for HTTP, and send every client to the same address under https. PORT is that of HTTPS, "
            "443 if it is left out.",
            multiple=True,
            page="HTTPS.html",
            priority="P1",
        ),
        noop(
            "so-send-timeout",
            "a client has --socket-timeout to take something",
            "socket-send-timeout",
            "so-write-timeout",
            "socket-write-timeout",
            kind=NUMBER,
        ),
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
        Option(
            "shared-socket",
            ADDRESS,
            "An address that --http-socket =0 and the like name by its number, from 0. All sockets are "
            "opened before --uid counts.",
            multiple=True,
            priority="P2",
        ),
        Option(
            "undeferred-shared-socket",
            ADDRESS,
            "The same as --shared-socket.",
            multiple=True,
            priority="P2",
        ),
        Option(
            "map-socket",
            Kind("SOCKET:WORKER,...", TEXT.parse),
            "Only these workers accept from this socket. Sockets count from 0 in the order written, workers "
            "from 1.",
            multiple=True,
            priority="P2",
        ),
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
        refused("raw-socket", "the engine speaks HTTP and uwsgi only"),
        refused("puwsgi-socket", "use --socket"),
        refused("udp", "the engine listens on stream sockets only"),
    ),
)
