"""Caches of other servers, and this server's caches for others: packets of the uwsgi protocol, modifier 111.

With 17 as second modifier (uWSGI ``plugins/cache``) the block holds ``cmd key cache size expires``, a value
of that size follows it; the answer's block holds ``status size expires`` before the value, and is missing if
the answer is no.  The older second modifiers know only the first cache: 0 and 5 get, 1 sets, 2 deletes, 3 and
4 answer what a front end asks for (nginx: ``uwsgi_modifier1 111; uwsgi_modifier2 3; uwsgi_param key $uri``).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import bridge
from engine.errors import ProtocolError
from engine.protocols.events import UwsgiHead
from engine.protocols.uwsgi.packet import HEADER_SIZE, decode_header, encode_packet
from engine.protocols.uwsgi.pairs import read_pairs
from engine.protocols.uwsgi.protocol import CACHE, CACHE_COMMAND
from engine.uwsgi_api.numbers import number_in
from engine.uwsgi_api.remote import connect, decode_array

__all__ = ["CacheService", "RemoteCache"]

_TIMEOUT: Final = 30.0  # seconds; uWSGI's socket-timeout with gevent
_VARIABLES: Final = 64
_HEADER: Final = struct.Struct("<BHB")
_LONGEST: Final = 0xFFFF
_NOT_FOUND: Final = (
    b"HTTP/1.0 404 Not Found\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nNot Found"
)
_HEADER_OF_VALUE: Final = _HEADER.pack(CACHE, 0, 1)
_HEADER_OF_NOTHING: Final = _HEADER.pack(CACHE, 0, 0)


class AnyCache(Protocol):
    """What a cache can do for others."""

    def get(self, key: bytes) -> bytes | None: ...
    def put(self, key: bytes, value: bytes, expires: float = 0, replace: bool = False) -> bool: ...
    def delete(self, key: bytes) -> bool: ...
    def exists(self, key: bytes) -> bool: ...
    def clear(self) -> None: ...


class RemoteCache:
    """A cache of another server, uWSGI or this one; the calling greenlet waits for answers.

    :param name: empty: the server's first cache
    :param node: ``host:port``, or the path of a unix socket
    :param log: is told why there is no answer
    """

    def __init__(self, name: str, node: str, log: Callable[[str], None]) -> None:
        self._name = name
        self._node = node
        self._log = log

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key; None if there is none, or no answer."""
        return self._ask("get", key)

    def put(self, key: bytes, value: bytes, expires: float = 0, replace: bool = False) -> bool:
        """Set a key; False if the server would not, or gives no answer."""
        more = {"size": str(len(value)), **({"expires": str(int(expires))} if expires else {})}
        return self._ask("update" if replace else "set", key, more, value) is not None

    def delete(self, key: bytes) -> bool:
        """Forget a key; False if there was none, or no answer."""
        return self._ask("del", key) is not None

    def exists(self, key: bytes) -> bool:
        """Whether a key has a value."""
        return self._ask("exists", key) is not None

    def clear(self) -> None:
        """Forget everything."""
        self._ask("clear", b"")

    def number(self, key: bytes) -> int:
        """Return a number that the server has made by counting; 0 if there is none."""
        return number_in(self.get(key) or b"")

    def keys(self) -> list[bytes]:
        """Never: the protocol cannot ask for them.

        :raises ValueError: always; the text is uWSGI's
        """
        raise ValueError("no local uWSGI cache available")

    def add(self, key: bytes, n: int, expires: float = 0) -> bool:
        """Never: the protocol cannot count in one step (uWSGI overwrites the number).

        :raises NotImplementedError: always
        """
        raise NotImplementedError(
            f"the number {key!r} cannot be changed in the cache of {self._node}: the uwsgi protocol has no "
            "command for it; do it there with uwsgi.rpc(), or share the cache with --shared"
        )

    def change(self, key: bytes, how: Callable[[int], int], expires: float = 0) -> bool:
        """As :meth:`add`."""
        return self.add(key, 0)

    def _ask(
        self, command: str, key: bytes, more: Mapping[str, str] | None = None, value: bytes = b""
    ) -> bytes | None:
        """Return the value that comes with a yes; None for no, and for no answer."""
        fields = {"cmd": command, "key": key.decode("latin-1"), **(more or {}), "cache": self._name}
        try:
            packet = encode_packet(fields.items(), CACHE, CACHE_COMMAND) + value
            return bridge.wait(_exchange(self._node, packet), timeout=_TIMEOUT)
        except (OSError, ValueError, EOFError, ProtocolError) as error:  # TimeoutError is an OSError
            self._log(f"uwsgi.cache_{command}: {self._node} did not answer: {error!r}")
            return None


async def _exchange(node: str, packet: bytes) -> bytes | None:
    reader, writer = await connect(node)
    try:
        writer.write(packet)
        header = await reader.read(HEADER_SIZE)
        if not header:
            return None  # closed without an answer: no
        header += await reader.readexactly(HEADER_SIZE - len(header))
        _, size, _ = decode_header(header)
        said = read_pairs(await reader.readexactly(size), _VARIABLES)
        if said.get("status") != "ok":
            return None
        return await reader.readexactly(int(said.get("size") or "0"))
    finally:
        writer.close()


class CacheService:
    """Answers packets with modifier 111.

    :param caches: by name, in the order configured
    """

    def __init__(self, caches: Mapping[str, AnyCache]) -> None:
        self._caches = caches

    def answer(self, packet: UwsgiHead) -> bytes:
        """Return the answer to a packet, ``b""`` for none; may park the calling greenlet."""
        try:
            if packet.modifier2 == CACHE_COMMAND:
                return self._command(packet.variables, packet.block)
            return self._old(packet.modifier2, packet.block, next(iter(self._caches.values())))
        except (ProtocolError, ValueError):
            return b""

    def _command(self, fields: Mapping[str, str], value: bytes) -> bytes:
        name = fields.get("cache", "")
        cache = self._caches.get(name) if name else next(iter(self._caches.values()))
        if cache is None:
            return b""
        command, key = fields.get("cmd"), fields.get("key", "").encode("latin-1")
        if command == "get":
            found = cache.get(key)
            return b"" if found is None else _yes({"size": str(len(found))}) + found
        if command == "exists":
            done = cache.exists(key)
        elif command == "del":
            done = cache.delete(key)
        elif command == "clear":
            cache.clear()
            done = True
        elif command in ("set", "update"):
            done = cache.put(key, value, int(fields.get("expires") or 0), command == "update")
        else:
            done = False
        return _yes({}) if done else b""

    def _old(self, form: int, block: bytes, cache: AnyCache) -> bytes:
        if form in (0, 5):
            value = cache.get(block)
            if form == 5:
                return _HEADER_OF_NOTHING if value is None else _HEADER_OF_VALUE + value
            return (
                b"" if value is None or len(value) > _LONGEST else _HEADER.pack(CACHE, len(value), 0) + value
            )
        if form == 1:
            key, value, *_ = decode_array(block)
            cache.put(key, value)
        elif form == 2:
            cache.delete(block)
        elif form in (3, 4):
            fields = read_pairs(block, _VARIABLES)
            wanted, nothing = (fields["get"], _NOT_FOUND) if "get" in fields else (fields.get("key", ""), b"")
            value = cache.get(wanted.encode("latin-1"))
            return nothing if value is None else value
        return b""


def _yes(more: Mapping[str, str]) -> bytes:
    return encode_packet([("status", "ok"), *more.items()], CACHE, CACHE_COMMAND)
