"""``subprocess`` that starts processes without the hub.

The original ``Popen`` that gevent keeps does not work any more, as gevent
sets ``subprocess._fork_exec`` to None.  Executing the module again needs the
original ``os`` too: gevent's ``os.close`` closes a pipe's end later, and
``Popen`` reads the other end until it is closed, for ever.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from types import ModuleType

from bridge._pristine.originals import run_again

__all__ = ["pristine_subprocess"]

# ``except subprocess.TimeoutExpired`` in a program must catch what asyncio's side raises.
_SHARED = ("CalledProcessError", "SubprocessError", "TimeoutExpired")


def pristine_subprocess(imports: Mapping[str, ModuleType]) -> ModuleType:
    """Return a second ``subprocess``.

    :param imports: original ``os``, ``select``, ``selectors``, ``signal``, ``threading``, ``time``
    """
    twin = run_again(subprocess, imports)
    for name in _SHARED:
        setattr(twin, name, getattr(subprocess, name))
    return twin
