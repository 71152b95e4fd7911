"""``uwsgi.applications``: what a module says itself about paths and applications."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from engine.apps.application import Application
from engine.apps.kind import find_kind
from engine.errors import AppLoadError

__all__ = ["with_declared"]


def with_declared(apps: Sequence[Application], module: ModuleType) -> tuple[Application, ...]:
    """Return *apps* and those of ``uwsgi.applications``, which take the place of others at the same path.

    :param module: ``uwsgi``, after the applications were imported
    :raises AppLoadError: if what it says makes no sense
    """
    declared = getattr(module, "applications", None)
    if declared is None:
        return tuple(apps)
    if not isinstance(declared, dict):
        raise AppLoadError(
            f"uwsgi.applications is {declared!r}; it must be a dict: {{'': application, '/path': other}}"
        )
    found = dict(_entry(path, call) for path, call in declared.items())
    kept = [app for app in apps if app.mountpoint not in found]
    new = [
        Application(0, path, call, kind != "wsgi", kind == "asgi+green")
        for path, (call, kind) in found.items()
    ]
    return tuple(
        Application(number, app.mountpoint, app.call, app.is_asgi, app.green)
        for number, app in enumerate([*new, *kept])
    )


def _entry(path: Any, call: Any) -> tuple[str, tuple[Any, str]]:
    text = path.decode() if isinstance(path, bytes) else path
    if not isinstance(text, str):
        raise AppLoadError(f"uwsgi.applications: the path {path!r} must be str or bytes, such as '/shop'")
    text = text.rstrip("/")
    if text and not text.startswith("/"):
        raise AppLoadError(f"uwsgi.applications: the path {path!r} must begin with a slash, or be empty")
    if not callable(call):
        raise AppLoadError(f"uwsgi.applications: {call!r} at {path!r} cannot be called")
    return text, (call, find_kind(call, f"uwsgi.applications[{path!r}]"))
