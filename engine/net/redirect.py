"""HTTP connections that send every client to HTTPS (uWSGI ``--http-to-https``)."""

from __future__ import annotations

from typing import Any

from engine.interfaces import Environ
from engine.net.frontend import FrontEnd
from engine.net.http1 import Http1Connection

__all__ = ["RedirectConnection"]


class RedirectConnection(Http1Connection):
    """Answers each request with the same address under https; no application runs.

    :param port: of HTTPS; empty for 443
    """

    def __init__(self, front: FrontEnd, known: Environ | None, port: str) -> None:
        Http1Connection.__init__(self, front, known)
        self._port = port

    def _begin(self, head: Any) -> None:
        host = self.host_of(head.headers)
        if not host:
            self.refuse(400, "without a Host there is no address to go to")
            return
        target = head.path + (b"?" + head.query if head.query else b"")
        if not target.startswith(b"/"):
            target = b"/"  # OPTIONS *
        # 308 keeps the method (RFC 9110 section 15.4.9); old clients know 301 only.
        status = b"301 Moved Permanently" if head.method in ("GET", "HEAD") else b"308 Permanent Redirect"
        place = host.encode("latin-1") + (b":" + self._port.encode() if self._port else b"")
        self.answer_and_close(
            b"HTTP/1.1 %s\r\nLocation: https://%s%s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            % (status, place, target)
        )
