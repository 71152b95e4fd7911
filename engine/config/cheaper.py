"""How few workers there may be (uWSGI docs, Cheaper)."""

from __future__ import annotations

from engine.config.merge import Merged
from engine.errors import ConfigError

__all__ = ["cheaper", "cheaper_rss", "idle"]


def cheaper(merged: Merged) -> int:
    """Return how many workers are kept however little there is to do; 0: all.

    :raises ConfigError: if that is not less than ``--processes``
    """
    if "cheaper" not in merged:
        return 0
    least, most = merged.integer("cheaper"), merged.integer("processes")
    if least >= most:
        raise ConfigError(f"--cheaper {least} leaves nothing to save with --processes {most}; lower it")
    return least


def cheaper_rss(merged: Merged) -> tuple[int, int]:
    """Return soft and hard limit of all workers' memory in bytes; 0: none.

    :raises ConfigError: if one cannot do without the other, or without ``--cheaper``
    """
    soft, hard = merged.integer("cheaper-rss-limit-soft"), merged.integer("cheaper-rss-limit-hard")
    if (soft or hard) and "cheaper" not in merged:
        raise ConfigError("--cheaper-rss-limit-soft is about --cheaper; add that, or leave it out")
    if hard and hard <= soft:
        raise ConfigError(
            f"--cheaper-rss-limit-hard {hard} must be higher than --cheaper-rss-limit-soft {soft}"
        )
    if hard and not soft:
        raise ConfigError("--cheaper-rss-limit-hard needs --cheaper-rss-limit-soft too")
    return soft, hard


def idle(merged: Merged) -> float:
    """Return after how many seconds without requests the workers end; 0: never.

    :raises ConfigError: if ``--die-on-idle`` comes without ``--idle``
    """
    if merged.flag("die-on-idle") and not merged.seconds("idle"):
        raise ConfigError("--die-on-idle needs to know after how many seconds; add --idle SECONDS")
    return merged.seconds("idle")
