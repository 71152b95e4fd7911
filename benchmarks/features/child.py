"""One check of one library, in this process: ``python -m benchmarks.features.child LIBRARY ROW CHECK``.

The last line printed is the outcome as JSON, and nothing is run after it: what was tried may have left
threads and loops that never end.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

from benchmarks.features.libraries import LIBRARIES
from benchmarks.features.outcome import FAILED, MISSING, NOT_APPLICABLE, PASSED, Missing, NotApplicable

__all__: list[str] = []


def _try(library: str, row: str, check: str) -> tuple[str, str]:
    probe = importlib.import_module(f"benchmarks.features.probes.{row}")
    try:
        getattr(probe, check)(LIBRARIES[library])
    except Missing as exc:
        return MISSING, str(exc)
    except NotApplicable as exc:
        return NOT_APPLICABLE, str(exc)
    except BaseException as exc:
        text = " ".join(str(exc).split())
        return FAILED, f"{type(exc).__name__}: {text}"[:200]
    return PASSED, ""


if __name__ == "__main__":
    pid = os.getpid()
    outcome, note = _try(*sys.argv[1:])
    if os.getpid() == pid:  # not in a child that lost its way
        print("\n" + json.dumps({"outcome": outcome, "note": note}), flush=True)
    os._exit(os.getpid() != pid)
