"""Which applications the options ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from engine.config.app_spec import AppSpec, Mount, parse_app, parse_mount
from engine.config.merge import Merged
from engine.errors import ConfigError

__all__ = ["lifespan_mode", "main_app", "module_aliases", "mounts"]

_SOURCES: Final = ("module", "wsgi-file", "asgi")


def main_app(merged: Merged) -> AppSpec | None:
    """Return the application for everything; None if there are mounts only.

    :raises ConfigError: if there is none at all, or more than one
    """
    given = [name for name in _SOURCES if name in merged]
    if len(given) > 1:
        first, second = given[:2]
        raise ConfigError(
            f"two applications: --{first} {merged.text(first)} and --{second} {merged.text(second)}; "
            "keep one of them, or give each a path with --mount"
        )
    if not given:
        if any(name in merged for name in ("mount", "worker-exec", "worker-exec2")):
            return None
        raise ConfigError(
            "no application: give --module NAME (or NAME:CALLABLE), --wsgi-file FILE, or --mount /PATH=APP"
        )
    return _with_callable(merged, given[0], _spec(given[0], merged.text(given[0]) or ""))


def _spec(option: str, text: str) -> AppSpec:
    if option == "wsgi-file":
        return AppSpec(file=text)  # a file whatever it is called
    if option == "asgi":
        return parse_app(text, "asgi")
    spec = parse_app(text)
    if spec.file is not None and not spec.kind:
        return AppSpec(module=spec.file, callable=spec.callable)  # the loader says what to write
    return spec


def _with_callable(merged: Merged, option: str, spec: AppSpec) -> AppSpec:
    """``--callable`` names what the module or file does not."""
    if "callable" not in merged:
        return spec
    name = merged.text("callable")
    if spec.callable not in (None, name):
        raise ConfigError(
            f"two callables: --{option} {spec.source}:{spec.callable} and --callable {name}; keep one of them"
        )
    return replace(spec, callable=name)


def mounts(merged: Merged) -> tuple[Mount, ...]:
    """Return what ``--mount`` says, in the order written.

    :raises ConfigError: if a path is there twice
    """
    found: dict[str, Mount] = {}
    if any(name in merged for name in _SOURCES):
        found[""] = Mount("", AppSpec())  # takes the place of the root
    for text in merged.texts("mount"):
        mount = parse_mount(text)
        if mount.path in found:
            other = found[mount.path].app.source or "that of --module, --wsgi-file or --asgi"
            raise ConfigError(
                f"--mount {text}: {mount.path or '/'} has an application already, {other}; "
                "remove one of the two"
            )
        found[mount.path] = mount
    return tuple(mount for mount in found.values() if mount.app.source)


def module_aliases(merged: Merged) -> tuple[tuple[str, str], ...]:
    """Return other name and module of each ``--pymodule-alias``, then those of ``--post-pymodule-alias``."""
    return tuple(
        value
        for option in ("pymodule-alias", "post-pymodule-alias")
        for name, value in merged.steps
        if name == option and isinstance(value, tuple)
    )


def lifespan_mode(merged: Merged) -> Literal["auto", "on", "off"]:
    """Return the value of ``--lifespan``."""
    modes: dict[str | None, Literal["auto", "on", "off"]] = {"on": "on", "off": "off"}
    return modes.get(merged.text("lifespan"), "auto")
