"""Python's logging set up from a file (``--log-config``).

The file is that of the standard library: a dictionary for :func:`logging.config.dictConfig` as JSON,
YAML or TOML, or an ini file for :func:`logging.config.fileConfig`.  uvicorn, granian, hypercorn and
gunicorn take the same.
"""

from __future__ import annotations

import configparser
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import ConfigError

__all__ = ["REQUEST_LOGGER", "SERVER_LOGGER", "PythonLogging", "read_logging"]

_FAMILY: Final = "gevent_engine"
SERVER_LOGGER: Final = f"{_FAMILY}.server"
REQUEST_LOGGER: Final = f"{_FAMILY}.access"


@dataclass(frozen=True, slots=True)
class PythonLogging:
    """A file that has been read.

    :param file: absolute path
    :param server: it names the logger of the server's lines, :data:`SERVER_LOGGER`, or its parent
    :param requests: the same of :data:`REQUEST_LOGGER`
    """

    file: str
    server: bool
    requests: bool

    def takes_lines(self) -> bool:
        """Whether lines of the server or of requests go to a logger."""
        return self.server or self.requests

    def apply(self) -> None:
        """Set logging up in this process.

        :raises ConfigError: if the file cannot be read any more, or names what is not there
        """
        import logging.config  # not before --gevent-early-monkey-patch

        content = _content(self.file)
        try:
            if isinstance(content, configparser.RawConfigParser):
                logging.config.fileConfig(content, disable_existing_loggers=False)
            else:
                logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, **content})
        except Exception as exc:  # whatever handlers and formatters of the application raise
            causes = [str(each) or type(each).__name__ for each in (exc, exc.__cause__) if each is not None]
            raise ConfigError(f"--log-config {self.file}: {': '.join(causes)}") from exc


def read_logging(file: str) -> PythonLogging:
    """Read a file, and see which loggers it names; nothing is set up yet.

    :raises ConfigError: if it cannot be read or understood
    """
    content = _content(file)
    names = _ini_names(content) if isinstance(content, configparser.RawConfigParser) else _names(content)
    return PythonLogging(
        file,
        not names.isdisjoint({_FAMILY, SERVER_LOGGER}),
        not names.isdisjoint({_FAMILY, REQUEST_LOGGER}),
    )


def _content(file: str) -> Mapping[str, Any] | configparser.RawConfigParser:
    ending = file.rpartition(".")[2].lower()
    try:
        text = Path(file).read_text()
        content = _parsed(text, ending)
    except OSError as exc:
        raise ConfigError(f"--log-config {file}: {exc.strerror}") from exc
    except ImportError as exc:
        raise ConfigError(
            f"--log-config {file}: reading YAML needs PyYAML: pip install 'gevent-bridge[yaml]', "
            "or write it as JSON or TOML"
        ) from exc
    except Exception as exc:  # each format has an error of its own
        raise ConfigError(f"--log-config {file}: {' '.join(str(exc).split())}") from exc
    if isinstance(content, Mapping):
        return content
    raise ConfigError(f"--log-config {file}: a mapping of handlers, loggers and so on is needed")


def _parsed(text: str, ending: str) -> Any:
    if ending == "json":
        return json.loads(text)
    if ending in ("yaml", "yml"):
        import yaml

        return yaml.safe_load(text)
    if ending == "toml":
        import tomllib

        return tomllib.loads(text)
    parser = configparser.ConfigParser()  # as logging.config.fileConfig makes one
    parser.read_string(text)
    missing = [name for name in ("loggers", "handlers", "formatters") if not parser.has_section(name)]
    if missing:
        raise ValueError(f"there is no section [{missing[0]}], which logging.config.fileConfig needs")
    return parser


def _names(content: Mapping[str, Any]) -> frozenset[str]:
    loggers = content.get("loggers") or {}
    return frozenset(loggers) if isinstance(loggers, Mapping) else frozenset()


def _ini_names(parser: configparser.RawConfigParser) -> frozenset[str]:
    keys = [key.strip() for key in parser.get("loggers", "keys", fallback="").split(",")]
    return frozenset(parser.get(f"logger_{key}", "qualname", fallback=key, raw=True) for key in keys)
