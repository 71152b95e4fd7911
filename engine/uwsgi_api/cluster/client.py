"""Commands for Redis from wherever the ``uwsgi`` module is called."""

from __future__ import annotations

import asyncio
import importlib
import os
from typing import Any, Final

import bridge
from bridge.lowlevel import current_greenlet
from engine.uwsgi_api.cluster.settings import SharedSettings

__all__ = ["Client", "new_async_client"]

_MOST_CONNECTIONS: Final = 32  # per process; more greenlets than these wait for one another
_PATIENCE: Final = 5.0  # seconds to connect, and for an answer


def new_async_client(settings: SharedSettings, patience: float | None = _PATIENCE) -> Any:
    """Return a client for the running loop; answers come as Redis sends them.

    :param patience: seconds to wait for an answer; None for commands that wait themselves
    """
    library: Any = importlib.import_module("redis.asyncio")
    pool = library.BlockingConnectionPool.from_url(
        settings.url,
        protocol=2,
        max_connections=_MOST_CONNECTIONS,
        timeout=_PATIENCE,
        socket_connect_timeout=_PATIENCE,
        socket_timeout=patience,
    )
    client = library.Redis.from_pool(pool)
    client.response_callbacks.clear()
    return client


class Client:
    """Any process, greenlet and thread.  A greenlet of the loop parks; elsewhere the caller waits.

    The library's asyncio side is used wherever the loop is: its sockets never block other greenlets,
    patched or not.  Before the loop runs (while the application is imported) and in other threads
    each command has a connection of its own, so that nothing open is forked.
    """

    def __init__(self, settings: SharedSettings) -> None:
        self.settings = settings
        self._async: Any = None
        self._pid = 0

    def serve(self) -> None:
        """Greenlets of this process may park from now on; its loop runs."""
        self._pid = os.getpid()
        self._async = new_async_client(self.settings)

    async def close(self) -> None:
        """Close the connections of the loop."""
        client, self._async = self._async, None
        if client is not None and self._pid == os.getpid():
            await client.aclose(close_connection_pool=True)

    def do(self, *command: Any) -> Any:
        """Send one command and return the answer.

        :raises ConnectionError: if Redis does not answer
        """
        errors: Any = importlib.import_module("redis.exceptions")
        try:
            if self._may_park():
                return bridge.wait(self._async.execute_command(*command))
            return self._alone(command)
        except (errors.ConnectionError, errors.TimeoutError) as error:
            raise ConnectionError(
                f"{self.settings.url} (--shared) does not answer: {error}. Is that redis running?"
            ) from error

    def run(self, script: str, keys: tuple[str, ...], *arguments: Any) -> Any:
        """Run a script in one step."""
        return self.do("EVAL", script, len(keys), *keys, *arguments)

    def _may_park(self) -> bool:
        if self._async is None or self._pid != os.getpid() or current_greenlet().parent is None:
            return False
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return True
        return False  # in a task: a short wait of the whole loop

    def _alone(self, command: tuple[Any, ...]) -> Any:
        library: Any = importlib.import_module("redis")
        with library.Redis.from_url(
            self.settings.url, protocol=2, socket_connect_timeout=_PATIENCE, socket_timeout=_PATIENCE
        ) as client:
            client.response_callbacks.clear()
            return client.execute_command(*command)

    def __repr__(self) -> str:
        return f"<Client of {self.settings.url}>"
