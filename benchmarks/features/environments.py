"""A virtual environment for each library, made with pip."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.features.libraries import Library

__all__ = ["EnvironmentFailed", "python_for", "versions"]

_VERSIONS = """
import json, sys
from importlib import metadata
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        found[name] = None
print(json.dumps(found))
"""


class EnvironmentFailed(Exception):
    """The library cannot be installed, or imported, on this Python."""


def python_for(library: Library, directory: Path, sources: str | None) -> str:
    """Return an interpreter that has *library*: this one for our own, else that of a venv, made if need be.

    :param sources: a directory that holds the library's module, for one that no index has
    :raises EnvironmentFailed: if pip or the import fails; the message is theirs
    """
    if not library.requirements:
        return sys.executable
    where = directory / library.name.replace(" ", "-")
    python = where / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(where)])
    wanted = list(library.requirements)
    if sources is not None:
        wanted = wanted[1:]
        site = _run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()
        Path(site, "features_sources.pth").write_text(f"{Path(sources).resolve()}\n")
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted])
    _run([str(python), "-c", f"import {library.module}"])
    return str(python)


def versions(library: Library, python: str) -> dict[str, str]:
    """Return the versions to name below the table."""
    found: dict[str, str | None] = json.loads(_run([python, "-c", _VERSIONS, *library.versions_of]))
    return {name: version or library.origin for name, version in found.items()}


def _run(argv: list[str]) -> str:
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    if ended.returncode:
        lines = [line for line in ended.stderr.splitlines() if line.strip() and "WARNING" not in line]
        raise EnvironmentFailed(lines[-1] if lines else f"status {ended.returncode}")
    return ended.stdout
