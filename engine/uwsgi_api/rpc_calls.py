"""Functions that other processes and servers may call by name."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any, Final

from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.public import public
from engine.uwsgi_api.remote import call_remote
from engine.uwsgi_api.texts import to_bytes

__all__ = ["RpcCalls"]

_RPC_TIMEOUT: Final = 30.0  # seconds; uWSGI's socket-timeout with gevent


def _check_rpc(name: bytes, args: tuple[bytes, ...]) -> None:
    if not isinstance(name, bytes) or not all(isinstance(arg, bytes) for arg in args):
        raise ValueError("unable to call rpc function")


class RpcCalls:
    """Remote procedure calls"""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._functions: dict[bytes, tuple[Callable[..., Any], int]] = {}

    @public("P1")
    def register_rpc(self, name: str | bytes, function: Callable[..., Any], argc: int = 0, /) -> bool:
        """Let ``rpc`` and ``call`` find a function; it takes and returns bytes.

        :raises ValueError: if there are ``--rpc-max`` functions already
        """
        raw = to_bytes(name, "name")
        most = 64 if self._instance.store is None else self._instance.store.rpc_most
        if raw not in self._functions and len(self._functions) >= most:
            raise ValueError("unable to register rpc function")
        self._functions[raw] = (function, argc)
        return True

    @public("P1", differs="parks the calling greenlet only")
    def rpc(self, node: str | bytes | None, name: bytes, /, *args: bytes) -> bytes | None:
        """Call a function, here or at *node* (``host:port`` or path of a uwsgi socket); None if it fails."""
        if not node:
            return self.call(name, *args)
        _check_rpc(name, args)
        where = node.decode() if isinstance(node, bytes) else node
        try:
            return call_remote(where, name, args, _RPC_TIMEOUT) or None
        except (OSError, ValueError) as error:
            self._instance.log(
                f"uwsgi.rpc: {where} did not answer {name.decode(errors='replace')}: {error!r}"
            )
            return None

    @public("P1", differs="a str that the function returns is sent as UTF-8, not dropped")
    def call(self, name: bytes, /, *args: bytes) -> bytes | None:
        """Call a function of this process by name; None if there is none, or it gives nothing."""
        _check_rpc(name, args)
        entry = self._functions.get(name)
        if entry is None:
            return None
        try:
            answer = entry[0](*args)
        except Exception:
            self._instance.log("".join(traceback.format_exception(*sys.exc_info())).rstrip())
            return None
        if isinstance(answer, str):
            answer = answer.encode()
        return answer if isinstance(answer, bytes) and answer else None

    @public("P1")
    def rpc_list(self) -> tuple[bytes, ...]:
        """Names of the functions."""
        return tuple(self._functions)
