"""The fast part of gevent's suite; all of it: ``python -m tests.bridge.gevent_suite``."""

from __future__ import annotations

import pytest

from tests.bridge.gevent_suite.modules import FAST
from tests.bridge.gevent_suite.not_applicable import not_applicable
from tests.bridge.gevent_suite.running import Mode, run_module

# Fail on gevent's own loop as well on machines whose kernel reports an unconnected socket as readable.
_OF_THE_MACHINE = {("test__core_timer", "TestTimerResolution.test_resolution")}


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize("mode", [Mode("uvloop"), Mode("asyncio"), Mode("uvloop", guest=True)], ids=str)
@pytest.mark.parametrize("module", FAST)
def test_module_of_gevents_own_suite_passes(mode: Mode, module: str) -> None:
    if not_applicable(module, guest=mode.guest):
        pytest.skip("not applicable; see not_applicable.py")
    outcome = run_module(mode, module)
    broken = [
        test
        for test in outcome.failing
        if (module, test) not in _OF_THE_MACHINE and not not_applicable(module, test, guest=mode.guest)
    ]
    assert not broken, outcome.output
