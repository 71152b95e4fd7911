"""The queue of those who wait for one thing, first come first served, whatever they are.

Every primitive has a *guard*, a native lock held for a few bytecodes and never
while anything waits.  Under it a primitive decides: it changes its own state,
and grants.  After it, it does: it wakes those it granted something to.

What is granted has changed hands at once, before its new owner runs, so
nobody who comes later can take it.  An owner that was cancelled, killed or
timed out meanwhile, or whose loop is closed, gives it back: see ``give_back``.

The guard can be taken again by its own thread.  Taking it allocates, so the
garbage collector may run in there, and with it the ``finally`` of a greenlet
or generator that uses the same primitive; that must not stop the thread.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge._pristine.threads import native_rlock
from bridge.sync._waiters import (
    GONE,
    GRANTED,
    REFUSED,
    WAITING,
    GreenletWaiter,
    State,
    SyncWaiter,
    TaskWaiter,
    Waiter,
)

__all__ = ["WaitQueue", "Waiting", "new_guard", "seconds"]

new_guard = native_rlock


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, by kind, at one moment."""

    tasks: int
    greenlets: int
    threads: int

    def __len__(self) -> int:
        return self.tasks + self.greenlets + self.threads

    def __str__(self) -> str:
        counts = ((self.tasks, "task"), (self.greenlets, "greenlet"), (self.threads, "thread"))
        return " ".join(f"{n} {kind}{'s' if n > 1 else ''}" for n, kind in counts if n)


class WaitQueue(OrderedDict[Waiter, None]):
    """First in, first out; leaving from the middle costs no more than from the front.

    A dictionary by inheritance, because ``if waiters:`` is asked in every
    uncontended call, and asking a method of ours takes as long as all the rest.
    """

    __slots__ = ("_guard",)

    def __init__(self, guard: Any) -> None:
        super().__init__()
        self._guard = guard

    # -- under the guard ---------------------------------------------------------

    def enter(self, waiter: Waiter) -> None:
        """Put *waiter* at the end."""
        self[waiter] = None

    def grant(self) -> Waiter | None:
        """Let the first in line have it; the caller hands it over now and wakes it after the guard."""
        if not self:
            return None
        waiter, _ = self.popitem(last=False)
        waiter.state = GRANTED
        return waiter

    def dismiss_all(self, state: State) -> list[Waiter]:
        """Let all of them go, each with *state*; the caller wakes them after the guard."""
        dismissed = list(self)
        self.clear()
        for waiter in dismissed:
            waiter.state = state
        return dismissed

    # -- without the guard ---------------------------------------------------------

    def withdraw(self, waiter: Waiter) -> bool:
        """Stop *waiter* from waiting.  False: it was granted something that must be given back."""
        with self._guard:
            was = waiter.state
            if was is WAITING:
                self.pop(waiter, None)
            if was is not REFUSED:
                waiter.state = GONE
            return was is not GRANTED

    def park(
        self, waiter: SyncWaiter, timeout: float | None, give_back: Callable[[Waiter], None] | None
    ) -> bool:
        """Wait inside a call until granted (True), or refused or *timeout* seconds passed (False).

        :param give_back: called if the wait is interrupted after the waiter was granted something
        """
        try:
            waiter.park(timeout)
        except BaseException:
            if not self.withdraw(waiter) and give_back is not None:
                give_back(waiter)
            raise
        return self._granted(waiter) or not self._leave(waiter)

    def _granted(self, waiter: Waiter) -> bool:
        return waiter.state is GRANTED

    def _leave(self, waiter: Waiter) -> bool:
        """Withdraw after the time has passed; False if it was granted after that and before we looked."""
        with self._guard:
            return not self._granted(waiter) and self.withdraw(waiter)

    async def wait(self, waiter: TaskWaiter, give_back: Callable[[Waiter], None] | None) -> bool:
        """Wait inside a task until granted (True) or refused (False); otherwise like :meth:`park`."""
        try:
            await waiter.future
        except BaseException:  # cancelled, or closed: GeneratorExit in a coroutine nobody will run
            if not self.withdraw(waiter) and give_back is not None:
                give_back(waiter)
            raise
        return waiter.state is GRANTED

    def statistics(self) -> Waiting:
        """Count who waits now."""
        with self._guard:
            kinds = [type(waiter) for waiter in self]
        tasks, greenlets = kinds.count(TaskWaiter), kinds.count(GreenletWaiter)
        return Waiting(tasks, greenlets, len(kinds) - tasks - greenlets)


def seconds(timeout: float | None) -> float | None:
    """Return a timeout in seconds, None for no limit; ``threading`` writes that -1.

    :raises ValueError: if it is any other negative number
    """
    if timeout is None or timeout == -1:
        return None
    if timeout < 0:
        raise ValueError(f"timeout must not be negative, it is {timeout!r}; None means no limit")
    return timeout
