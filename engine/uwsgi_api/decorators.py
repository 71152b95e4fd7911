"""Decorators over the ``uwsgi`` module; applications import this as ``uwsgidecorators``.

Loaded under that name by :mod:`engine.uwsgi_api.finder`, at most once in a
process, so the registrations below belong to one server.  Importing it sets
``uwsgi.spooler``, ``uwsgi.post_fork_hook`` and ``uwsgi.mule_msg_hook``.
"""

from __future__ import annotations

import importlib
from typing import Any

from engine.uwsgi_api.decorating.calls import erlang, harakiri, lock, rpc, thread
from engine.uwsgi_api.decorating.forks import postfork, postfork_chain, postfork_chain_hook
from engine.uwsgi_api.decorating.mules import (
    farm,
    farm_loop,
    mule,
    mule_brain,
    mule_brainloop,
    mule_functions,
    mule_msg_dispatcher,
    mulefunc,
    muleloop,
    mulemsg,
    mulemsg_loop,
)
from engine.uwsgi_api.decorating.signals import (
    cron,
    filemon,
    get_free_signal,
    mstimer,
    rbtimer,
    signal,
    timer,
)
from engine.uwsgi_api.decorating.spooler import (
    manage_spool_request,
    spool,
    spooler_functions,
    spoolforever,
    spoolraw,
)

__all__ = [
    "cron",
    "erlang",
    "farm",
    "farm_loop",
    "filemon",
    "get_free_signal",
    "harakiri",
    "lock",
    "manage_spool_request",
    "mstimer",
    "mule",
    "mule_brain",
    "mule_brainloop",
    "mule_functions",
    "mule_msg_dispatcher",
    "mulefunc",
    "muleloop",
    "mulemsg",
    "mulemsg_loop",
    "postfork",
    "postfork_chain",
    "postfork_chain_hook",
    "rbtimer",
    "rpc",
    "signal",
    "spool",
    "spooler_functions",
    "spoolforever",
    "spoolraw",
    "thread",
    "timer",
    "uwsgi",
]

uwsgi: Any = importlib.import_module("uwsgi")

uwsgi.spooler = manage_spool_request
uwsgi.post_fork_hook = postfork_chain_hook
uwsgi.mule_msg_hook = mule_msg_dispatcher
