"""Where Python looks for the application: ``sys.path`` and a virtualenv; names that cannot be used there."""

from __future__ import annotations

import glob
import os
import site
import sys
from collections.abc import Iterator
from typing import Final

from engine.config.settings import Settings
from engine.errors import AppLoadError

__all__ = ["check_names", "import_directories", "prepare_sys_path"]

OWN_PACKAGES: Final = ("bridge", "engine")


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
