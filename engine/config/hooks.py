"""What is done at certain moments of the server's life (uWSGI docs, Hooks)."""

from __future__ import annotations

from engine.config.merge import Merged
from engine.config.options.processes import HOOK_ACTIONS, HOOK_MOMENTS
from engine.errors import ConfigError

__all__ = ["hooks"]


def hooks(merged: Merged) -> tuple[tuple[str, str], ...]:
    """Return moments and actions, in the order written.

    :raises ConfigError: for an action that is not known
    """
    found: list[tuple[str, str]] = []
    for name, text in merged.steps:
        kind, _, moment = name.partition("-")
        if moment not in HOOK_MOMENTS or not isinstance(text, str):
            continue
        if kind == "exec":
            found.append((moment, f"exec:{text}"))
        elif kind == "hook":
            action = text.partition(":")[0]
            if action not in HOOK_ACTIONS:
                raise ConfigError(
                    f"--{name} {text}: unknown action {action!r}; known are {', '.join(HOOK_ACTIONS)}"
                )
            found.append((moment, text))
    return tuple(found)
