"""HTTP to the client: keep-alive, sizes of heads, and router options that need no router."""

from __future__ import annotations

from typing import Final

from engine.config.options.inactive import noop, refused
from engine.config.options.record import Option, Section
from engine.config.values import ASSIGNMENT, COUNT, FLAG, NUMBER, SECONDS, TEXT, Kind, choice, optional

__all__ = ["HTTP", "KEEPALIVE_SECONDS"]

# 75 s: nginx's own default (ngx_http_core_module, keepalive_timeout), and longer than the 60 s after which
# proxies in front drop idle connections (nginx upstream keepalive_timeout, AWS ALB), so that the proxy, not
# we, closes first and no request is sent into a connection that is just going away.  gunicorn's 2 s and
# uvicorn's 5 s protect workers that an idle connection occupies; here it holds no core.
KEEPALIVE_SECONDS: Final = 75.0

_ROUTER: Final = "there is no router process: the workers speak HTTP themselves"


def _variable(text: str) -> object:
    if text.startswith("HTTP_"):
        raise ValueError("what begins with HTTP_ comes from clients; take another name")
    return ASSIGNMENT.parse(text)


HTTP: Final = Section(
    "HTTP",
    (
        Option(
            "http-keepalive",
            optional(SECONDS, KEEPALIVE_SECONDS, true=KEEPALIVE_SECONDS),
            "Seconds a connection may be idle between two requests; 0 closes after each response, "
            "1 means the default, as in uWSGI. On unless turned off.",
            default=KEEPALIVE_SECONDS,
            page="HTTP.html#http-keep-alive",
        ),
        Option(
            "http-max-request-line",
            COUNT,
            "Longest request line in bytes; a longer one is answered with 414.",
            default=8190,
            page="-",
        ),
        Option(
            "http-max-header-count",
            COUNT,
            "Most header fields in a request; more are answered with 431.",
            default=100,
            page="-",
        ),
        Option(
            "http-headers-timeout",
            SECONDS,
            "Seconds a client has for a whole request head, in however many packets; then it gets 408. "
            "Default: --socket-timeout.",
            priority="P1",
        ),
        Option(
            "http-timeout",
            SECONDS,
            "As --socket-timeout, which it replaces for HTTP. With sockets of the uwsgi protocol too, the "
            "longer of the two holds for all. How long the application may take is --harakiri.",
            priority="P1",
        ),
        Option(
            "http-body-min-rate",
            NUMBER,
            "Bytes per second that a request body must bring, on average over each --socket-timeout in which "
            "the application waits for it; less is answered with 408. 0 means any rate.",
            default=240,
            page="-",
            priority="P1",
        ),
        Option(
            "http-pipeline",
            COUNT,
            "Pipelined requests of one client that are begun in a row, before other clients get their turn; "
            "what else has arrived waits, and no more is read.",
            default=32,
            page="-",
            priority="P2",
        ),
        Option(
            "http2",
            choice("auto", "on", "off"),
            "HTTP/2. auto: with TLS, if the h2 package is installed (pip install gevent-bridge[http2]). "
            "on: also without TLS, for clients that begin with it; h2 must be installed.",
            default="auto",
            page="-",
            priority="P1",
        ),
        Option(
            "http2-max-streams",
            COUNT,
            "Requests that one HTTP/2 client may have open at once on a connection; more are refused, "
            "for the client to send again.",
            default=100,
            page="-",
            priority="P1",
        ),
        noop("http-auto-chunked", "responses without a length are always sent in chunks"),
        noop("http-chunked-input", "wsgi.input always reads chunked bodies"),
        noop("http-websockets", "upgrades need no switch"),
        noop("http-raw-body", "bodies always reach the application as sent"),
        noop(
            "http-manage-expect",
            "100 Continue is always sent when the application reads",
            kind=optional(NUMBER, 1, true=1),
        ),
        noop("http-processes", _ROUTER, "http-workers", kind=NUMBER, priority="P2"),
        noop("http-events", _ROUTER, kind=NUMBER, priority="P2"),
        noop("http-cheap", _ROUTER, priority="P2"),
        noop("http-quiet", _ROUTER, priority="P2"),
        noop("http-gracetime", _ROUTER, kind=NUMBER, priority="P2"),
        noop("http-connect-timeout", _ROUTER, kind=NUMBER),
        Option(
            "http-auto-gzip",
            FLAG,
            "Compress replies with uWSGI-Encoding: gzip and neither Content-Length nor Content-Encoding, "
            "for HTTP clients that accept gzip.",
            page="HTTP.html",
            priority="P2",
        ),
        Option(
            "http-var",
            Kind("NAME=VALUE", _variable),
            "Put this into the environ of every HTTP request of a WSGI application.",
            multiple=True,
            priority="P2",
        ),
        refused("http-to", _ROUTER + "; put nginx or HAProxy in front of several engines"),
        refused("http-modifier1", _ROUTER, kind=NUMBER),
        refused("http-modifier2", _ROUTER, kind=NUMBER),
        refused("http-stud-prefix", "use the PROXY protocol (--enable-proxy-protocol)", kind=TEXT),
    ),
)
