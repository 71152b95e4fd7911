"""What the packages promise is there, documented, and nothing else is promised."""

from __future__ import annotations

import inspect

import pytest

import bridge
import bridge.loop
import bridge.lowlevel


@pytest.mark.parametrize("module", [bridge, bridge.lowlevel, bridge.loop], ids=lambda m: m.__name__)
def test_every_promised_name_exists_and_is_listed_in_order(module) -> None:
    names = module.__all__
    assert [name for name in names if not hasattr(module, name)] == []
    assert len(set(names)) == len(names)


def test_every_public_function_and_class_of_bridge_has_a_docstring() -> None:
    missing = [
        name
        for name in bridge.__all__
        if (inspect.isfunction(obj := getattr(bridge, name)) or inspect.isclass(obj))
        and not inspect.getdoc(obj)
    ]
    assert missing == []


def test_the_version_is_in_one_place() -> None:
    from bridge._version import __version__

    assert bridge.__version__ == __version__
