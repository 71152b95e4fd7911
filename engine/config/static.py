"""Static files as uWSGI options name them (uWSGI docs, StaticFiles page)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from engine.config.values import Kind
from engine.errors import ConfigError

__all__ = [
    "EXPIRES_BY",
    "MAPPING",
    "PATTERN",
    "SERVE_MODE",
    "TIMED_PATTERN",
    "TIMED_TYPE",
    "Expiry",
    "StaticFiles",
    "StaticMap",
    "static_files",
]

Subject: TypeAlias = Literal["file", "uri", "path-info", "type"]

EXPIRES_BY: Final[dict[str, Subject]] = {
    "static-expires": "file",
    "static-expires-uri": "uri",
    "static-expires-path-info": "path-info",
    "static-expires-type": "type",
}
"""Option to what its pattern is about; each has a twin ending in ``-mtime``."""


_SERVE_MODES: Final = {
    "x-accel-redirect": "X-Accel-Redirect",
    "xaccelredirect": "X-Accel-Redirect",
    "nginx": "X-Accel-Redirect",
    "x-sendfile": "X-Sendfile",
    "xsendfile": "X-Sendfile",
}


@dataclass(frozen=True, slots=True)
class StaticMap:
    """Requests below a path, and where their files are.

    :param prefix: of PATH_INFO
    :param path: a directory, or one file for all of them
    :param whole: append all of PATH_INFO, not only what follows the prefix (``static-map2``)
    """

    prefix: str
    path: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a file is to be asked for again.

    :param by: what ``pattern`` is searched in; a media type for ``type``
    :param seconds: from now on, or from the file's modification
    """

    by: Subject
    pattern: str
    seconds: int
    from_mtime: bool = False


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """Everything about files that are sent without asking the application.

    :param maps: tried in this order; ``check-static`` is a map of ``/``
    :param docroot: look below the DOCUMENT_ROOT that a front end sends
    :param safe: directories outside the maps that links in them may lead to
    :param gzip: patterns of files whose compressed twin ``FILE.gz`` is sent to clients that take it
    :param gzip_below: directories of such files
    :param handed_over: the field that tells the server in front which file to send; empty: we do

    Relative directories start from where the worker runs, ``--chdir``, as in uWSGI.
    """

    maps: tuple[StaticMap, ...] = ()
    docroot: bool = False
    index: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    safe: tuple[str, ...] = ()
    mime_files: tuple[str, ...] = ()
    expiries: tuple[Expiry, ...] = ()
    gzip: tuple[str, ...] = ()
    gzip_below: tuple[str, ...] = ()
    handed_over: str = ""

    def __bool__(self) -> bool:
        return bool(self.maps) or self.docroot


def _mapping(text: str) -> StaticMap:
    prefix, equals, path = text.partition("=")
    if not (equals and prefix.startswith("/") and path):
        raise ValueError("MOUNTPOINT=PATH is needed, as in /static=/srv/app/static")
    return StaticMap(prefix, path)


def _serve_mode(text: str) -> str:
    try:
        return _SERVE_MODES[text.lower()]
    except KeyError:
        raise ValueError(f"one of {', '.join(_SERVE_MODES)} is needed") from None


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"a regular expression is needed: {error}") from None
    return text


def _timed(text: str, separator: str, example: str) -> tuple[str, int]:
    subject, _, seconds = text.rpartition(separator)
    if not subject or not seconds.isdecimal():
        raise ValueError(f"a pattern and seconds are needed, as in {example}")
    return subject, int(seconds)


def _timed_pattern(text: str) -> tuple[str, int]:
    subject, seconds = _timed(text, " ", r"'\.css$ 3600'")
    return _pattern(subject), seconds


def _timed_type(text: str) -> tuple[str, int]:
    return _timed(text, "=", "text/css=3600")


MAPPING: Final = Kind("MOUNTPOINT=PATH", _mapping)
SERVE_MODE: Final = Kind("MODE", _serve_mode)
PATTERN: Final = Kind("REGEX", _pattern)
TIMED_PATTERN: Final = Kind("RULE", _timed_pattern)
TIMED_TYPE: Final = Kind("RULE", _timed_type)


def static_files(steps: Iterable[tuple[str, object]]) -> StaticFiles:
    """Return what the options ask for; *steps* are names and values in the order written."""
    found: dict[str, list[str]] = {}
    maps: dict[str, list[StaticMap]] = {"check-static": [], "static-map": [], "static-map2": []}
    expiries: list[Expiry] = []
    gzip: list[str] = []
    docroot = False
    for name, value in steps:
        by = EXPIRES_BY.get(name.removesuffix("-mtime"))
        if by is not None:
            pattern, seconds = cast("tuple[str, int]", value)
            expiries.append(Expiry(by, pattern, seconds, name.endswith("-mtime")))
        elif isinstance(value, StaticMap):
            maps[name].append(StaticMap(value.prefix, value.path, name == "static-map2"))
        elif name == "check-static":
            maps[name].append(StaticMap("/", str(value)))
        elif name == "check-static-docroot":
            docroot = bool(value)
        elif name.startswith("static-gzip") and name != "static-gzip-dir":
            gzip.extend(_gzip_pattern(name, value))
        else:
            found.setdefault(name, []).append(str(value))
    return StaticFiles(
        (*maps["check-static"], *maps["static-map"], *maps["static-map2"]),
        docroot,
        tuple(found.get("static-index", ())),
        tuple(found.get("static-skip-ext", ())),
        tuple(found.get("static-safe", ())),
        tuple(map(_table, found.get("mimefile", ()))),
        tuple(expiries),
        tuple(gzip),
        tuple(found.get("static-gzip-dir", ())),
        found.get("file-serve-mode", [""])[-1],
    )


def _table(path: str) -> str:
    if not os.access(path, os.R_OK) or os.path.isdir(path):
        raise ConfigError(f"--mimefile {path}: cannot be read; write the path of a table as /etc/mime.types")
    return os.path.abspath(path)


def _gzip_pattern(name: str, value: object) -> list[str]:
    if name == "static-gzip-all":
        return [""] if value else []
    if name == "static-gzip-ext":
        return [re.escape(str(value)) + "$"]
    return [str(value)]
