"""One complete request head to a RequestHead: llhttp for the syntax, policy for the rest.

A head that asks for nothing special is read without either (``fields``, ``usual``).
"""

from __future__ import annotations

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from engine.errors import ProtocolError
from engine.protocols.events import RequestHead
from engine.protocols.grammar import split_field_line
from engine.protocols.http1.fields import Fields, plain_fields
from engine.protocols.http1.host import check_host
from engine.protocols.http1.names import LOWER, SPECIAL, learn
from engine.protocols.http1.policy import (
    body_framing,
    check_expectation,
    connection_options,
    first_fault,
    offered_upgrade,
    require_host,
)
from engine.protocols.http1.request_line import RequestLine, parse_request_line
from engine.protocols.http1.scan import line_end, rest_of
from engine.protocols.http1.usual import usual_request
from engine.protocols.limits import Limits
from engine.protocols.sections import KEPT, LONGEST, FieldSection, keep

__all__ = ["HeadReader"]


class _Fields:
    """Collects what llhttp reports.

    It only appends: one loop over the list afterwards, all names local, is faster
    than attribute look-ups in every callback."""

    __slots__ = ("raw",)

    def __init__(self) -> None:
        self.raw: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.raw.append((name, value))


class HeadReader:
    """Reads heads, one after the other, of one connection.

    llhttp never sees a body.  httptools cannot pause it at the end of a request, tells
    neither chunk extensions nor the place of an error, and for ``Upgrade: h2c`` skips
    the body; a head by itself has none of these problems.  It gets a new parser, for 0.2 us.
    """

    __slots__ = ("_host", "_last", "_limits", "_line_limit")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._line_limit = limits.request_line
        self._host: bytes | None = None  # the last that was found valid
        self._last = 0  # hash of the last field section that might come again

    def read(self, head: bytes) -> RequestHead:
        """Read a head that ends with its first empty line.

        :raises ProtocolError: with the status for the client
        """
        end = line_end(head)
        block = rest_of(head, end + 2)
        kept = KEPT  # a local name has a type in the compiled build
        section = kept.get(block)
        if section is not None and section.limits is self._limits and end <= self._line_limit:
            usual = usual_request(head, end, section.lines, section)
            if usual is not None:
                return usual
        elif end <= self._line_limit and len(block) - 2 <= self._limits.header_bytes:
            fields = plain_fields(head, end + 2)
            if fields is not None and self._are_usual(fields):
                usual = usual_request(head, end, fields[0], None)
                if usual is not None:
                    if fields[4] is not None:
                        usual.content_length = int(fields[4])
                    self._look_again(block, fields[0], usual.content_length)
                    return usual
        return self._read(head, end)

    def _are_usual(self, fields: Fields) -> bool:
        _, host, connection, count, length = fields
        limits = self._limits
        if count > limits.header_count:
            return False
        if length is not None and not _is_short_number(length, limits.body):
            return False
        if connection is not None and connection != b"keep-alive" and connection != b"Keep-Alive":
            return False
        if host != self._host:
            try:
                check_host(host)
            except ProtocolError:
                return False
            self._host = host
        return True

    def _look_again(self, block: bytes, lines: list[tuple[bytes, bytes]], content_length: int | None) -> None:
        """Keep a section that comes the second time."""
        if len(block) <= LONGEST:
            mark = hash(block)
            if mark == self._last:
                keep(block, FieldSection(lines, self._limits, content_length))
            self._last = mark

    def _read(self, head: bytes, end: int) -> RequestHead:
        limits = self._limits
        fields = _Fields()
        raw = fields.raw
        try:
            if end > limits.request_line or len(head) - end - 4 > limits.header_bytes:
                raise ProtocolError(431, "request head too large")  # first_fault says it better
            line = parse_request_line(head[:end])
            HttpRequestParser(fields).feed_data(head)
        except HttpParserUpgrade:
            pass  # an offer; whether to take it is for the caller
        except (HttpParserError, ProtocolError) as error:
            raise self._explain(head, error) from error
        if len(raw) > limits.header_count:
            raise self._explain(head, ProtocolError(431, "too many header fields"))
        lines: list[tuple[bytes, bytes]] = []
        special: dict[bytes, bytes] = {}
        for name, value in raw:
            lower = LOWER.get(name)
            if lower is None:
                lower = learn(name)
            if value and value[-1] <= 32:  # llhttp keeps trailing OWS
                value = value.rstrip(b" \t")
            if lower in SPECIAL:
                special[lower] = special[lower] + b", " + value if lower in special else value
            elif not lower:
                continue
            lines.append((lower, value))
        return _with_options(line, lines, special, limits)

    def _explain(self, head: bytes, error: Exception) -> ProtocolError:
        """The same answer for the same bytes, whoever noticed the fault first."""
        fault = first_fault(head, self._limits)
        if fault is not None:
            return fault
        if isinstance(error, ProtocolError):
            return error
        lines = [split_field_line(line) for line in head[:-4].split(b"\r\n")[1:]]
        special: dict[bytes, bytes] = {}
        for name, value in lines:
            if name in SPECIAL:
                special[name] = special[name] + b", " + value if name in special else value
        try:
            _with_options(parse_request_line(head[: head.find(b"\r\n")]), lines, special, self._limits)
        except ProtocolError as refusal:
            return refusal
        return ProtocolError(400, f"malformed request head: {error}")


def _is_short_number(text: bytes, most: int) -> bool:
    """Whether it is a Content-Length that ``policy.body_framing`` allows; it explains what it does not."""
    return text.isdigit() and len(text) <= 15 and (not most or int(text) <= most)


def _with_options(
    line: RequestLine, lines: list[tuple[bytes, bytes]], special: dict[bytes, bytes], limits: Limits
) -> RequestHead:
    """Apply every rule of policy, in the order of its sections."""
    method, target, path, query, version, authority = line
    require_host(special, version)
    if authority:  # RFC 9112 section 3.2.2: it replaces Host
        lines = [(b"host", authority), *(pair for pair in lines if pair[0] != b"host")]
    content_length, chunked = body_framing(special, version, limits)
    expect_continue = check_expectation(special)
    close = keep = upgrade = False
    if b"connection" in special:
        close, keep, upgrade = connection_options(special[b"connection"])
    modern = version == "1.1"
    return RequestHead(
        method,
        target,
        path,
        query,
        lines,
        version,
        content_length,
        chunked,
        not close and (modern or keep),
        # RFC 9110 section 10.1.1: ignored for HTTP/1.0, pointless without a body
        expect_continue and modern and (chunked or bool(content_length)),
        # RFC 9110 section 7.8: ignored for HTTP/1.0 and unless Connection names it
        offered_upgrade(special) if upgrade and modern else None,
    )
