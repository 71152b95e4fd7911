"""``python -m tests.fuzz http1|uwsgi [libFuzzer options] [directories]``; see README.md."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.pop("BRIDGE_PURE", None)  # its import hook would go before that of atheris

try:
    import atheris
except ImportError:
    raise SystemExit("atheris is missing: pip install 'gevent-bridge[fuzz]'") from None

with atheris.instrument_imports(include=["engine.protocols"]):
    from tests.fuzz import invariants

from engine.protocols.http1 import parser
from tests.fuzz.seeds import seeds_of, write_seeds

TARGETS = {"http1": invariants.check_http1, "uwsgi": invariants.check_uwsgi}


def main(argv: list[str]) -> None:
    """Fuzz one parser until libFuzzer's own limits end it, or an invariant does not hold."""
    if len(argv) < 2 or argv[1] not in TARGETS:
        raise SystemExit(__doc__)
    if not str(parser.__file__).endswith(".py"):
        raise SystemExit("the parsers are compiled here, which hides them from atheris: use a fresh checkout")
    name = argv[1]
    with tempfile.TemporaryDirectory(prefix="fuzz-seeds-") as made:
        write_seeds(name, Path(made))
        seeds = [made, str(seeds_of(name))]
        if any(Path(word).is_file() for word in argv[2:]):
            seeds = []  # inputs to run once
        atheris.Setup([argv[0], *argv[2:], *seeds], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
