"""The environ of a WSGI call (PEP 3333; keys as uWSGI sets them).

Every request gets a fresh dict: greenlets that outlive the request may keep it.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from engine.apps.wsgi.file_wrapper import FileWrapper
from engine.apps.wsgi.input import InputStream
from engine.apps.wsgi.raw_socket import RawSocket
from engine.apps.wsgi.websocket import WSGIWebSocket
from engine.interfaces import Environ
from engine.protocols.events import RequestHead, UwsgiHead
from engine.protocols.http1.scan import has_escape
from engine.protocols.trailers import accepts_trailers
from engine.request.exchange import Exchange
from engine.websocket.offer import is_in_frames, is_offered, stand_ins

__all__ = ["UWSGI_VERSION", "EnvironBuilder", "url_scheme"]

# What programs written for uWSGI may compare with; our own version is in engine.version.
UWSGI_VERSION: Final = b"2.0.31"

_PROTOCOLS = {"1.1": "HTTP/1.1", "1.0": "HTTP/1.0", "2.0": "HTTP/2.0"}
_CACHE_LIMIT = 1024
_LONGEST_NAME = 64  # in bytes, of those remembered
_IN_TEMPLATE = "wsgi.version"  # a key that no connection's facts have
_KEYS_TO_GROW = 22  # from which on a table has room for 42
_PLAIN_KEYS = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class EnvironBuilder:
    """Builds environs from a template made once, and what is known of the connection.

    :param multiprocess: whether other workers serve the same application
    """

    def __init__(self, multiprocess: bool) -> None:
        template: Environ = {
            "SCRIPT_NAME": "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": multiprocess,
            "wsgi.run_once": False,
            "wsgi.file_wrapper": FileWrapper,
            "wsgi.input_terminated": True,
            "uwsgi.version": UWSGI_VERSION,
            "uwsgi.node": os.uname().nodename.encode(),
        }
        self._template = _with_room(template)
        self._keys: dict[bytes, str] = dict(_PLAIN_KEYS)

    def template_of(self, facts: Environ) -> Environ:
        """Return what :meth:`build` copies faster than it adds *facts* each time, but takes more memory."""
        return _with_room({**self._template, **facts})

    def build(self, exchange: Exchange, facts: Environ) -> Environ:
        """Return the environ of one request.

        :param facts: what all requests of its connection have, or the template of that
        """
        head = exchange.head
        stream = InputStream(exchange.body)
        if type(head) is RequestHead:
            environ = self._from_http(head, facts)
            self._add_offers(environ, exchange, head, stream)
        else:
            environ = self._from_uwsgi(head)
            if head.upgrade is not None:
                _offer_websocket(environ, exchange)
        environ["uwsgi.core"] = exchange.core
        environ["wsgi.input"] = stream
        return environ

    def _add_offers(
        self, environ: Environ, exchange: Exchange, head: RequestHead, stream: InputStream
    ) -> None:
        """What the client lets the application use."""
        if head.upgrade is not None:
            _offer_websocket(environ, exchange)
        if head.http_version != "1.0":  # never a 1xx to HTTP/1.0
            environ["wsgi.early_hints"] = exchange.early_hints
            if head.chunked or head.http_version == "2.0":
                environ["engine.request_trailers"] = stream.trailers
            if "HTTP_TE" in environ and accepts_trailers(environ["HTTP_TE"]):
                environ["engine.send_trailers"] = exchange.send_trailers

    def _from_http(self, head: RequestHead, facts: Environ) -> Environ:
        if _IN_TEMPLATE in facts:
            environ = facts.copy()
        else:
            environ = self._template.copy()
            environ.update(facts)
        path = head.path
        environ["REQUEST_METHOD"] = head.method
        environ["REQUEST_URI"] = head.target.decode("latin-1")
        if has_escape(path):
            path = unquote_to_bytes(path)
        environ["PATH_INFO"] = path.decode("latin-1")
        environ["QUERY_STRING"] = head.query.decode("latin-1")
        environ["SERVER_PROTOCOL"] = _PROTOCOLS[head.http_version]
        section = head.section
        if section is None:
            self._add_fields(environ, head.headers)
            return environ
        fields = section.environ
        if fields is None:
            fields = {}
            self._add_fields(fields, head.headers)
            section.environ = fields
        environ.update(fields)
        return environ

    def _add_fields(self, environ: Environ, headers: list[tuple[bytes, bytes]]) -> None:
        keys = self._keys
        for name, value in headers:
            key = keys.get(name) or self._key_of(name)
            text = value.decode("latin-1")
            if key in environ and key.startswith("HTTP_"):
                separator = "; " if key == "HTTP_COOKIE" else ", "
                environ[key] = f"{environ[key]}{separator}{text}"
            else:
                environ[key] = text

    def _key_of(self, name: bytes) -> str:
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        if len(name) <= _LONGEST_NAME:  # clients make names up: they must not fill the memory, nor for good
            if len(self._keys) >= _CACHE_LIMIT:
                self._keys.clear()
                self._keys.update(_PLAIN_KEYS)
            self._keys[name] = key
        return key

    def _from_uwsgi(self, head: UwsgiHead) -> Environ:
        environ = self._template.copy()
        environ.update(head.variables)
        environ.setdefault("SERVER_NAME", "")
        environ.setdefault("SERVER_PORT", "")
        environ.setdefault("PATH_INFO", "")
        environ.setdefault("QUERY_STRING", "")
        environ.setdefault("SERVER_PROTOCOL", "HTTP/1.0")
        environ["wsgi.url_scheme"] = url_scheme(environ)
        if head.modifier1 == 30 and environ["SCRIPT_NAME"]:
            script = environ["SCRIPT_NAME"]
            if environ["PATH_INFO"].startswith(script):
                environ["PATH_INFO"] = environ["PATH_INFO"][len(script) :]
        return environ


def _with_room(template: Environ) -> Environ:
    """Let copies have room for the keys of a request, so that they need not grow (CPython's dict).

    A copy gets the table of the original as it is, unless ``del`` has left gaps; ``popitem`` leaves none.
    """
    # Made key by key: Cython makes dicts of literals with a table for keys of any type, which is larger.
    roomy: Environ = {}
    for name, value in template.items():
        roomy[name] = value
    for number in range(_KEYS_TO_GROW - len(template)):
        roomy[f"\0{number}"] = None
    while len(roomy) > len(template):
        roomy.popitem()
    return roomy


def _offer_websocket(environ: Environ, exchange: Exchange) -> None:
    if is_offered(exchange.head):
        environ["wsgi.websocket"] = WSGIWebSocket(exchange, environ)
        environ["werkzeug.socket"] = RawSocket(exchange)
        if is_in_frames(exchange.head):
            environ.update(stand_ins())


def url_scheme(environ: dict[str, Any]) -> str:
    """What the front end says of the client's connection; clients cannot set these variables."""
    scheme = environ.get("UWSGI_SCHEME")
    if scheme:
        return str(scheme)
    https = environ.get("HTTPS", "")
    return "https" if https.startswith("1") or https.lower().startswith("on") else "http"
