"""Finds the application: sys.path, the module or file, and the callable in it.

Import errors come in two kinds, told apart here: the module that was named does not exist (the
configuration is wrong), or something inside it failed (the application is wrong, its traceback is kept).
"""

from __future__ import annotations

import glob
import importlib
import importlib.machinery
import importlib.util
import inspect
import os
import re
import site
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Final

from engine.apps.application import Application
from engine.apps.factory import FactoryCall, split_call
from engine.apps.kind import find_kind
from engine.config.app_spec import AppSpec, Mount, parse_path
from engine.config.settings import Settings
from engine.errors import AppLoadError

__all__ = ["check_names", "import_directories", "import_extra", "load_apps", "prepare_sys_path"]

OWN_PACKAGES: Final = ("bridge", "engine")
DEFAULT_CALLABLE: Final = "application"
SECOND_CALLABLE: Final = "app"


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
        module = _run_file(spec.file) if spec.file is not None else _import(spec.source)
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


def import_extra(name: str) -> ModuleType:
    """Import a module, or run a file, beside the applications (uWSGI ``--import``, ``--pymodule-alias``).

    :raises AppLoadError: if that fails
    """
    if "/" in name or name.endswith(".py"):
        return _run_file(name)
    return _import(name)


def _callables(
    module: ModuleType, mount: Mount, notify: Callable[[str], None]
) -> list[tuple[str, Callable[..., object], str]]:
    """Return path, callable and its name: mostly one, more if the main module sets ``uwsgi.applications``.

    That is a dict of paths and callables, or their names in the module (uWSGI's page "Python").
    """
    spec = mount.app
    declared = getattr(sys.modules.get("uwsgi"), "applications", None)
    if mount.path or spec.callable is not None or not isinstance(declared, dict):
        return [(mount.path, *_find_callable(module, spec, notify))]
    found: list[tuple[str, Callable[..., object], str]] = []
    for key, app in declared.items():
        path = key.decode() if isinstance(key, bytes) else key  # uWSGI takes bytes only
        if isinstance(app, str):
            found.append((parse_path(path), *_find_callable(module, replace(spec, callable=app), notify)))
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


def prepare_sys_path(settings: Settings) -> None:
    """Put each ``pythonpath`` and then the current directory first in ``sys.path``, once.

    The earlier of two ``pythonpath`` comes first, as in ``PYTHONPATH`` (in uWSGI the later one does).

    :raises AppLoadError: if ``settings.home`` cannot be used
    """
    if settings.home is not None:
        _activate(settings.home)
    first = [*_pythonpath(settings, os.getcwd()), os.getcwd()]
    sys.path[:] = [*dict.fromkeys(first), *(path for path in sys.path if path not in first)]


def import_directories(settings: Settings) -> list[str]:
    """Return where the application will import from beside ``sys.path``; some need not exist."""
    base = os.path.abspath(settings.chdir or ".")
    home = [] if settings.home is None else [_packages_of(settings.home)]
    return list(dict.fromkeys([*home, *_pythonpath(settings, base), base]))


def _packages_of(home: str) -> str:
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return os.path.join(os.path.abspath(home), "lib", python, "site-packages")


def _activate(home: str) -> None:
    """Put the packages of a virtualenv (PEP 405) before those the engine runs with.

    What the engine has imported by then (gevent, greenlet) stays its own.

    :raises AppLoadError: if it is no virtualenv of this Python version
    """
    packages = _packages_of(home)
    if not os.path.isdir(packages):
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
        raise AppLoadError(
            f"--home {home}: {packages} is not there; it must be a virtualenv of {python}, "
            "which gevent-engine runs with"
        )
    before = list(sys.path)
    site.addsitedir(packages)
    added = [path for path in sys.path if path not in before]
    sys.path[:] = [*added, *(path for path in sys.path if path not in added)]


def check_names(settings: Settings) -> None:
    """Refuse an application directory that holds another ``bridge`` or ``engine`` package.

    Call it before ``bridge`` is imported: whichever is found first would take the place of the other.

    :raises AppLoadError: names the directory
    """
    base = os.path.abspath(settings.chdir or ".")
    for directory in dict.fromkeys([*_pythonpath(settings, base), base]):
        for name in OWN_PACKAGES:
            found = _package_in(directory, name)
            if found is not None:
                raise AppLoadError(
                    f"{found} has the name of a package of gevent-engine itself ({name}); rename it, "
                    "or move the application into a package of its own and load it as --module PACKAGE.MODULE"
                )


