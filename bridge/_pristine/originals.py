"""What gevent replaced, and copies of modules without the replacements."""

from __future__ import annotations

import builtins
import importlib.util
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any, Final

import gevent.monkey

__all__ = ["copy_of", "is_patched", "originals_of", "run_again", "with_globals"]

_NOTHING: Final[Mapping[str, Any]] = {}


def originals_of(name: str) -> Mapping[str, Any]:
    """Return what the module *name* had before gevent patched it: replaced and removed items only."""
    # Not documented, but its keys are also known to get_original(), one by one.
    monkey: Any = gevent.monkey
    found: Mapping[str, Any] = monkey.saved.get(name, _NOTHING)
    return found


def is_patched(*names: str) -> bool:
    """Tell whether gevent replaced anything in one of these modules."""
    return any(originals_of(name) for name in names)


def copy_of(module: ModuleType) -> ModuleType:
    """Return a module with the same content, where patched items are the original ones.

    Functions written in Python still look up their globals in the module that
    was copied; :func:`with_globals` changes that one by one.
    """
    twin = ModuleType(module.__name__, module.__doc__)
    twin.__dict__.update(vars(module))
    twin.__dict__.update(originals_of(module.__name__))
    return twin


def with_globals(function: FunctionType, namespace: dict[str, Any]) -> FunctionType:
    """Return *function* looking up its globals in *namespace*."""
    twin = FunctionType(
        function.__code__, namespace, function.__name__, function.__defaults__, function.__closure__
    )
    twin.__kwdefaults__ = function.__kwdefaults__
    twin.__doc__ = function.__doc__
    twin.__qualname__ = function.__qualname__
    twin.__module__ = function.__module__
    return twin


def run_again(module: ModuleType, imports: Mapping[str, ModuleType]) -> ModuleType:
    """Execute the source of *module* once more, as a module of its own.

    For modules whose classes were deleted, or were built from functions that
    are replaced.  Its import statements get *imports* where a name is listed:
    the new module has its own ``__import__``.  Putting the stand-ins into
    ``sys.modules`` meanwhile was rejected: other threads could import them.
    """
    spec = module.__spec__ or importlib.util.find_spec(module.__name__)
    loader: Any = None if spec is None else spec.loader
    code = None if loader is None else loader.get_code(module.__name__)
    if code is None:
        raise ImportError(
            f"asyncio needs a second copy of {module.__name__!r}, and its code cannot be found; "
            "call gevent.monkey.patch_all without that module, or run from an ordinary Python installation.",
            name=module.__name__,
        )
    real_import = builtins.__import__

    def private_import(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> ModuleType:
        standin = imports.get(name) if level == 0 else None
        return real_import(name, globals, locals, fromlist, level) if standin is None else standin

    twin = ModuleType(module.__name__, module.__doc__)
    twin.__spec__ = spec
    twin.__file__ = getattr(module, "__file__", None)
    twin.__dict__["__builtins__"] = {**vars(builtins), "__import__": private_import}
    exec(code, twin.__dict__)
    return twin
