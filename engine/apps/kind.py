"""Whether a callable is a WSGI or an ASGI application."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

from engine.config.app_spec import AppKind
from engine.errors import AppLoadError

__all__ = ["find_kind"]

_POSITIONAL: Final = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def find_kind(app: Callable[..., Any], described: str) -> AppKind:
    """Return ``wsgi`` or ``asgi``.

    Asynchronous functions and objects with an asynchronous ``__call__`` are ASGI 3.  So is what takes
    three arguments: a plain function around such an application that returns its coroutine.

    :param described: the application, for the message
    :raises AppLoadError: for ASGI 2, whose applications are called twice
    """
    if inspect.iscoroutinefunction(app):
        return "asgi"
    if not inspect.isclass(app) and inspect.iscoroutinefunction(getattr(app, "__call__", None)):  # noqa: B004
        return "asgi"
    names = _positional(app)
    if inspect.isclass(app) and hasattr(app, "__await__"):
        return "asgi"  # an instance is made of the three arguments, and awaited
    if names == ["scope"]:
        raise AppLoadError(
            f"{described} takes scope alone: an application of ASGI 2, which was called twice. "
            "Make it async def application(scope, receive, send), or wrap it with "
            "asgiref.compatibility.guarantee_single_callable"
        )
    return "asgi" if len(names) == 3 and names[0] == "scope" else "wsgi"


def _positional(app: Callable[..., Any]) -> list[str]:
    """Names of the arguments that have to be given."""
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):  # written in C
        return []
    return [each.name for each in parameters if each.kind in _POSITIONAL and each.default is each.empty]
