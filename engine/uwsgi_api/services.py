"""What this server answers on its uwsgi sockets besides requests: remote signals, calls and caches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bridge.lowlevel import Greenlet, run_now
from engine.protocols.events import UwsgiHead
from engine.protocols.uwsgi.protocol import CACHE, SIGNAL_REPLY
from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.remote import RPC, SIGNAL, decode_array, encode_result
from engine.uwsgi_api.remote_cache import CacheService
from engine.uwsgi_api.rpc_calls import RpcCalls

__all__ = ["Answer", "Service", "services"]

Answer = Callable[[bytes], None]
"""Sends the whole answer and closes the connection; ``b""`` closes it only."""
Service = Callable[[UwsgiHead, Answer], None]
"""Gets a packet, in an asyncio callback."""

_RAW: Final = 1  # second modifier of a call whose result is wanted without a header


def services(instance: Instance, functions: RpcCalls) -> Mapping[int, Service]:
    """Return what answers packets, by their first modifier."""

    def take_signal(packet: UwsgiHead, answer: Answer) -> None:
        instance.agent.send(packet.modifier2)
        answer(SIGNAL_REPLY)

    def take_call(packet: UwsgiHead, answer: Answer) -> None:
        try:
            name, *arguments = decode_array(packet.block)
        except ValueError:
            instance.log("Invalid RPC request. skip.")
            answer(b"")
            return

        def work() -> None:
            result: bytes | None = None
            try:
                result = functions.call(name, *arguments)
            finally:
                # Without a result uWSGI closes the connection, and the caller gets None.
                answer(
                    b"" if result is None else result if packet.modifier2 == _RAW else encode_result(result)
                )

        run_now(Greenlet(work))

    found: dict[int, Service] = {SIGNAL: take_signal, RPC: take_call}
    if instance.store is not None and instance.store.caches:
        found[CACHE] = _cache_service(CacheService(instance.store.caches))
    return found


def _cache_service(caches: CacheService) -> Service:
    def take(packet: UwsgiHead, answer: Answer) -> None:
        def work() -> None:
            said = b""
            try:
                said = caches.answer(packet)
            finally:
                answer(said)

        run_now(Greenlet(work))

    return take
