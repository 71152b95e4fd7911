"""Functions whose calls come from elsewhere, or are guarded: RPC, lock, thread, harakiri."""

from __future__ import annotations

import functools
import importlib
import threading
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

__all__ = ["erlang", "harakiri", "lock", "rpc", "thread"]

uwsgi: Any = importlib.import_module("uwsgi")

F = TypeVar("F", bound=Callable[..., Any])


def rpc(name: str) -> Callable[[F], F]:
    """``@rpc('hello')``: let ``uwsgi.rpc`` and ``uwsgi.call`` find the function."""

    def register(function: F) -> F:
        uwsgi.register_rpc(name, function)
        return function

    return register


def lock(f: Callable[..., Any]) -> Callable[..., Any]:
    """``@lock``: run the function under ``uwsgi.lock()``; in the spooler, not at all."""

    @functools.wraps(f)
    def locked(*args: Any, **kwargs: Any) -> Any:
        if uwsgi.i_am_the_spooler():
            return None
        uwsgi.lock()
        try:
            return f(*args, **kwargs)
        finally:
            uwsgi.unlock()

    return locked


def thread(f: Callable[..., Any]) -> Callable[..., Any]:
    """``@thread``: calls start a daemon thread, and return the function."""

    @functools.wraps(f)
    def start(*args: Any) -> Callable[..., Any]:
        threading.Thread(target=f, args=args, daemon=True).start()
        return f

    return start


def harakiri(seconds: int) -> Callable[[F], Callable[..., Any]]:
    """``@harakiri(30)``: let the request end if the function takes longer."""

    def decorate(f: F) -> Callable[..., Any]:
        @functools.wraps(f)
        def limited(*args: Any, **kwargs: Any) -> Any:
            uwsgi.set_user_harakiri(seconds)
            try:
                return f(*args, **kwargs)
            finally:
                uwsgi.set_user_harakiri(0)

        return limited

    return decorate


def erlang(name: str) -> NoReturn:
    """There is no Erlang here."""
    raise NotImplementedError(
        f"@erlang({name!r}): gevent-engine does not speak to Erlang; remove the decorator"
    )
