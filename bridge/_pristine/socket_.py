"""``socket`` with the original class.

gevent keeps the original class, but its ``accept`` and the module's
``socketpair``, ``fromfd`` and others look up the global name ``socket``, which
is gevent's class by now.  So the functions of the stand-in, and the methods of
a subclass of the original class, get the stand-in's globals.

asyncio does not mind gevent's sockets that programs hand to it
(``loop.sock_recv``, ``create_server(sock=...)``): they are set non-blocking.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

from bridge._pristine.originals import copy_of, originals_of, with_globals

__all__ = ["pristine_socket"]


def pristine_socket(imports: Mapping[str, ModuleType]) -> ModuleType:
    """Return a stand-in for ``socket``.

    :param imports: original ``os`` and ``selectors``, used by ``sendfile``
    """
    twin = copy_of(socket)
    namespace = twin.__dict__
    for name in ("os", "selectors"):
        if name in namespace:
            namespace[name] = imports[name]
    for name, value in list(namespace.items()):
        if isinstance(value, FunctionType) and value.__module__ == "socket":
            namespace[name] = with_globals(value, namespace)
    namespace["socket"] = _socket_class(originals_of("socket").get("socket", socket.socket), namespace)
    return twin


def _socket_class(original: type, namespace: dict[str, Any]) -> type:
    methods = {
        name: with_globals(value, namespace)
        for name, value in vars(original).items()
        if isinstance(value, FunctionType) and value.__closure__ is None
    }
    return type(
        "socket",
        (original,),
        {"__slots__": (), "__module__": "socket", "__doc__": original.__doc__, **methods},
    )
