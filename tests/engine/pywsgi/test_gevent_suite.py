"""gevent's own tests of its server, run against ours: every difference is one we decided on."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.engine_process import REPOSITORY

BOTH = "Content-Length and Transfer-Encoding together (RFC 9112 section 6.1)"
KNOWN = {
    "test__pywsgi": {
        "ChunkedInputTests.test_chunked_readline": BOTH,
        "ChunkedInputTests.test_close_before_finished": "an OSError too, in other words",
        "ChunkedInputTests.test_dirt": "NUL in a chunk extension (RFC 9110 section 5.6.4)",
        "ChunkedInputTests.test_short_read_with_content_length": BOTH,
        "ChunkedInputTests.test_short_read_with_zero_content_length": BOTH,
        "Expect100ContinueTests.test_continue": "no 100 when the body is here (RFC 9110 section 10.1.1)",
        "TestConnectionUpgrades.test_connection_upgrade": "no Upgrade (RFC 9110 section 7.8)",
        "TestConnectionUpgrades.test_upgrade_websocket": "not in Connection (RFC 9110 section 7.8)",
        "TestContentLength304.test_err": "allowed by RFC 9110 section 8.6",
        "TestEmptyYield.test_err": "Content-Length: 0 instead of an empty chunked body",
        "TestMultiLineHeader.test_multiline_116": "line folding (RFC 9112 section 5.2)",
    },
    "test__server_pywsgi": {
        # No start_response: we answer, gevent does not, and the test then compares bytes with str.
        "TestDefaultSpawn.test_server_closes_client_sockets": "PEP 3333",
        "TestPoolSpawn.test_server_closes_client_sockets": "PEP 3333",
        "TestRawSpawn.test_server_closes_client_sockets": "PEP 3333",
    },
}


@pytest.mark.timeout(90)
@pytest.mark.parametrize("suite", sorted(KNOWN))
def test_the_differences_to_gevent_are_the_known_ones(suite: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.engine.pywsgi.gevent_suite"],
        env={
            "GEVENT_SUITE": suite,
            "PYTHONPATH": str(REPOSITORY),
            "PATH": "/usr/bin:/bin",
            "BRIDGE_PURE": "1",  # the suite replaces a method, which a compiled class does not allow
        },
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=80,
        check=False,
    )
    output = ran.stdout + ran.stderr
    assert re.search(r"^Ran [1-9]\d+ tests", output, re.MULTILINE), output
    failed = re.findall(rf"^(?:FAIL|ERROR): \w+ \(gevent\.tests\.{suite}\.([\w.]+)\)", output, re.MULTILINE)
    assert sorted(failed) == sorted(KNOWN[suite]), output
