"""Signals and procedure calls between servers: packets of the uwsgi protocol, one per connection.

Modifier 110 raises the signal in its second modifier; the answer is a packet with 1 there (uWSGI
``plugins/signal``).  Modifier 173 calls a function: the block holds its name and the arguments, each
after its length; the answer's block is the result, or, if that is too large, variables with
CONTENT_LENGTH before it and 5 as second modifier (uWSGI ``plugins/rpc``).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable
from typing import Final

import bridge
from engine.protocols.uwsgi.packet import HEADER_SIZE, decode_header
from engine.protocols.uwsgi.pairs import read_pairs

__all__ = [
    "LARGE",
    "RPC",
    "SIGNAL",
    "call_remote",
    "connect",
    "decode_array",
    "encode_array",
    "signal_remote",
]

SIGNAL: Final = 110
RPC: Final = 173
LARGE: Final = 5
_HEADER: Final = struct.Struct("<BHB")
_LENGTH: Final = struct.Struct("<H")
_LONGEST: Final = 0xFFFF
_SIGNAL_TIMEOUT: Final = 4.0  # seconds; uWSGI's socket-timeout
_VARIABLES: Final = 64


def encode_array(items: Iterable[bytes]) -> bytes:
    """Return the block of an array.

    :raises ValueError: if it does not fit into a packet
    """
    block = b"".join(_LENGTH.pack(min(len(item), _LONGEST)) + item for item in items)
    if len(block) > _LONGEST:
        raise ValueError(f"name and arguments have {len(block)} bytes, at most {_LONGEST} fit into a packet")
    return block


def decode_array(block: bytes) -> list[bytes]:
    """Return the items of an array's block.

    :raises ValueError: if an item runs past the block
    """
    items, at = [], 0
    while at < len(block):
        if at + _LENGTH.size > len(block):
            raise ValueError("an item runs past the block")
        end = at + _LENGTH.size + _LENGTH.unpack_from(block, at)[0]
        if end > len(block):
            raise ValueError("an item runs past the block")
        items.append(block[at + _LENGTH.size : end])
        at = end
    return items


def encode_result(result: bytes) -> bytes:
    """Return the whole answer to a call."""
    if len(result) <= _LONGEST:
        return _HEADER.pack(RPC, len(result), 0) + result
    block = encode_array((b"CONTENT_LENGTH", b"%d" % len(result)))
    return _HEADER.pack(RPC, len(block), LARGE) + block + result


def signal_remote(number: int, node: str) -> None:
    """Raise a signal in another server; the calling greenlet waits for its answer.

    :param node: ``host:port``, or the path of a unix socket
    :raises OSError: if the server cannot be reached
    :raises ValueError: if it does not take the signal
    """
    try:
        _, accepted, _ = bridge.wait(_ask(node, SIGNAL, number, b""), timeout=_SIGNAL_TIMEOUT)
    except (OSError, ValueError, EOFError) as error:  # TimeoutError is an OSError
        raise OSError(f"unable to deliver signal {number} to node {node}") from error
    if accepted != 1:
        raise ValueError(f"node {node} rejected signal {number}")


def call_remote(node: str, name: bytes, arguments: Iterable[bytes], timeout: float) -> bytes:
    """Call a function of another server; the calling greenlet waits for the result.

    :param timeout: seconds that all of it may take
    :raises OSError: if the server cannot be reached, or has no such function
    """
    block = encode_array((name, *arguments))
    try:
        return bridge.wait(_call(node, block), timeout=timeout)
    except EOFError as error:
        raise ConnectionError(f"{node} gave no answer") from error


async def _call(node: str, block: bytes) -> bytes:
    _, _, answer = await _ask(node, RPC, 0, block)
    return answer


async def _ask(node: str, modifier1: int, modifier2: int, block: bytes) -> tuple[int, int, bytes]:
    """Send one packet; return both modifiers and the content of the answer."""
    reader, writer = await connect(node)
    try:
        writer.write(_HEADER.pack(modifier1, len(block), modifier2) + block)
        kind, size, what = decode_header(await reader.readexactly(HEADER_SIZE))
        answer = await reader.readexactly(size)
        if kind == RPC and what == LARGE:
            length = read_pairs(answer, _VARIABLES).get("CONTENT_LENGTH", "0")
            answer = await reader.readexactly(int(length))
        return kind, what, answer
    finally:
        writer.close()


async def connect(node: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection to ``host:port``, or to a unix socket."""
    host, colon, port = node.rpartition(":")
    if not colon:
        return await asyncio.open_unix_connection("\0" + node[1:] if node.startswith("@") else node)
    return await asyncio.open_connection(host.strip("[]") or "127.0.0.1", int(port))
