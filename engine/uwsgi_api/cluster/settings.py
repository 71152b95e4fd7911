"""Where the shared things are kept, and under which names."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import ConfigError
from engine.uwsgi_api.keyvals import Options

__all__ = ["SharedSettings"]

_SCHEMES: Final = ("redis://", "rediss://", "unix://")
_SHORTEST_LEASE: Final = 2.0  # seconds; a link that was killed must be back before


@dataclass(frozen=True, slots=True)
class SharedSettings:
    """One Redis database and our part of it.

    :param name: beginning of all keys; servers with the same name share
    :param lease: seconds without a sign of life after which what a server holds is free again
    """

    url: str
    name: str = "gevent-engine"
    lease: float = 10.0

    @classmethod
    def of(cls, opt: Mapping[str, Any]) -> SharedSettings | None:
        """Read the options; None if nothing is shared.

        :raises ConfigError: if they make no sense, or the client library is missing
        """
        options = Options(opt)
        urls = options.texts("shared")
        if not urls:
            return None
        url = urls[-1]
        if not url.startswith(_SCHEMES):
            raise ConfigError(
                f"--shared {url}: write redis://HOST:PORT/DB, or unix:///PATH?db=DB for a socket"
            )
        if importlib.util.find_spec("redis") is None:
            raise ConfigError("--shared needs the client library: pip install 'gevent-bridge[redis]'")
        text = (options.texts("shared-lease") or ["10"])[-1]
        try:
            lease = float(text)
        except ValueError:
            lease = 0.0
        if lease < _SHORTEST_LEASE:
            raise ConfigError(
                f"--shared-lease {text}: write a number of seconds, {_SHORTEST_LEASE:g} or more"
            )
        return cls(url, (options.texts("shared-name") or ["gevent-engine"])[-1], lease)

    def key(self, *parts: str | int) -> str:
        """Return the name of a key."""
        return ":".join([self.name, *map(str, parts)])

    @property
    def lease_ms(self) -> int:
        """The lease in milliseconds."""
        return int(self.lease * 1000)
