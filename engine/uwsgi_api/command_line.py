"""What the command line does with a running server, instead of being one."""

from __future__ import annotations

import bridge
from engine.errors import ConfigError
from engine.uwsgi_api.remote import signal_remote

__all__ = ["raise_signal"]


def raise_signal(text: str) -> None:
    """Raise a uwsgi signal in another server (uWSGI ``--signal ADDRESS,NUMBER``).

    :raises ConfigError: if that is not what *text* says, or the server does not take it
    """
    address, _, number = text.rpartition(",")
    if not address or not number.isdecimal() or int(number) > 255:
        raise ConfigError(f"--signal {text}: write ADDRESS,NUMBER with a number from 0 to 255")
    try:
        bridge.run(bridge.sync_to_async(signal_remote)(int(number), address))
    except (OSError, ValueError) as error:
        raise ConfigError(f"--signal {text}: {error}") from None
