"""``selectors`` that really polls.

gevent deletes ``EpollSelector`` and ``KqueueSelector`` and makes
``DefaultSelector`` wait through the hub.  Where ``selectors`` is imported only
after the patching those classes were never defined, so the originals cannot
be had back: the module is executed again with the original ``select``.
"""

from __future__ import annotations

import selectors
from abc import ABCMeta
from types import ModuleType

from bridge._pristine.originals import run_again

__all__ = ["pristine_selectors"]


def pristine_selectors(select: ModuleType) -> ModuleType:
    """Return a second ``selectors`` on top of the original *select* module."""
    twin = run_again(selectors, {"select": select})
    # Who asks isinstance(loop._selector, selectors.BaseSelector) shall hear yes.
    ABCMeta.register(selectors.BaseSelector, twin.BaseSelector)
    return twin
