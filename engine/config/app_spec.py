"""What an option says about an application: where it is, and how it is called.

``MODULE``, ``MODULE:CALLABLE``, ``MODULE:FACTORY(ARGUMENTS)``, ``FILE.py`` or ``FILE.py:CALLABLE``, each with
``wsgi:``, ``asgi:`` or ``asgi+green:`` in front if it is not to be found out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from engine.errors import ConfigError

__all__ = ["AppKind", "AppSpec", "Mount", "parse_app", "parse_mount", "parse_path"]

AppKind: TypeAlias = Literal["", "wsgi", "asgi", "asgi+green"]
"""Empty: look at the callable."""

_KINDS: Final = tuple(kind for kind in get_args(AppKind) if kind)
_FILE_ENDINGS: Final = (".py", ".wsgi", ".asgi")


@dataclass(frozen=True, slots=True)
class AppSpec:
    """One application; exactly one of ``module`` and ``file`` is set.

    ``callable``: ``name`` or ``name(...)``, dots allowed; None means ``application``, then ``app``.
    """

    module: str | None = None
    file: str | None = None
    callable: str | None = None
    kind: AppKind = ""

    @property
    def source(self) -> str:
        """The module or file, for messages."""
        return self.module or self.file or ""


@dataclass(frozen=True, slots=True)
class Mount:
    """An application and the path it is for: empty, or ``/like/this`` without a slash at its end."""

    path: str
    app: AppSpec


def parse_app(text: str, kind: AppKind = "") -> AppSpec:
    """Take an application's string apart.

    ``wsgi:app`` and ``asgi:app`` are the callable ``app`` of a module with that name, as uWSGI reads
    them; in front of another colon or of a file the word is a prefix.

    :param kind: what it is if there is no prefix
    :raises ConfigError: if nothing is left to load
    """
    prefix, colon, rest = text.partition(":")
    names = rest.partition("(")[0]  # arguments of a factory may hold anything
    if colon and prefix in _KINDS and ("+" in prefix or ":" in names or _is_file(names)):
        kind, text = prefix, rest  # type: ignore[assignment]
    where, _, name = text.partition(":")
    if not where:
        raise ConfigError(f"{text!r} names no application; write MODULE:CALLABLE or FILE.py")
    if _is_file(where):
        return AppSpec(file=where, callable=name or None, kind=kind)
    return AppSpec(module=where, callable=name or None, kind=kind)


def _is_file(text: str) -> bool:
    path = text.partition(":")[0]
    return "/" in path or path.endswith(_FILE_ENDINGS)


def parse_mount(text: str) -> Mount:
    """Take ``/PATH=APP`` apart.

    :raises ConfigError: if one of the two is missing
    """
    path, equals, app = text.partition("=")
    if not equals or not app:
        raise ConfigError(f"--mount {text}: write --mount /PATH=APP, for example /shop=shop.wsgi:application")
    return Mount(parse_path(path), parse_app(app))


def parse_path(text: str) -> str:
    """Return the path of a mount as it begins PATH_INFO; that of the root is empty.

    :raises ConfigError: if it does not begin with a slash
    """
    path = text.rstrip("/")
    if path and not path.startswith("/"):
        raise ConfigError(f"{text!r}: a path begins with a slash; write /{path}")
    return path
