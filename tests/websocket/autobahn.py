"""Runs the Autobahn testsuite's client against the engine: ``python -m tests.websocket.autobahn``.

The testsuite (https://github.com/crossbario/autobahn-testsuite) needs Python 2.7::

    virtualenv -p python2.7 /tmp/autobahn && /tmp/autobahn/bin/pip install autobahntestsuite
    python -m tests.websocket.autobahn --wstest /tmp/autobahn/bin/wstest

The exit status is 1 if a case fails; the HTML report is kept where ``--report`` says.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.engine_process import EngineProcess

APPS = Path(__file__).parents[1] / "e2e" / "apps"
# 9.*: messages of up to 16 MiB; 12.*, 13.*: compression, some minutes long.
SLOW = ["9.*", "12.*", "13.*"]


def main() -> int:
    """Run the cases and say how they ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--wstest", default="wstest", help="the testsuite's program")
    parser.add_argument("--cases", nargs="+", default=["*"], help="as 1.* 6.4.2")
    parser.add_argument("--asgi", action="store_true", help="serve an ASGI application instead of a WSGI one")
    parser.add_argument("--quick", action="store_true", help="leave out the cases that take long")
    parser.add_argument("--report", type=Path, help="directory for the HTML report")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        report = chosen.report or Path(directory)
        report.mkdir(parents=True, exist_ok=True)
        left_out = SLOW if chosen.quick else []
        app = ("--asgi", "ws_asgi") if chosen.asgi else ("--module", "ws_environ")
        results = run(chosen.wstest, app, chosen.cases, left_out, report)
    return tell(results)


def run(
    wstest: str, app: Sequence[str], cases: list[str], left_out: list[str], report: Path
) -> dict[str, Any]:
    """Return what the testsuite says of each case."""
    options = ["--websockets-max-size", str(32 * 1024), "--websockets-ping-freq", "0"]
    with EngineProcess("--gevent", "100", "--chdir", str(APPS), *app, *options) as engine:
        engine.wait_ready()
        host, port = engine.http
        wanted = {
            "outdir": str(report),
            "servers": [{"agent": "gevent-engine", "url": f"ws://{host}:{port}/echo"}],
            "cases": cases,
            "exclude-cases": left_out,
            "exclude-agent-cases": {},
        }
        spec = report / "fuzzingclient.json"
        spec.write_text(json.dumps(wanted))
        subprocess.run([wstest, "-m", "fuzzingclient", "-s", str(spec)], check=True, cwd=report)
    results: dict[str, Any] = json.loads((report / "index.json").read_text())["gevent-engine"]
    return results


def tell(results: dict[str, Any]) -> int:
    """Print the sums and each case that is not simply OK; return the exit status."""
    print(len(results), "cases:", dict(Counter(each["behavior"] for each in results.values())))
    bad = 0
    for name, each in sorted(results.items()):
        if each["behavior"] not in ("OK", "INFORMATIONAL", "UNIMPLEMENTED"):
            print(f"  {name}: {each['behavior']}, close {each['behaviorClose']}, {each['remoteCloseCode']}")
            bad += each["behavior"] not in ("NON-STRICT",)
        elif each["behaviorClose"] not in ("OK", "INFORMATIONAL"):
            print(f"  {name}: close {each['behaviorClose']}, {each['remoteCloseCode']}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
