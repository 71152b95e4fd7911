"""Functions that run in mules: once, for ever, per message, or when a worker calls them."""

from __future__ import annotations

import importlib
import pickle
import traceback
from collections.abc import Callable
from typing import Any

from engine.uwsgi_api.decorating.forks import postfork_chain

__all__ = [
    "farm",
    "farm_loop",
    "mule",
    "mule_brain",
    "mule_brainloop",
    "mule_functions",
    "mule_msg_dispatcher",
    "mulefunc",
    "muleloop",
    "mulemsg",
    "mulemsg_loop",
]

uwsgi: Any = importlib.import_module("uwsgi")

mule_functions: dict[str, Callable[..., Any]] = {}

_SERVICE = "uwsgi_mulefunc"


def mule_msg_dispatcher(message: bytes) -> Any:
    """Run the function that a :class:`mulefunc` asks for; anything else raises."""
    asked = pickle.loads(message)
    if asked["service"] != _SERVICE:
        raise ValueError(f"not a message of @mulefunc: {asked!r}")
    return mule_functions[asked["func"]](*asked["args"], **asked["kwargs"])


class mulefunc:
    """``@mulefunc``, ``@mulefunc(2)``, ``@mulefunc('farm')``: run the function in a mule."""

    def __init__(self, f: Callable[..., Any] | int | str) -> None:
        self.fname: str | None = None
        self.mule: int | str | None = None
        if callable(f):
            self._remember(f)
        else:
            self.mule = f

    def _remember(self, f: Callable[..., Any]) -> None:
        self.fname = f.__name__
        mule_functions[self.fname] = f

    def real_call(self, *args: Any, **kwargs: Any) -> None:
        """Ask the mule."""
        message = pickle.dumps({"service": _SERVICE, "func": self.fname, "args": args, "kwargs": kwargs})
        if self.mule is None:
            uwsgi.mule_msg(message)
        else:
            uwsgi.mule_msg(message, self.mule.encode() if isinstance(self.mule, str) else self.mule)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.fname is None:
            self._remember(args[0])
            return self.real_call
        return self.real_call(*args, **kwargs)


def _run_or_die(f: Callable[..., Any], *args: Any) -> Any:
    try:
        return f(*args)
    except Exception:
        traceback.print_exc()
        raise SystemExit(1) from None


class mule_brain:
    """Runs a function once, in one mule."""

    def __init__(self, f: Callable[[], Any], num: int) -> None:
        self.f = f
        self.num = num

    def __call__(self) -> None:
        if uwsgi.mule_id() == self.num:
            _run_or_die(self.f)


class mule_brainloop(mule_brain):
    """Runs a function again and again, in one mule."""

    def __call__(self) -> None:
        if uwsgi.mule_id() == self.num:
            while True:
                _run_or_die(self.f)


class mulemsg_loop(mule_brain):
    """Gives the messages of one mule to a function."""

    def __init__(self, f: Callable[[bytes], Any], num: int) -> None:
        super().__init__(f, num)  # type: ignore[arg-type]

    def __call__(self) -> None:
        if uwsgi.mule_id() == self.num:
            while True:
                _run_or_die(self.f, uwsgi.mule_get_msg())


class farm_loop:
    """Gives the messages of one farm to a function, in its mules."""

    def __init__(self, f: Callable[[bytes], Any], farm: str) -> None:
        self.f = f
        self.farm = farm

    def __call__(self) -> None:
        if uwsgi.mule_id() and uwsgi.in_farm(self.farm):
            while True:
                _run_or_die(self.f, uwsgi.farm_get_msg())


def _after_fork(loop: Callable[..., Callable[[], None]], where: Any) -> Callable[[Callable[..., Any]], None]:
    def register(f: Callable[..., Any]) -> None:
        postfork_chain.append(loop(f, where))

    return register


def mule(num: int) -> Callable[[Callable[..., Any]], None]:
    """``@mule(1)``: run the function once in that mule; the name becomes None."""
    return _after_fork(mule_brain, num)


def muleloop(num: int) -> Callable[[Callable[..., Any]], None]:
    """``@muleloop(1)``: run the function again and again in that mule; the name becomes None."""
    return _after_fork(mule_brainloop, num)


def mulemsg(num: int) -> Callable[[Callable[..., Any]], None]:
    """``@mulemsg(1)``: give that mule's messages to the function; the name becomes None."""
    return _after_fork(mulemsg_loop, num)


def farm(name: str) -> Callable[[Callable[..., Any]], None]:
    """``@farm('blue')``: give that farm's messages to the function; the name becomes None."""
    return _after_fork(farm_loop, name)
