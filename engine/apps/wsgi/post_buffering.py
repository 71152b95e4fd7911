"""Reads all of a request's body before the application is called (uWSGI ``--post-buffering``)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

__all__ = ["post_buffered"]


def post_buffered(app: Callable[..., Any], in_memory: int, block: int) -> Callable[..., Any]:
    """Return *app* with a ``wsgi.input`` that has everything, so that it can be read again with ``seek``.

    :param in_memory: bytes; what is longer goes to a file in the directory for temporary files
    :param block: bytes read at a time
    """

    def buffered(environ: dict[str, Any], start_response: Any) -> Any:
        stream = environ["wsgi.input"]
        first = stream.read(block)
        # Never closed here: a greenlet that outlives the request may still read it.
        body = tempfile.SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115
        while first:
            body.write(first)
            first = stream.read(block)
        body.seek(0)
        environ["wsgi.input"] = body
        return app(environ, start_response)

    return buffered
