"""Docstrings of what the packages promise: errors, units, threads and forks are spoken of.

Whether what they say is true is for the other tests; here nothing may be left out.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import pytest

import bridge
import bridge.dump
import bridge.loop
import bridge.lowlevel
import bridge.monkey
import bridge.sync
import engine.pywsgi

# bridge.loop has the interface of gevent's ILoop, whose rules on threads are gevent's.
MODULES = [bridge, bridge.sync, bridge.lowlevel, bridge.dump, bridge.monkey, bridge.loop, engine.pywsgi]
WITH_RULES = [module for module in MODULES if module is not bridge.loop]
DURATIONS = {"timeout", "seconds", "delay", "after", "repeat", "interval", "threshold"}
# Says that a subclass, or another loop, has to do it.
LEFT_OUT = {"NotImplementedError"}


def module_id(module: ModuleType) -> str:
    return module.__name__


def promised(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Our own functions and classes that *module* names as public."""
    for name in module.__all__:
        found = getattr(module, name)
        own = getattr(found, "__module__", "").partition(".")[0] in ("bridge", "engine")
        if own and (inspect.isfunction(found) or inspect.isclass(found)):
            yield name, found


def functions(module: ModuleType) -> Iterator[tuple[str, FunctionType, str]]:
    """Name, function and all that is said about it; for a method also what its class says."""
    for name, found in promised(module):
        if inspect.isfunction(found):
            yield name, found, inspect.getdoc(found) or ""
            continue
        about = inspect.getdoc(found) or ""
        for key, value in vars(found).items():
            function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            if inspect.isfunction(function) and (key == "__init__" or not key.startswith("_")):
                yield f"{name}.{key}", function, f"{about}\n{inspect.getdoc(function) or ''}"


def raised(function: FunctionType) -> set[str]:
    """Names of the errors that a function makes and raises itself."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return set()
    made = {
        node.exc.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
    }
    return {name for name in made if not name.startswith("_")} - LEFT_OUT


@pytest.mark.parametrize("module", MODULES, ids=module_id)
def test_everything_promised_has_a_docstring(module) -> None:
    missing = [name for name, found in promised(module) if not found.__doc__]
    missing += [
        name
        for name, function, _ in functions(module)
        if not name.endswith(".__init__") and not inspect.getdoc(function)  # perhaps that of a base class
    ]
    assert missing == []


@pytest.mark.parametrize("module", MODULES, ids=module_id)
def test_errors_are_named_where_they_are_raised(module) -> None:
    unnamed = [
        f"{name} raises {error}"
        for name, function, text in functions(module)
        for error in sorted(raised(function))
        if error not in text
    ]
    assert unnamed == []


@pytest.mark.parametrize("module", MODULES, ids=module_id)
def test_durations_have_their_unit(module) -> None:
    without = [
        f"{name}({parameter})"
        for name, function, text in functions(module)
        for parameter in inspect.signature(function).parameters
        if parameter in DURATIONS and "second" not in text
    ]
    assert without == []


@pytest.mark.parametrize("module", WITH_RULES, ids=module_id)
def test_threads_and_forks_are_spoken_of(module) -> None:
    assert "thread" in module.__doc__.lower()
    assert "fork" in module.__doc__.lower()


@pytest.mark.parametrize("module", [bridge, bridge.lowlevel, bridge.dump, bridge.monkey], ids=module_id)
def test_functions_and_what_holds_state_say_what_threads_may_do(module) -> None:
    silent = [
        name
        for name, found in promised(module)
        if not (inspect.isclass(found) and issubclass(found, BaseException))
        and "thread" not in (inspect.getdoc(found) or "").lower()
    ]
    assert silent == []
