"""Functions on metrics."""

from __future__ import annotations

from collections.abc import Callable

from engine.uwsgi_api.numbers import quotient
from engine.uwsgi_api.public import public
from engine.uwsgi_api.store_calls import StoreCalls
from engine.uwsgi_api.texts import to_bytes

__all__ = ["MetricCalls"]


class MetricCalls(StoreCalls):
    """Metrics"""

    def _change(self, name: str | bytes, how: Callable[[int], int]) -> bool | None:
        return self._store().metrics.change(to_bytes(name, "name"), how) or None

    @public("P1", differs="any name may be used; it need not be declared with --metric")
    def metric_get(self, name: str | bytes, /) -> int:
        """A number that all processes share; 0 if nobody has set it.

        With ``--enable-metrics`` also those of the server, as of about a second ago.
        """
        return self._store().metrics.get(to_bytes(name, "name"))

    @public("P1")
    def metric_set(self, name: str | bytes, value: int, /) -> bool | None:
        """Set a number; None if it is one that the server finds out."""
        return self._change(name, lambda before: value)

    @public("P1")
    def metric_inc(self, name: str | bytes, n: int = 1, /) -> bool | None:
        """Add to a number, in one step."""
        return self._change(name, lambda before: before + n)

    @public("P1")
    def metric_dec(self, name: str | bytes, n: int = 1, /) -> bool | None:
        """Take from a number, in one step."""
        return self._change(name, lambda before: before - n)

    @public("P1")
    def metric_mul(self, name: str | bytes, n: int = 1, /) -> bool | None:
        """Multiply a number, in one step."""
        return self._change(name, lambda before: before * n)

    @public("P1")
    def metric_div(self, name: str | bytes, n: int = 1, /) -> bool | None:
        """Divide a number, in one step; None if *n* is 0."""
        return self._change(name, lambda before: quotient(before, n)) if n else None

    @public("P1")
    def metric_set_max(self, name: str | bytes, value: int, /) -> bool | None:
        """Set a number to the larger of the two."""
        return self._change(name, lambda before: max(before, value))

    @public("P1")
    def metric_set_min(self, name: str | bytes, value: int, /) -> bool | None:
        """Set a number to the smaller of the two."""
        return self._change(name, lambda before: min(before, value))
