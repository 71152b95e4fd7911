"""Modules and files of applications, imported.

Import errors come in two kinds, told apart here: the module that was named does not exist (the
configuration is wrong), or something inside it failed (the application is wrong, its traceback is kept).
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import re
import sys
from types import ModuleType

from engine.errors import AppLoadError

__all__ = ["brief", "import_extra", "import_module", "run_file"]


def import_extra(name: str) -> ModuleType:
    """Import a module, or run a file, beside the applications (uWSGI ``--import``, ``--pymodule-alias``).

    :raises AppLoadError: if that fails
    """
    if "/" in name or name.endswith(".py"):
        return run_file(name)
    return import_module(name)


def import_module(name: str) -> ModuleType:
    """Import a module by its dotted name.

    :raises AppLoadError: if there is none of that name, or if it fails
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise AppLoadError(_missing(name, error.name)) from None
        raise AppLoadError(f"importing {name!r} failed: {brief(error)}") from error
    except (Exception, SystemExit) as error:
        raise AppLoadError(f"importing {name!r} failed: {brief(error)}") from error


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


def run_file(path: str) -> ModuleType:
    """Execute a file as a module, whatever its ending, under the name that uWSGI gives it.

    :raises AppLoadError: if there is no such file, or if it fails
    """
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
        raise AppLoadError(f"running {path!r} failed: {brief(error)}") from error
    return module


def brief(error: BaseException) -> str:
    """Return kind and first line of an error, as part of a sentence."""
    text = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
