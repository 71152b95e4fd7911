"""What the system lets a process have (uWSGI ``--max-fd``, ``--limit-as``, ``--limit-nproc``)."""

from __future__ import annotations

import resource

from engine.errors import ConfigError

__all__ = ["allow_descriptors", "limit_processes"]


def allow_descriptors(number: int) -> None:
    """Set how many descriptors this process and those it forks may have.

    :raises ConfigError: if the hard limit is lower and this process may not raise it
    """
    _limit("--max-fd", resource.RLIMIT_NOFILE, number, "'ulimit -Hn' or LimitNOFILE=")


def limit_processes(address_space: int, processes: int) -> None:
    """Limit the memory (bytes) of this process and of those it forks, and how many its user may have.

    0 leaves a limit as it is.

    :raises ConfigError: if a hard limit is lower and this process may not raise it
    """
    if address_space:
        _limit("--limit-as", resource.RLIMIT_AS, address_space, "'ulimit -Hv' or LimitAS=")
    if processes:
        _limit("--limit-nproc", resource.RLIMIT_NPROC, processes, "'ulimit -Hu' or LimitNPROC=")


def _limit(option: str, what: int, number: int, how: str) -> None:
    _, hard = resource.getrlimit(what)
    enough = hard == resource.RLIM_INFINITY or number <= hard
    try:
        resource.setrlimit(what, (number, hard if enough else number))
    except (ValueError, OSError) as exc:
        raise ConfigError(
            f"{option} {number} is more than the {hard} this process may have; raise the hard limit "
            f"with {how}"
        ) from exc
