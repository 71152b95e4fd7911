"""YAML, JSON, TOML and XML files as the entries that an ini file gives; which one, a name's ending tells.

    uwsgi:                       {"uwsgi": {               [uwsgi]
      gevent: 100                  "gevent": 100,          gevent = 100
      master: true                 "master": true,         master = true
      env: [A=1, B=2]              "env": ["A=1", "B=2"]   env = ["A=1", "B=2"]
                                 }}

A list repeats its key, as does writing a key twice.  Values are taken as text, so ``yes`` stays
``yes`` and ``0660`` keeps its zero in YAML (uWSGI's own YAML parser stops at the first list).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from engine.config.entries import Entry, Origin
from engine.config.ini import parse_ini
from engine.config.xml import read_xml
from engine.errors import ConfigError, UsageError

__all__ = ["ENDINGS", "parse"]

Magic = Callable[[str], str]
# (key, text of its value, line)
_Pair = tuple[str, str, int]

ENDINGS: Final = {
    "ini": "ini",
    "yaml": "yaml",
    "yml": "yaml",
    "json": "json",
    "js": "json",
    "toml": "toml",
    "xml": "xml",
}


def parse(text: str, file: str, section: str, magic: Magic, asked: str) -> Iterator[Entry]:
    """Yield the entries of one section, in order.

    :param asked: the option that named the file; its format counts if the name has no known ending
    :raises UsageError: if there is no such section
    :raises ConfigError: if the file cannot be understood
    """
    form = ENDINGS.get(file.rpartition(".")[2].lower()) or ENDINGS.get(asked.removesuffix("config"), "ini")
    if form == "ini":
        yield from parse_ini(text, file, section, magic)
        return
    reader = {"yaml": _yaml, "json": _json, "toml": _toml, "xml": read_xml}[form]
    for key, value, line in reader(text, file, section):
        yield Entry(magic(key), magic(value), Origin(file, max(1, line), section))


# -- YAML


def _yaml(text: str, file: str, section: str) -> Iterator[_Pair]:
    try:
        import yaml
    except ImportError:
        raise ConfigError(
            f"{file}: reading YAML needs PyYAML: pip install 'gevent-bridge[yaml]', "
            "or write it as ini or TOML"
        ) from None
    try:
        # Nodes, not values: they know their lines, and scalars are still as written.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}{_yaml_problem(error)}") from error
    if not isinstance(root, yaml.MappingNode):
        raise UsageError(f"{file} has no section {section!r}; write '{section}:' first, the options below")
    names = [key.value for key, _ in root.value]
    chosen = [node for key, node in root.value if key.value == section]
    if not chosen:
        raise _no_section(file, section, names)
    for node in chosen:
        if not isinstance(node, yaml.MappingNode):
            if isinstance(node, yaml.ScalarNode) and not node.value:
                continue
            raise ConfigError(
                f"{file}, line {node.start_mark.line + 1}: {section} must hold 'option: value' lines"
            )
        for key, item in node.value:
            line = key.start_mark.line + 1
            items = item.value if isinstance(item, yaml.SequenceNode) else [item]
            for each in items:
                if not isinstance(each, yaml.ScalarNode):
                    raise _too_deep(file, line, key.value)
                null = each.tag == "tag:yaml.org,2002:null"
                yield key.value, "" if null else each.value, each.start_mark.line + 1


def _yaml_problem(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f": {' '.join(str(error).split())}"
    return f", line {mark.line + 1}: {error.problem or error.context}"


# -- JSON


def _json(text: str, file: str, section: str) -> Iterator[_Pair]:
    try:
        root = json.loads(text, object_pairs_hook=_Pairs)
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error
    if not isinstance(root, _Pairs):
        raise UsageError(f'{file} has no section {section!r}; write {{"{section}": {{"option": "value"}}}}')
    yield from _values(root, file, section, _Lines(text, lambda key: re.escape(json.dumps(key)) + r"\s*:"))


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object; keys may be repeated."""


# -- TOML


def _toml(text: str, file: str, section: str) -> Iterator[_Pair]:
    import tomllib

    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {error}") from error
    tables = _Pairs(
        (name, _Pairs(value.items()) if isinstance(value, dict) else value) for name, value in root.items()
    )
    yield from _values(
        tables, file, section, _Lines(text, lambda key: r"(?m)^\s*[\"']?" + re.escape(key) + r"[\"']?\s*=")
    )


# -- both


class _Lines:
    """Finds the line of each key; keys are asked for in the order of the text."""

    def __init__(self, text: str, pattern: Callable[[str], str]) -> None:
        self._text = text
        self._pattern = pattern
        self._at = 0

    def of(self, key: str) -> int:
        found = re.compile(self._pattern(key)).search(self._text, self._at)
        if found is None:
            return 1
        self._at = found.end()
        return self._text.count("\n", 0, found.end()) + 1


def _values(root: _Pairs, file: str, section: str, lines: _Lines) -> Iterator[_Pair]:
    chosen = [value for name, value in root if name == section]
    if not chosen:
        raise _no_section(file, section, [name for name, _ in root])
    for table in chosen:
        if not isinstance(table, _Pairs):
            raise ConfigError(f"{file}: {section} must hold options and their values")
        for key, value in table:
            line = lines.of(key)
            for item in value if isinstance(value, list) and not isinstance(value, _Pairs) else [value]:
                if isinstance(item, list | dict):
                    raise _too_deep(file, line, key)
                yield key, _text(item), line


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _no_section(file: str, section: str, names: list[str]) -> UsageError:
    listed = ", ".join(map(repr, dict.fromkeys(names))) or "nothing"
    return UsageError(f"{file} has no section {section!r}; it has {listed}")


def _too_deep(file: str, line: int, key: str) -> ConfigError:
    return ConfigError(f"{file}, line {line}: {key} must have one value or a list of values, nothing deeper")
