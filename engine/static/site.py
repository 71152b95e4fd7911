"""Requests answered with files: which, and with what head (RFC 9110)."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from engine.config.static import StaticFiles, StaticMap
from engine.errors import ClientDisconnected
from engine.protocols.events import UwsgiHead
from engine.request.exchange import Exchange
from engine.static.conditions import Validators, evaluate, range_applies
from engine.static.encoding import accepts_gzip
from engine.static.expiry import ExpiryRules, Subjects
from engine.static.mime import DEFAULT_TYPE, media_types
from engine.static.place import Directory, OpenFile, Root, roots_of
from engine.static.ranges import UNSATISFIABLE, parse_range

__all__ = ["Found", "StaticSite"]

_FIELDS: Final = frozenset(
    (
        b"accept-encoding",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"range",
    )
)
_PATH_CHARS: Final = "/%:@!$&'()*+,;=~"
Headers = list[tuple[str, str]]


class Found:
    """What a request path stands for.

    :param media: Content-Type
    :param twins: whether the answer depends on Accept-Encoding
    """

    __slots__ = ("encoding", "file", "media", "redirect", "twins")

    def __init__(self, file: OpenFile | None, media: str = "", redirect: str = "") -> None:
        self.file = file
        self.media = media
        self.encoding = ""
        self.twins = False
        self.redirect = redirect


class StaticSite:
    """All files of one server.

    :param added: header fields of every file
    :param log: is told of files outside of their roots, and of failures
    :raises OSError: if a table of media types cannot be read
    """

    def __init__(
        self, settings: StaticFiles, log: Callable[[str], None], added: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._log = log
        self._added = added
        self._roots = roots_of(settings, log)
        self._docroot = settings if settings.docroot else None
        self._skip = tuple(os.fsencode(ending) for ending in settings.skip)
        self._types = media_types(settings.mime_files)
        self._expiry = ExpiryRules(settings.expiries)
        self._handed_over = settings.handed_over
        below = ["^" + re.escape(os.path.realpath(path)) + "/" for path in settings.gzip_below]
        self._gzip = [re.compile(os.fsencode(pattern)) for pattern in (*settings.gzip, *below)]

    # -- finding ---------------------------------------------------------------------------------

    def find(self, exchange: Exchange) -> Found | None:
        """Return what to answer, None if the application is to be asked; :meth:`serve` closes the file."""
        head = exchange.head
        if head.method not in ("GET", "HEAD"):
            return None
        path = _path_info(head)
        if self._skip and path.endswith(self._skip):
            return None
        for root in self._roots if self._docroot is None else self._with_docroot(head):
            place = root.find(path)
            if place is None:
                continue
            if isinstance(place, Directory):
                return Found(None, redirect=_with_slash(head))
            return self._describe(root, place, head)
        return None

    def _with_docroot(self, head: Any) -> list[Root]:
        assert self._docroot is not None
        docroot = head.variables.get("DOCUMENT_ROOT") if isinstance(head, UwsgiHead) else None
        if not docroot:
            return self._roots
        below = StaticMap("/", os.fsdecode(docroot.encode("latin-1")))
        only = StaticFiles((below,), index=self._docroot.index, safe=self._docroot.safe)
        return [*self._roots, *roots_of(only, self._log)]

    def _describe(self, root: Root, file: OpenFile, head: Any) -> Found:
        found = Found(file, self._types.get(file.ending, DEFAULT_TYPE))
        if self._gzip and not self._handed_over and any(pattern.search(file.name) for pattern in self._gzip):
            self._choose_twin(found, root.twin(file), head)
        return found

    def _choose_twin(self, found: Found, twin: OpenFile | None, head: Any) -> None:
        plain = found.file
        if plain is None or twin is None:
            return
        found.twins = True
        if accepts_gzip(_fields(head).get(b"accept-encoding", b"")):
            plain.close()
            found.file, found.encoding = twin, "gzip"
        else:
            twin.close()

    # -- answering -----------------------------------------------------------------------------------

    def serve(self, exchange: Exchange, found: Found) -> None:
        """Send the answer; in a greenlet that may wait.  Raises only what is meant for the greenlet."""
        try:
            if found.file is None:
                exchange.start_response("301", [("Location", found.redirect), ("Content-Length", "0")])
            elif self._handed_over:
                self._hand_over(exchange, found, found.file)
            else:
                self._send(exchange, found, found.file)
            exchange.finish()
        except ClientDisconnected:
            exchange.cut()
        except Exception as exc:
            self._log(f"sending {exchange.uri} failed: {exc!r}")
            exchange.cut()
        finally:
            if found.file is not None:
                found.file.close()

    def _send(self, exchange: Exchange, found: Found, file: OpenFile) -> None:
        fields, size, now = _fields(exchange.head), file.info.st_size, time.time()
        validators = _validators(file, bool(found.encoding))
        headers = self._headers(exchange, found, file, validators, now)
        code = evaluate(fields, validators)
        if code != 200:
            exchange.start_response(str(code), headers if code == 304 else _empty(headers))
            return
        part = None
        if exchange.method == "GET" and b"range" in fields and range_applies(fields, validators, now):
            part = parse_range(fields[b"range"], size)
        if part == UNSATISFIABLE:
            exchange.start_response("416", _empty([("Content-Range", f"bytes */{size}")]))
            return
        offset, count = part or (0, size)
        headers += [("Content-Type", found.media), ("Content-Length", str(count))]
        if part is not None:
            headers.append(("Content-Range", f"bytes {offset}-{offset + count - 1}/{size}"))
        exchange.start_response("200" if part is None else "206", headers)
        exchange.send_file(file.fd, offset, count)

    def _hand_over(self, exchange: Exchange, found: Found, file: OpenFile) -> None:
        """Name the file to the server in front.

        Conditions, ranges and compressed twins are left to it: what it then sends has its own ETag.  The
        name is percent-encoded, which nginx has decoded since 1.5.9, mod_xsendfile and Lighttpd by default.
        """
        headers = [
            (self._handed_over, quote(file.name)),
            ("Last-Modified", formatdate(int(file.info.st_mtime), usegmt=True)),
            ("Content-Type", found.media),
            *self._expires(exchange, found, file, time.time()),
        ]
        exchange.start_response("200", _empty(headers))

    def _headers(
        self, exchange: Exchange, found: Found, file: OpenFile, validators: Validators, now: float
    ) -> Headers:
        headers = [
            ("ETag", validators.etag.decode()),
            ("Last-Modified", formatdate(validators.modified, usegmt=True)),
            ("Accept-Ranges", "bytes"),
        ]
        if found.encoding:
            headers.append(("Content-Encoding", found.encoding))
        if found.twins:
            headers.append(("Vary", "Accept-Encoding"))
        headers += self._added
        return headers + self._expires(exchange, found, file, now)

    def _expires(self, exchange: Exchange, found: Found, file: OpenFile, now: float) -> Headers:
        if not self._expiry:
            return []
        path = _path_info(exchange.head).decode("latin-1")
        about = Subjects(os.fsdecode(file.name), exchange.uri, path, found.media)
        expires = self._expiry.expires(about, now, int(file.info.st_mtime))
        return [] if expires is None else [("Expires", expires)]


def _empty(headers: Headers) -> Headers:
    return [*headers, ("Content-Length", "0")]


def _validators(file: OpenFile, coded: bool) -> Validators:
    info = file.info
    etag = b'"%x-%x%b"' % (info.st_mtime_ns, info.st_size, b"-gz" if coded else b"")
    return Validators(etag, int(info.st_mtime))


def _path_info(head: Any) -> bytes:
    if isinstance(head, UwsgiHead):
        return head.variables.get("PATH_INFO", "").encode("latin-1")
    path: bytes = head.path
    return unquote_to_bytes(path) if b"%" in path else path


def _with_slash(head: Any) -> str:
    """The directory's own path; one leading slash, since ``//name/`` would lead to another host."""
    path: str = quote(head.path.lstrip(b"/\\"), safe=_PATH_CHARS)
    query: str = quote(head.query, safe=_PATH_CHARS + "?")
    return f"/{path}/?{query}" if query else f"/{path}/"


def _fields(head: Any) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for name, value in head.headers:
        if name in _FIELDS:
            fields[name] = fields[name] + b", " + value if name in fields else value
    return fields
