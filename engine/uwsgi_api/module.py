"""Builds the ``uwsgi`` module from the groups of functions."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from engine.apps.wsgi.environ import UWSGI_VERSION
from engine.uwsgi_api.context import current_exchange
from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.public import calls_of
from engine.uwsgi_api.refusals import refusals

__all__ = ["NAME", "build", "put_in_place"]

NAME: Final = "uwsgi"
_DOC: Final = "The server this application runs in, as uWSGI's module of this name shows it."


def build(instance: Instance, groups: Iterable[Any]) -> ModuleType:
    """Return the module; nothing is imported or installed."""
    module = ModuleType(NAME, _DOC)
    vars(module).update(refusals())
    for group in groups:
        for call, method in calls_of(group):
            setattr(module, call.name, method)
    vars(module).update(attributes(instance))
    vars(module)["__getattr__"] = Moments(instance).get
    return module


def attributes(instance: Instance) -> dict[str, Any]:
    """Return the module's data."""
    facts = instance.facts
    major, minor, patch = (int(part) for part in UWSGI_VERSION.split(b"."))
    values: dict[str, Any] = {
        "version": UWSGI_VERSION,
        "version_info": (major, minor, patch, 0, b""),
        "opt": dict(facts.opt),
        "numproc": facts.processes,
        "cores": facts.cores,
        "loop": b"gevent",
        "has_threads": 1,
        "hostname": os.uname().nodename.encode(),
        "applications": None,
        "started_on": facts.started_on,
        "buffer_size": facts.buffer_size,
        "is_a_reload": "UWSGI_RELOADS" in os.environ,
        "sockets": list(facts.sockets),
        "magic_table": {},
        "unbit": None,
        "SPOOL_OK": -2,
        "SPOOL_RETRY": -1,
        "SPOOL_IGNORE": 0,
    }
    if instance.roles.spooler.directories:
        values["spoolers"] = tuple(os.fsencode(path) for path in instance.roles.spooler.directories)
    if instance.store is not None and instance.store.queue is not None:
        values["queue_size"] = instance.store.queue.slots
    if "pidfile" in facts.opt:
        values["pidfile"] = facts.opt["pidfile"]
    if "mode" in facts.opt:
        values["mode"] = facts.opt["mode"]
    return values


class Moments:
    """Attributes that depend on the request: looked up only when somebody asks, so requests pay nothing."""

    NAMES: Final = ("env", "start_response")

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def get(self, name: str) -> Any:
        """Return an attribute that the module does not have.

        :raises AttributeError: if there is none, or no request to take it from
        """
        if name not in self.NAMES:
            raise AttributeError(f"module 'uwsgi' has no attribute {name!r}")
        exchange = current_exchange()
        if exchange is None or exchange.is_ended():
            raise AttributeError(
                f"uwsgi.{name} exists during a request only; pass it on from the application"
            )
        if name == "env":
            link: Any = exchange.link
            return self._instance.environ_of(exchange, link.environ_base())
        return exchange.start_response


class NoticingSpec(ModuleSpec):
    """The spec of a module that is loaded; tells when somebody imports it.

    An import statement asks the spec of a module it finds in ``sys.modules`` whether that is still
    being initialised.  Programs that never import ``uwsgi`` need not pay for following their greenlets;
    a loader that makes the module at its first import was rejected because libraries look for
    ``"uwsgi" in sys.modules``.
    """

    def __init__(self, name: str, noticed: Callable[[], None]) -> None:
        super().__init__(name, None, origin="built-in")
        self._noticed = noticed

    @property
    def _initializing(self) -> bool:
        self._noticed()
        return False

    @_initializing.setter
    def _initializing(self, value: bool) -> None:
        pass  # the interpreter's own bookkeeping


def put_in_place(module: ModuleType, on_import: Callable[[], None]) -> None:
    """Make ``import uwsgi`` give *module*, in this process and in those it forks.

    :param on_import: called at each import statement that names it
    """
    module.__spec__ = NoticingSpec(NAME, on_import)
    sys.modules[NAME] = module
