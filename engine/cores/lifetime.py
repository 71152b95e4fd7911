"""When a worker has lived long enough (``--max-requests``, ``--max-worker-lifetime``, ``--reload-on-*``)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Lifetime"]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Limits of one worker; 0 means none.  Times in seconds, sizes in bytes.

    ``shortest``: before that age no limit but that of age itself counts, so that a limit that is
    too low does not make workers come and go without end (uWSGI ``--min-worker-lifetime``).
    """

    requests: int = 0
    shortest: float = 10.0
    longest: float = 0.0
    rss: int = 0
    address_space: int = 0

    def of_worker(self, number: int, request_delta: int, age_delta: float) -> Lifetime:
        """Return the limits of one of several workers, which are not to leave all at once.

        uWSGI adds ``number * --max-requests-delta``; the same for the age.
        """
        return Lifetime(
            self.requests + number * request_delta if self.requests else 0,
            self.shortest,
            self.longest + number * age_delta if self.longest else 0.0,
            self.rss,
            self.address_space,
        )

    def reason_to_end(self, requests: int, age: float, rss: int, address_space: int) -> str | None:
        """Say which limit was reached, None if none."""
        if self.longest and age >= self.longest:
            return f"worker lifetime reached, it was running for {age:.0f} second(s)"
        if age < self.shortest:
            return None
        if self.requests and requests >= self.requests:
            return f"{requests} requests served (--max-requests)"
        if self.rss and rss > self.rss:
            return f"rss of {rss >> 20} MB (--reload-on-rss)"
        if self.address_space and address_space > self.address_space:
            return f"address space of {address_space >> 20} MB (--reload-on-as)"
        return None

    def needs_memory(self) -> bool:
        """Whether sizes matter."""
        return bool(self.rss or self.address_space)
