"""The loop matrix, handed to pytest-asyncio through the hook that it has for it."""

from __future__ import annotations

import pytest

from bridge._pytest.settings import LoopFactory

__all__ = ["LoopMatrix", "register"]


class LoopMatrix:
    """Answers pytest-asyncio's question for loop factories.

    Registered only when a matrix is asked for: as soon as anybody implements
    the hook, pytest-asyncio insists on an answer.
    """

    def __init__(self, factories: dict[str, LoopFactory]) -> None:
        self._factories = factories

    @pytest.hookimpl(trylast=True, optionalhook=True)
    def pytest_asyncio_loop_factories(
        self, config: pytest.Config, item: pytest.Item
    ) -> dict[str, LoopFactory]:
        """The matrix, unless a conftest.py nearer to the test has one of its own."""
        return self._factories


def register(config: pytest.Config, factories: dict[str, LoopFactory]) -> None:
    """Switch the matrix on.

    :raises pytest.UsageError: if pytest-asyncio is too old to ask
    """
    if not config.pluginmanager.hasplugin("asyncio"):
        return  # only tests marked 'gevent' use the matrix
    if not hasattr(config.hook, "pytest_asyncio_loop_factories"):
        raise pytest.UsageError(
            "bridge_loop needs a newer pytest-asyncio; run 'pip install --upgrade pytest-asyncio'."
        )
    config.pluginmanager.register(LoopMatrix(factories), "bridge-loop-matrix")
