"""Marks what applications see in ``uwsgi``; the module and its documentation are made from the marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

__all__ = ["Call", "Group", "calls_of", "public"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Call:
    """One function of the module.

    :param priority: P0 needed by most users, P2 by few
    :param differs: what is better than, or unlike, uWSGI; empty if nothing is
    """

    name: str
    priority: str
    differs: str = ""


class Group(Protocol):
    """An object whose marked methods become functions of the module; its docstring is a heading."""

    __doc__: str | None


def public(priority: str, *aliases: str, differs: str = "", name: str = "") -> Callable[[F], F]:
    """Make a method a function of the ``uwsgi`` module, under its own name or *name*, and *aliases*."""

    def mark(method: F) -> F:
        # Python names the function in its complaints about arguments.
        method.__qualname__ = f"uwsgi.{name or method.__name__}"
        names = (name or method.__name__, *aliases)
        method.uwsgi_calls = tuple(Call(each, priority, differs) for each in names)  # type: ignore[attr-defined]
        return method

    return mark


def calls_of(group: Group | type[Any]) -> list[tuple[Call, Any]]:
    """Return the marked methods of a group, or of its class, in the order they are written."""
    owner = group if isinstance(group, type) else type(group)
    return [
        (call, getattr(group, attribute))
        for attribute, member in vars(owner).items()
        for call in getattr(member, "uwsgi_calls", ())
    ]
