"""The scope of an ASGI connection (ASGI HTTP & WebSocket specification 2.5, "Connection Scope")."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote_to_bytes

from engine.apps.wsgi.environ import url_scheme
from engine.interfaces import Environ, Scope
from engine.net.tls.extension import tls_extension
from engine.protocols.events import RequestHead, UwsgiHead
from engine.protocols.trailers import accepts_trailers

__all__ = ["SPEC_VERSION", "ScopeBuilder"]

SPEC_VERSION: Final = "2.5"

# RFC 9110 section 10.1.4: whoever takes trailers says so.
_TE: Final = b"te"

_OLD_EXTENSIONS: Final[dict[str, dict[str, Any]]] = {"http.response.pathsend": {}}
_EXTENSIONS: Final = {**_OLD_EXTENSIONS, "http.response.early_hint": {}}
_VERSIONS: Final = {"1.0": "1.0", "1.1": "1.1", "2.0": "2", "3.0": "3"}


class ScopeBuilder:
    """Builds the scopes of one application.

    :param root_path: where it is mounted: ``/like/this`` or empty
    :param by_path: look at the path although the front end says SCRIPT_NAME
    :param state: what the application keeps between lifespan and requests; each gets a shallow copy
    """

    def __init__(self, root_path: str, by_path: bool, state: dict[str, Any]) -> None:
        self._root_path = root_path
        self._by_path = by_path
        self._state = state

    def build(self, head: Any, link: Any) -> Scope:
        """Return the scope of one request; ``type`` is ``http``."""
        if type(head) is RequestHead:
            return self._of_http(head, link)
        return self._of_uwsgi(head)

    def _of_http(self, head: RequestHead, link: Any) -> Scope:
        facts = link.memo
        if facts is None:
            facts = link.memo = _connection_facts(link)
        path = head.path
        headers = head.headers
        tls = facts[3]
        modern = head.http_version != "1.0"
        extensions = (_EXTENSIONS if modern else _OLD_EXTENSIONS).copy()
        if modern:
            for name, value in headers:
                if name == _TE and accepts_trailers(value.decode("latin-1")):
                    extensions["http.response.trailers"] = {}
        if tls is not None:
            extensions["tls"] = tls.copy()
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": SPEC_VERSION},
            "http_version": _VERSIONS[head.http_version],
            "server": facts[0],
            "client": facts[1],
            "scheme": facts[2],
            "method": head.method.upper(),
            "root_path": self._root_path,
            "path": (unquote_to_bytes(path) if b"%" in path else path).decode("utf-8", "replace"),
            "raw_path": path,
            "query_string": head.query,
            "headers": headers.copy(),  # that of the request may be kept for requests to come (FieldSection)
            "state": self._state.copy(),
            "extensions": extensions,
        }

    def _of_uwsgi(self, head: UwsgiHead) -> Scope:
        variables = head.variables
        script = "" if self._by_path else variables.get("SCRIPT_NAME", "")
        info = variables.get("PATH_INFO", "")
        # WSGI splits the path in two, ASGI has all of it in "path"; front ends send either.
        whole = info if info.startswith(script) else script + info
        root = script.encode("latin-1").decode("utf-8", "replace") or self._root_path
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": SPEC_VERSION},
            "http_version": _VERSIONS.get(head.http_version, "1.0"),
            "server": _address(variables.get("SERVER_NAME"), variables.get("SERVER_PORT")),
            "client": _address(variables.get("REMOTE_ADDR"), variables.get("REMOTE_PORT")),
            "scheme": url_scheme(variables),
            "method": head.method.upper(),
            "root_path": root,
            "path": whole.encode("latin-1").decode("utf-8", "replace"),
            "raw_path": head.path,
            "query_string": head.query,
            "headers": head.headers,
            "state": self._state.copy(),
            "extensions": _OLD_EXTENSIONS.copy(),
        }


def _connection_facts(link: Any) -> tuple[object, object, str, dict[str, Any] | None]:
    """Server, client, scheme and TLS of a connection; the same for all its requests."""
    template: Environ = link.environ_base()
    where = link.sockname()
    server: tuple[str, int | None] | None = None
    if isinstance(where, tuple):
        server = (where[0], where[1])
    elif isinstance(where, str) and where:
        server = (where, None)  # a unix socket
    client = _address(template.get("REMOTE_ADDR"), template.get("REMOTE_PORT"))
    scheme = str(template.get("wsgi.url_scheme", "http"))
    # A proxy that is trusted may speak TLS with the server for a client that does not.
    tls = link.ssl_object() if scheme == "https" else None
    return server, client, scheme, None if tls is None else tls_extension(tls)


def _address(host: str | None, port: str | None) -> tuple[str, int | None] | None:
    if not host:
        return None
    return host, int(port) if port and port.isdecimal() else None
