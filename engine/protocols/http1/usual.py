"""The usual request: a known method, a path, HTTP/1.1, and fields that ask for nothing special.

``usual.pyx`` is its twin in the compiled build.
"""

from __future__ import annotations

from engine.protocols.events import RequestHead
from engine.protocols.grammar import TARGET_CHARS
from engine.protocols.http1.request_line import METHODS
from engine.protocols.sections import FieldSection

__all__ = ["usual_request"]

_VERSION = b" HTTP/1.1"


def usual_request(
    head: bytes, end: int, lines: list[tuple[bytes, bytes]], section: FieldSection | None
) -> RequestHead | None:
    """Read a request line of the usual form; None for any other, and for what may be wrong with it.

    :param end: where the line ends in *head*, at its CRLF
    :param lines: the fields, which ask for nothing special
    :param section: what is kept of them
    """
    space = head.find(b" ")
    method = METHODS.get(head[:space])
    target = head[space + 1 : end - len(_VERSION)]
    if method is None or target[:1] != b"/" or head[end - len(_VERSION) : end] != _VERSION:
        return None
    if target.translate(None, TARGET_CHARS):
        return None
    path, _, query = target.partition(b"?")
    request = RequestHead(method, target, path, query, lines)
    if section is not None:
        request.section = section
        request.content_length = section.content_length
    return request
