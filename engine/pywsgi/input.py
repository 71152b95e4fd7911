"""``wsgi.input`` as ``gevent.pywsgi`` has it: ``read(0)`` returns nothing."""

from __future__ import annotations

from engine.apps.wsgi.input import InputStream

__all__ = ["Input"]


class Input(InputStream):
    """The request body as a file (PEP 3333); uWSGI, and so the engine, reads all for a size of 0."""

    __slots__ = ()

    def read(self, size: int | None = -1) -> bytes:
        """Return *size* bytes, fewer only at the end of the body; all the rest if None or negative."""
        if size == 0:
            return b""
        return InputStream.read(self, size)
