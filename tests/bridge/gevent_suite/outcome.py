"""What one module's run said: read from unittest's own report, so the module runs unchanged."""

from __future__ import annotations

import dataclasses
import re

__all__ = ["Outcome", "read_report"]

_RAN = re.compile(r"^Ran (\d+) tests? in [\d.]+s$", re.MULTILINE)
_SKIPPED = re.compile(r"^(?:OK|FAILED) \(.*?skipped=(\d+)", re.MULTILINE)
_BROKEN = re.compile(r"^(?:FAIL|ERROR): (?P<method>\w+) \((?:__main__\.)?(?P<where>[\w.]+)\)", re.MULTILINE)
_GAP = re.compile(r"^heartbeat: longest gap ([\d.]+) s$", re.MULTILINE)

# unittest's own code for "no tests were run" (3.12.1 and later).
_NO_TESTS = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one module on one loop.

    :param seconds: wall time
    :param failing: names of broken tests; ``"(module)"`` if the module as a whole failed
    :param longest_gap: of the heartbeat beside a guest run, in seconds
    """

    module: str
    ran: int
    skipped: int
    failing: tuple[str, ...]
    seconds: float
    longest_gap: float | None = None
    output: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything that ran passed."""
        return not self.failing

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return self.ran - self.skipped - len([name for name in self.failing if name != "(module)"])


def read_report(module: str, returncode: int | None, output: str, seconds: float) -> Outcome:
    """Make an outcome from a finished module's output; *returncode* None means it was out of time."""
    ran = sum(int(number) for number in _RAN.findall(output))
    skipped = sum(int(number) for number in _SKIPPED.findall(output))
    failing = sorted({_test_name(match) for match in _BROKEN.finditer(output)})
    if returncode is None or (returncode not in (0, _NO_TESTS) and not failing):
        failing.append("(module)")
    gap = _GAP.search(output)
    return Outcome(
        module, ran, skipped, tuple(failing), seconds, float(gap.group(1)) if gap else None, output
    )


def _test_name(match: re.Match[str]) -> str:
    # 3.11 and later print "test_x (module.Class.test_x)", class fixtures "setUpClass (module.Class)".
    where = match["where"]
    method = match["method"]
    return where if where.endswith("." + method) else f"{where}.{method}"
