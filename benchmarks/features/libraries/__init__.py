"""The libraries that are compared, in the order of the table's columns."""

from __future__ import annotations

from benchmarks.features.libraries.aiogevent_ import Aiogevent
from benchmarks.features.libraries.asgiref_ import Asgiref
from benchmarks.features.libraries.asyncio_gevent_ import AsyncioGevent
from benchmarks.features.libraries.base import Library
from benchmarks.features.libraries.bridge_ import Bridge
from benchmarks.features.libraries.eventlet_ import Eventlet
from benchmarks.features.libraries.greenletio_ import Greenletio
from benchmarks.features.libraries.nest_asyncio_ import NestAsyncio

__all__ = ["LIBRARIES", "Library"]

LIBRARIES: dict[str, Library] = {
    each.name: each
    for each in (Bridge(), AsyncioGevent(), Aiogevent(), Greenletio(), Eventlet(), Asgiref(), NestAsyncio())
}
