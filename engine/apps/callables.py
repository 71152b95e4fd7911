"""The callable in a module: by name, made by a factory, or the default name."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Final

from engine.apps.factory import FactoryCall, split_call
from engine.apps.modules import brief
from engine.config.app_spec import AppSpec
from engine.errors import AppLoadError

__all__ = ["find_callable"]

DEFAULT_CALLABLE: Final = "application"
SECOND_CALLABLE: Final = "app"


def find_callable(
    module: ModuleType, spec: AppSpec, notify: Callable[[str], None]
) -> tuple[Callable[..., object], str]:
    """Return the application's callable and the name it was found under.

    :param notify: takes lines for the start-up log
    :raises AppLoadError: if there is none; names what is near
    """
    source, name = spec.source, spec.callable
    if name is None:
        name = _default_name(module, source, notify)
    attribute, call = split_call(name)
    found = _attribute(module, source, attribute)
    if call is not None:
        found = _call(found, call, source, name)
    if not callable(found):
        result = "is" if call is None else "returned"
        raise AppLoadError(
            f"{name!r} of {source!r} {result} {found!r:.80} ({type(found).__name__}), which cannot be called"
        )
    return found, name


def _default_name(module: ModuleType, source: str, notify: Callable[[str], None]) -> str:
    if not hasattr(module, DEFAULT_CALLABLE) and callable(getattr(module, SECOND_CALLABLE, None)):
        notify(
            f"{source!r} has no {DEFAULT_CALLABLE!r}: using {SECOND_CALLABLE!r}; write --callable to be sure"
        )
        return SECOND_CALLABLE
    return DEFAULT_CALLABLE


def _attribute(module: ModuleType, source: str, name: str) -> object:
    found: object = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise AppLoadError(f"{source!r} has no {name!r}{_nearest(module, name)}") from None
    return found


def _nearest(module: ModuleType, name: str) -> str:
    import difflib  # only for this error

    names = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"; did you mean {' or '.join(near)}? Write it as --callable NAME or MODULE:NAME"
    listed = ", ".join(names[:10]) or "nothing"
    return f"; what can be called there: {listed}. Write one as --callable NAME or MODULE:NAME"


def _call(factory: object, call: FactoryCall, source: str, name: str) -> object:
    if not callable(factory):
        raise AppLoadError(f"{name!r} of {source!r} cannot be called; leave the () out")
    try:
        return factory(*call.positional, **call.named)
    except (Exception, SystemExit) as error:
        raise AppLoadError(f"calling {name} of {source!r} failed: {brief(error)}") from error
