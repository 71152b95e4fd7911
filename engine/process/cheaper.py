"""How many workers the load needs (uWSGI ``--cheaper``); pure.

uWSGI counts busy *workers*, which means nothing where one worker runs a hundred requests at once
(issue 880), and its gevent workers do not end when they are told to go cheap (issue 1098).  Here
busy *cores* count, and workers that are not needed end like any other: after their requests.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cheaper", "CheaperSettings"]

_ENOUGH = 0.5  # share of all cores in use at which more workers are wanted
_SPARE = 0.3  # share that one worker less would have to stay below


@dataclass(frozen=True, slots=True)
class CheaperSettings:
    """``least`` workers always; ``step`` at a time; ``overload`` seconds of calm before one ends.

    :param soft: bytes of memory of all workers together from which on none is added; 0 means any
    :param hard: the same, from which on one ends, the last one never
    :param manual: the load changes nothing
    """

    least: int
    most: int
    initial: int
    step: int = 1
    overload: float = 3.0
    soft: int = 0
    hard: int = 0
    manual: bool = False


class Cheaper:
    """Decides once in a while."""

    def __init__(self, settings: CheaperSettings, cores: int) -> None:
        self._settings = settings
        self._cores = cores
        self._calm_since: float | None = None

    def is_too_much(self, memory: int) -> bool:
        """Whether a worker has to end because of the memory they have together."""
        return 0 < self._settings.hard <= memory

    def decide(self, now: float, wanted: int, busy: int, ready: int = 0, memory: int = 0) -> int:
        """Return how many workers there should be.

        :param wanted: how many there are to be so far
        :param busy: requests that run or wait, in all workers
        :param ready: workers that serve
        :param memory: bytes that these have together
        """
        settings = self._settings
        if self.is_too_much(memory):
            # The one told last may not have ended yet; its memory is no reason to end another.
            return max(1, wanted - 1) if ready <= wanted else wanted
        if settings.manual:
            return wanted
        if 0 < settings.soft <= memory:
            busy = min(busy, int(_ENOUGH * wanted * self._cores))
        if busy > _ENOUGH * wanted * self._cores:
            self._calm_since = None
            return min(settings.most, wanted + settings.step)
        if wanted > settings.least and busy <= _SPARE * (wanted - 1) * self._cores:
            if self._calm_since is None:
                self._calm_since = now
            elif now - self._calm_since >= settings.overload:
                self._calm_since = now
                return wanted - 1
        else:
            self._calm_since = None
        return wanted
