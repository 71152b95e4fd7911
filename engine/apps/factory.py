"""A call written behind the name of an application: ``make()``, ``make("shop", debug=True)``.

Arguments are literals, as gunicorn takes them: text, numbers, True, None, lists, dicts.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from engine.errors import AppLoadError

__all__ = ["FactoryCall", "split_call"]


@dataclass(frozen=True, slots=True)
class FactoryCall:
    """What a factory is called with."""

    positional: tuple[Any, ...]
    named: dict[str, Any]


def split_call(text: str) -> tuple[str, FactoryCall | None]:
    """Return the dotted name, and the call behind it if there is one.

    :raises AppLoadError: if the call cannot be read, or an argument is no literal
    """
    name, parenthesis, _ = text.partition("(")
    if not parenthesis:
        return text, None
    try:
        call = ast.parse(text, mode="eval").body
    except SyntaxError as exc:
        raise AppLoadError(f"{text!r} is no call of a factory: {exc.msg}; {_EXAMPLE}") from None
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != name:
        raise AppLoadError(f"{text!r} is no call of a factory; {_EXAMPLE}")
    try:
        positional = tuple(ast.literal_eval(each) for each in call.args)
        named = {each.arg: ast.literal_eval(each.value) for each in call.keywords if each.arg is not None}
    except ValueError:
        raise AppLoadError(
            f"arguments in {text!r} must be literals (text in quotes, numbers, True, lists); {_EXAMPLE}"
        ) from None
    if len(named) < len(call.keywords):
        raise AppLoadError(f"** has no meaning in {text!r}; {_EXAMPLE}")
    return name, FactoryCall(positional, named)


_EXAMPLE = 'write MODULE:make() or MODULE:make("text", debug=True)'
