"""The environ of a WSGI application that is mounted at a path."""

from __future__ import annotations

from engine.apps.wsgi.environ import EnvironBuilder
from engine.interfaces import Environ
from engine.protocols.events import RequestHead
from engine.request.exchange import Exchange

__all__ = ["MountedEnvirons"]


class MountedEnvirons(EnvironBuilder):
    """Moves the path of the mount from PATH_INFO to SCRIPT_NAME (PEP 3333; uWSGI ``--manage-script-name``).

    :param path: ``/like/this``
    :param by_path: also where the front end says SCRIPT_NAME
    """

    def __init__(self, multiprocess: bool, path: str, by_path: bool) -> None:
        EnvironBuilder.__init__(self, multiprocess)
        self._path = path.encode().decode("latin-1")
        self._by_path = by_path

    def build(self, exchange: Exchange, facts: Environ) -> Environ:
        """Return the environ of one request."""
        environ: Environ = EnvironBuilder.build(self, exchange, facts)
        path = self._path
        if type(exchange.head) is RequestHead or self._by_path or not environ["SCRIPT_NAME"]:
            info: str = environ["PATH_INFO"]
            if info.startswith(path):
                environ["SCRIPT_NAME"] = path
                environ["PATH_INFO"] = info[len(path) :]
        return environ
