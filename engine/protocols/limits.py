"""How much a peer may send before the answer is 413, 414 or 431.

All sizes are bytes as they arrive on the wire.  The figures of other servers are
defaults, for those who tune.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request; every one keeps the memory of a connection bounded."""

    request_line: int = 8190
    """Longest request line without its CRLF, else 414.  RFC 9112 section 3 asks for 8000 or more.
    Apache 8190, gunicorn 4094, nginx 8k (one large_client_header_buffer), uWSGI 4096 for the whole head."""

    header_count: int = 100
    """Most header fields, else 431.  Apache and gunicorn 100, llhttp none, uWSGI 64."""

    header_bytes: int = 65536
    """Longest field section: all field lines with their CRLFs, else 431; for uwsgi the variable block.
    h11 16k in all, node 16k, nginx 4 x 8k, Apache 100 x 8190, uWSGI ``--buffer-size`` 4096.
    There is no limit per line besides: it would add a comparison per field and protect nothing more."""

    body: int = 0
    """Longest body, else 413; 0 means no limit (uWSGI ``--limit-post``, nginx client_max_body_size 1m).
    A Content-Length above it is refused at once, a chunked body when it grows past it."""

    chunk_line: int = 256
    """Longest chunk-size line with extensions, without its CRLF, else 400.  Go allows 4096."""

    chunk_extension_bytes: int = 16384
    """Sum of all chunk extensions of one body, else 400.  RFC 9112 section 7.1.1 asks for such a limit;
    Go counts 16k of overhead too, node 16k."""

    trailer_bytes: int = 8192
    """Longest trailer section, else 431; the number of fields is bounded by ``header_count``."""

    variables: int = 128
    """Most variables in a uwsgi packet, else 431.  uWSGI: twice ``--max-vars`` (64), the rest is lost."""


DEFAULT_LIMITS = Limits()
