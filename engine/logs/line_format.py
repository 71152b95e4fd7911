"""``--log-format`` and ``--log-json``: a format becomes one function that makes lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from engine.errors import ConfigError
from engine.logs.variables import NUMBERS, Surroundings, Variables

__all__ = ["DEFAULT_JSON_FIELDS", "MakeLine", "compile_format", "compile_json", "own_names"]

MakeLine: TypeAlias = Callable[[Any, float], str]
"""Exchange and seconds it took -> line without line end."""

_VARIABLE: Final = re.compile(r"%\(([^)]*)\)")

DEFAULT_JSON_FIELDS: Final = (
    "isotime",
    "pid",
    "wid",
    "core",
    "addr",
    "user",
    "method",
    "uri",
    "proto",
    "status",
    "hsize",
    "rsize",
    "micros",
    "host",
    "referer",
    "uagent",
)


def compile_format(pattern: str, around: Surroundings) -> MakeLine:
    """Return what makes lines of *pattern*: text with ``%(variable)`` in it.

    :raises ConfigError: if it has a variable that does not exist
    """
    variables = Variables(around)
    parts = [
        f"{{{variables.expression(text)}}}" if is_variable else _literal(text)
        for text, is_variable in _split(pattern)
    ]
    return _function(f'f"""{"".join(parts)}"""', variables)


def compile_json(fields: Sequence[str], around: Surroundings) -> MakeLine:
    """Return what makes JSON objects with these variables as keys; numbers stay numbers.

    What ``uwsgi.set_logvar`` has set comes last, under its own names.

    :raises ConfigError: if a variable does not exist
    """
    variables = Variables(around)
    parts = []
    for name in fields:
        expression = variables.expression(name)
        # Texts are escaped already, in JSON's way; "-" stands for none in text lines only.
        value = f"{{{expression}}}" if name in NUMBERS else f"{{quoted({expression})}}"
        parts.append(f"{_literal(json.dumps(name))}: {value}")
    variables.names["quoted"] = _quoted
    variables.names["own"] = _own_fields
    return _function(f'f"""{{{{{", ".join(parts)}{{own(x)}}}}}}"""', variables)


def own_names(pattern: str) -> list[str]:
    """Return the variables of *pattern* that only the application can set (``uwsgi.set_logvar``)."""
    variables = Variables(Surroundings())
    return [
        text
        for text, is_variable in _split(pattern)
        if is_variable and "." not in text and variables.expression(text).startswith("call")
    ]


def _split(pattern: str) -> Iterator[tuple[str, bool]]:
    """Yield literal texts and names of variables, in order."""
    end = 0
    for found in _VARIABLE.finditer(pattern):
        yield pattern[end : found.start()], False
        yield found[1], True
        end = found.end()
    if "%(" in pattern[end:]:
        rest = pattern[pattern.index("%(", end) :]
        raise ConfigError(f"--log-format: the bracket of {rest!r} is not closed")
    yield pattern[end:], False


def _literal(text: str) -> str:
    """Return *text* as it must stand in a triple-quoted f-string."""
    escaped = text.encode("unicode_escape").decode().replace('"', '\\"')
    return escaped.replace("{", "{{").replace("}", "}}")


def _function(expression: str, variables: Variables) -> MakeLine:
    # Compiled code beats a walk through a list of parts several times over. Nothing of the format
    # is executed: literals are escaped, variables come from our own table.
    made: MakeLine = eval(f"lambda x, t: {expression}", variables.names)
    return made


def _quoted(text: str) -> str:
    return "null" if text == "-" else f'"{text}"'


def _own_fields(exchange: Any) -> str:
    notes = exchange.notes
    if notes is None or not notes.logvars:
        return ""
    return "".join(
        f", {json.dumps(key.decode('utf-8', 'replace'))}: {json.dumps(value.decode('utf-8', 'replace'))}"
        for key, value in notes.logvars.items()
    )
