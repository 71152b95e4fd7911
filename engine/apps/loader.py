"""Loads the applications: the server's own and those of mounts, in the order in which they are numbered."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

from engine.apps.application import Application
from engine.apps.callables import find_callable
from engine.apps.kind import find_kind
from engine.apps.modules import import_extra, import_module, run_file
from engine.apps.python_path import check_names, prepare_sys_path
from engine.config.app_spec import AppSpec, Mount, parse_path
from engine.config.settings import Settings
from engine.errors import AppLoadError

__all__ = ["load_apps"]


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def load_apps(settings: Settings, notify: Callable[[str], None] = _to_stderr) -> tuple[Application, ...]:
    """Import the applications: that of the server first, then those of mounts in the order written.

    The current directory must already be ``settings.chdir``.

    :param notify: takes lines for the start-up log
    :raises ConfigError: if what ``--log-config`` names cannot be set up
    :raises AppLoadError: if one is not there; ``__cause__`` is its own exception, if it raised one
    """
    check_names(settings)
    prepare_sys_path(settings)
    if settings.log_targets.python is not None:
        settings.log_targets.python.apply()
    if settings.argv is not None:
        sys.argv[:] = ["uwsgi", *settings.argv]
    for alias, source in settings.module_aliases:
        sys.modules[alias] = import_extra(source)
    wanted = list(settings.mounts)
    if settings.app is not None:
        wanted.insert(0, Mount("", settings.app))
    apps: list[Application] = []
    for mount in wanted:
        began = time.monotonic()
        spec = mount.app
        module = run_file(spec.file) if spec.file is not None else import_module(spec.source)
        for path, found, name in _callables(module, mount, notify):
            took = int(time.monotonic() - began)
            app = replace(_application(len(apps), path, found, name, spec), seconds=took)
            apps.append(app)
            notify(
                f"{'ASGI' if app.is_asgi else 'WSGI'} app {app.number} (mountpoint='{path}') ready in "
                f"{took} seconds" + ("" if path else " (default app)")
            )
    _refuse_doubles(apps)
    for name in settings.imports:
        import_extra(name)
    return tuple(apps)


def _callables(
    module: ModuleType, mount: Mount, notify: Callable[[str], None]
) -> list[tuple[str, Callable[..., object], str]]:
    """Return path, callable and its name: mostly one, more if the main module sets ``uwsgi.applications``.

    That is a dict of paths and callables, or their names in the module (uWSGI's page "Python").
    """
    spec = mount.app
    declared = getattr(sys.modules.get("uwsgi"), "applications", None)
    if mount.path or spec.callable is not None or not isinstance(declared, dict):
        return [(mount.path, *find_callable(module, spec, notify))]
    found: list[tuple[str, Callable[..., object], str]] = []
    for key, app in declared.items():
        path = key.decode() if isinstance(key, bytes) else key  # uWSGI takes bytes only
        if isinstance(app, str):
            found.append((parse_path(path), *find_callable(module, replace(spec, callable=app), notify)))
        elif callable(app):
            found.append((parse_path(path), app, f"uwsgi.applications[{path!r}]"))
        else:
            raise AppLoadError(f"uwsgi.applications[{path!r}] is {app!r}; make it a callable or its name")
    return found


def _refuse_doubles(apps: list[Application]) -> None:
    seen: dict[str, Application] = {}
    for app in apps:
        other = seen.setdefault(app.mountpoint, app)
        if other is not app:
            raise AppLoadError(f"{other.name} and application {app.number} are mounted at the same path")


def _application(
    number: int, path: str, found: Callable[..., object], name: str, spec: AppSpec
) -> Application:
    kind = spec.kind or find_kind(found, f"{name!r} of {spec.source!r}")
    if kind == "wsgi" and inspect.iscoroutinefunction(found):
        raise AppLoadError(
            f"{name!r} of {spec.source!r} is an async function (ASGI), but named as WSGI; write asgi: instead"
        )
    return Application(number, path, found, kind != "wsgi", kind == "asgi+green")
