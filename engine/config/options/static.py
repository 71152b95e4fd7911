"""Files that are sent without asking the application."""

from __future__ import annotations

from typing import Final

from engine.config.options.inactive import noop
from engine.config.options.record import Option
from engine.config.static import MAPPING, PATTERN, SERVE_MODE, TIMED_PATTERN, TIMED_TYPE
from engine.config.values import DIRECTORY, FILE, FLAG, NUMBER, TEXT, Kind

__all__ = ["STATIC_OPTIONS"]

_PAGE: Final = "StaticFiles.html"


def _option(name: str, kind: Kind, text: str, *aliases: str, multiple: bool = True) -> Option:
    return Option(name, kind, text, aliases=aliases, multiple=multiple, page=_PAGE, priority="P1")


def _expires(name: str, subject: str, kind: Kind = TIMED_PATTERN) -> tuple[Option, Option]:
    written = "TYPE=SECONDS" if kind is TIMED_TYPE else "'REGEX SECONDS'"
    about = f"Send Expires for files {subject}; RULE is {written},"
    return (
        _option(name, kind, f"{about} from now on."),
        _option(f"{name}-mtime", kind, f"{about} after the file's modification."),
    )


STATIC_OPTIONS: Final = (
    _option(
        "static-map",
        MAPPING,
        "Send files of a directory to requests below a path; the path itself is cut off. "
        "PATH may be one file. What is not there goes to the application. "
        "Several for one path are tried in order.",
    ),
    _option("static-map2", MAPPING, "As --static-map, but the whole request path is looked for below PATH."),
    _option(
        "check-static",
        DIRECTORY,
        "Look for every request path below a directory before asking the application.",
        "static-check",
    ),
    _option(
        "check-static-docroot",
        FLAG,
        "The same in the DOCUMENT_ROOT that the front end sends (uwsgi protocol only).",
        multiple=False,
    ),
    _option("static-index", TEXT, "File to send for a directory, as index.html; the first that is there."),
    _option("static-skip-ext", TEXT, "Ending of paths that always go to the application, as .py or .php."),
    _option("static-safe", DIRECTORY, "Directory outside of the mapped ones that links in them may lead to."),
    _option(
        "mimefile",
        FILE,
        "Table of media types in the form of /etc/mime.types, which is read if none is given.",
        "mime-file",
    ),
    *_expires("static-expires", "whose name on disk matches"),
    *_expires("static-expires-uri", "whose REQUEST_URI matches"),
    *_expires("static-expires-path-info", "whose PATH_INFO matches"),
    *_expires("static-expires-type", "of a media type", TIMED_TYPE),
    _option("static-gzip", PATTERN, "Files whose FILE.gz is sent instead to clients that take gzip."),
    _option("static-gzip-all", FLAG, "Look for FILE.gz for every file.", multiple=False),
    _option("static-gzip-dir", DIRECTORY, "Look for FILE.gz below this directory.", "static-gzip-prefix"),
    _option("static-gzip-ext", TEXT, "Look for FILE.gz for files with this ending.", "static-gzip-suffix"),
    _option(
        "file-serve-mode",
        SERVE_MODE,
        "Have the server in front send the files: x-accel-redirect or nginx, or x-sendfile (Apache, "
        "Lighttpd), is the field that names the file to it.",
        "fileserve-mode",
        multiple=False,
    ),
    noop("honour-range", "Range is always honoured for files"),
    noop("static-cache-paths", "the kernel remembers where files are", kind=NUMBER),
    noop("static-cache-paths-name", "the kernel remembers where files are", kind=TEXT),
)
