"""Options, files and environment in; one frozen :class:`Settings` out.

May import only :mod:`engine.address`, :mod:`engine.errors` and :mod:`engine.protocols.limits` (numbers), and
neither asyncio nor gevent: early monkey patching comes after this.
"""

from engine.config.options import OPTIONS
from engine.config.reader import read, read_leniently
from engine.config.resolve import resolve
from engine.config.settings import Listener, Settings

__all__ = ["OPTIONS", "Listener", "Settings", "read", "read_leniently", "resolve"]
