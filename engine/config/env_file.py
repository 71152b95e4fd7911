"""Files of environment variables (``--env-file``), a line each: ``NAME=VALUE``.

As Docker, systemd and python-dotenv read them in common: blank lines and those that begin with ``#`` are
skipped, ``export`` may stand in front, a value may be quoted.  Nothing is expanded.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from engine.errors import ConfigError

__all__ = ["read_env_file"]

_LINE: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


def read_env_file(path: str) -> list[tuple[str, str]]:
    """Return names and values in the order written.

    :raises ConfigError: if the file cannot be read, or a line cannot be meant
    """
    try:
        text = Path(path).read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"--env-file {path}: {getattr(exc, 'strerror', None) or exc}") from exc
    found = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        matched = _LINE.fullmatch(line)
        if matched is None:
            raise ConfigError(f"--env-file {path}, line {number}: NAME=VALUE is needed")
        value = _unquoted(matched[2])
        if value is None:
            raise ConfigError(f"--env-file {path}, line {number}: the quote of {matched[1]} does not end")
        found.append((matched[1], value))
    return found


def _unquoted(text: str) -> str | None:
    """Return the value without quotes and without a comment behind; None if a quote does not end."""
    if text[:1] not in ("'", '"'):
        return re.split(r"\s#", text, maxsplit=1)[0].rstrip()
    quote = text[0]
    body = r"((?:[^\"\\]|\\.)*)" if quote == '"' else r"([^']*)"
    matched = re.fullmatch(rf"{quote}{body}{quote}\s*(?:#.*)?", text)
    if matched is None:
        return None
    if quote == "'":
        return matched[1]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), matched[1])