def _package_in(directory: str, name: str) -> str | None:
    """Return the path of another ``name`` in ``directory``.

    A directory without ``__init__.py`` hides nothing: regular packages later in sys.path win.
    """
    for path in (os.path.join(directory, name, "__init__.py"), os.path.join(directory, f"{name}.py")):
        if os.path.isfile(path) and not _is_ours(path, name):
            return os.path.dirname(path) if path.endswith("__init__.py") else path
    return None


def _is_ours(path: str, name: str) -> bool:
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return os.path.realpath(path) == os.path.realpath(os.path.join(root, name, "__init__.py"))


def _pythonpath(settings: Settings, base: str) -> Iterator[str]:
    for pattern in settings.pythonpath:
        path = os.path.join(base, os.path.expanduser(pattern))
        yield from map(os.path.normpath, sorted(glob.glob(path)) or [path])


# -- module or file


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise AppLoadError(_missing(name, error.name)) from None
        raise AppLoadError(f"importing {name!r} failed: {_brief(error)}") from error
    except (Exception, SystemExit) as error:
        raise AppLoadError(f"importing {name!r} failed: {_brief(error)}") from error


def _missing(name: str, part: str) -> str:
    if os.path.isfile(name):
        return f"no module named {part!r}; {name} is a file: write --wsgi-file {name}"
    if name in ("asgi", "wsgi"):
        return (
            f"no module named {name!r} in {os.getcwd()} or elsewhere in sys.path; if {name}: is meant as a "
            f"prefix, name the callable too: {name}:MODULE:CALLABLE"
        )
    of_which = "" if name == part else f" (of --module {name})"
    return (
        f"no module named {part!r}{of_which} in {os.getcwd()} or elsewhere in sys.path; "
        "name its directory with --chdir or --pythonpath"
    )


def _run_file(path: str) -> ModuleType:
    """Execute a file as a module, whatever its ending, under the name that uWSGI gives it."""
    if not os.path.isfile(path):
        raise AppLoadError(f"no such file: {os.path.abspath(path)}; --wsgi-file starts from --chdir")
    name = "uwsgi_file_" + re.sub(r"\W", "_", path)
    loader = importlib.machinery.SourceFileLoader(name, os.path.abspath(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise AppLoadError(f"running {path!r} failed: {_brief(error)}") from error
    return module


# -- callable


def _find_callable(
    module: ModuleType, spec: AppSpec, notify: Callable[[str], None]
) -> tuple[Callable[..., object], str]:
    source, name = spec.source, spec.callable
    if name is None:
        name = _default_name(module, source, notify)
    attribute, call = split_call(name)
    found = _attribute(module, source, attribute)
    if call is not None:
        found = _call(found, call, source, name)
    if not callable(found):
        result = "is" if call is None else "returned"
        raise AppLoadError(
            f"{name!r} of {source!r} {result} a {type(found).__name__}, which cannot be called"
        )
    return found, name


def _default_name(module: ModuleType, source: str, notify: Callable[[str], None]) -> str:
    if not hasattr(module, DEFAULT_CALLABLE) and callable(getattr(module, SECOND_CALLABLE, None)):
        notify(
            f"{source!r} has no {DEFAULT_CALLABLE!r}: using {SECOND_CALLABLE!r}; write --callable to be sure"
        )
        return SECOND_CALLABLE
    return DEFAULT_CALLABLE


def _attribute(module: ModuleType, source: str, name: str) -> object:
    found: object = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise AppLoadError(f"{source!r} has no {name!r}{_nearest(module, name)}") from None
    return found


def _nearest(module: ModuleType, name: str) -> str:
    import difflib  # only for this error

    names = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"; did you mean {' or '.join(near)}? Write it as --callable NAME or MODULE:NAME"
    listed = ", ".join(names[:10]) or "nothing"
    return f"; what can be called there: {listed}. Write one as --callable NAME or MODULE:NAME"


def _call(factory: object, call: FactoryCall, source: str, name: str) -> object:
    if not callable(factory):
        raise AppLoadError(f"{name!r} of {source!r} cannot be called; leave the () out")
    try:
        return factory(*call.positional, **call.named)
    except (Exception, SystemExit) as error:
        raise AppLoadError(f"calling {name} of {source!r} failed: {_brief(error)}") from error


def _brief(error: BaseException) -> str:
    text = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
