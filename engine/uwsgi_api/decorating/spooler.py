"""Functions whose calls become tasks of the spooler."""

from __future__ import annotations

import functools
import importlib
import pickle
from collections.abc import Callable
from typing import Any

__all__ = ["manage_spool_request", "spool", "spooler_functions", "spoolforever", "spoolraw"]

uwsgi: Any = importlib.import_module("uwsgi")

spooler_functions: dict[str, Callable[..., Any]] = {}

_TASK_KEYS = ("message_dict", "spooler", "priority", "at", "body")


def _to_bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _to_str(value: Any) -> Any:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def manage_spool_request(task: dict[bytes, bytes]) -> Any:
    """Run one task: find its function by name, and say what becomes of the task."""
    fields = {_to_str(key): value for key, value in task.items()}
    spooled = spooler_functions[_to_str(fields["ud_spool_func"])]
    if "args" in fields and "kwargs" in fields:
        args, kwargs = pickle.loads(fields["args"]), pickle.loads(fields["kwargs"])
        answer = spooled(*args, **kwargs)
    else:
        answer = spooled({key: value if key == "body" else _to_str(value) for key, value in fields.items()})
    return int(fields["ud_spool_ret"]) if "ud_spool_ret" in fields else int(answer)


class _Spooled:
    """A function whose calls become tasks of the spooler."""

    answer: int | None = None  # what becomes of a task; None: the function says it

    def __init__(self, f: Callable[..., Any], pass_arguments: bool = False) -> None:
        if "spooler" not in uwsgi.opt and "spooler-external" not in uwsgi.opt:
            raise Exception(f"you have to enable the uWSGI spooler to use @{type(self).__name__} decorator")
        self.f = f
        self.pass_arguments = pass_arguments
        functools.update_wrapper(self, f)
        spooler_functions[f.__name__] = f

    def __call__(self, *args: Any, **kwargs: Any) -> bytes:
        task: dict[str, Any] = {"ud_spool_func": self.f.__name__}
        if self.answer is not None:
            task["ud_spool_ret"] = str(self.answer)
        if self.pass_arguments:
            task.update({key: kwargs.pop(key) for key in _TASK_KEYS if key in kwargs})
            task.update(task.pop("message_dict", None) or {})
            task["args"], task["kwargs"] = pickle.dumps(args), pickle.dumps(kwargs)
        else:
            for given in args[:1]:
                task.update(given)
            task.update(kwargs)
        path: bytes = uwsgi.spool({_to_bytes(key): _to_bytes(value) for key, value in task.items()})
        return path

    spool = __call__


def _spool_decorator(kind: type[_Spooled]) -> Callable[..., Any]:
    def decorate(f: Callable[..., Any] | None = None, pass_arguments: bool = False) -> Any:
        if f is None:
            return functools.partial(kind, pass_arguments=pass_arguments)
        return kind(f, pass_arguments)

    return decorate


class _spoolraw(_Spooled):
    pass


class _spool(_Spooled):
    answer = uwsgi.SPOOL_OK


class _spoolforever(_Spooled):
    answer = uwsgi.SPOOL_RETRY


spoolraw = _spool_decorator(_spoolraw)
spoolraw.__doc__ = "``@spoolraw``: calls become tasks; the function returns ``uwsgi.SPOOL_OK`` and so on."
spool = _spool_decorator(_spool)
spool.__doc__ = "``@spool``: calls become tasks, each run once."
spoolforever = _spool_decorator(_spoolforever)
spoolforever.__doc__ = "``@spoolforever``: calls become tasks that are run again and again."
