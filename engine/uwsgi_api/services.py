"""What this server answers on its uwsgi sockets besides requests: remote signals and calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bridge.lowlevel import Greenlet, run_now
from engine.protocols.uwsgi.protocol import SIGNAL_REPLY
from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.remote import RPC, SIGNAL, decode_array, encode_result
from engine.uwsgi_api.rpc_calls import RpcCalls

__all__ = ["Answer", "Service", "services"]

Answer = Callable[[bytes], None]
"""Sends the whole answer and closes the connection; ``b""`` closes it only."""
Service = Callable[[int, bytes, Answer], None]
"""Gets second modifier and block of a packet, in an asyncio callback."""

_RAW: Final = 1  # second modifier of a call whose result is wanted without a header


def services(instance: Instance, functions: RpcCalls) -> Mapping[int, Service]:
    """Return what answers packets, by their first modifier."""

    def take_signal(number: int, block: bytes, answer: Answer) -> None:
        instance.agent.send(number)
        answer(SIGNAL_REPLY)

    def take_call(form: int, block: bytes, answer: Answer) -> None:
        try:
            name, *arguments = decode_array(block)
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
                answer(b"" if result is None else result if form == _RAW else encode_result(result))

        run_now(Greenlet(work))

    return {SIGNAL: take_signal, RPC: take_call}
