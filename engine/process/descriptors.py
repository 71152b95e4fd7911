"""How many descriptors a process may have (uWSGI ``--max-fd``)."""

from __future__ import annotations

import resource

from engine.errors import ConfigError

__all__ = ["allow_descriptors"]


def allow_descriptors(number: int) -> None:
    """Set the limit of this process and of those it forks.

    :raises ConfigError: if the hard limit is lower and this process may not raise it
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = hard == resource.RLIM_INFINITY or number <= hard
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard if enough else number))
    except (ValueError, OSError) as exc:
        raise ConfigError(
            f"--max-fd {number} is more than the {hard} this process may have; raise the hard limit with "
            "'ulimit -Hn' or LimitNOFILE="
        ) from exc
