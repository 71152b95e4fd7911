"""Is a client just making work?  Counts frames that bring nothing, and streams that are given up."""

from __future__ import annotations

from typing import Final

__all__ = ["Thrift"]

# nginx compares all bytes with those of payload (8 to 1, after 1 MiB), Go counts queued control frames
# (10000), nghttp2 lets 1000 resets go and 33 per second.  h2 is Python: its work per frame is dearer.
_FRAMES_FREE: Final = 1000
_FRAMES_PER_USE: Final = 4
_RESETS_FREE: Final = 200
_PER_SECOND: Final = 10


class Thrift:
    """What one connection has been used for.

    Pings, settings, priorities, window updates, empty data frames and the like are ``idle``; requests and
    data frames of either side are ``useful``.  Resets (CVE-2023-44487), also those that the client makes
    the server send (CVE-2025-8671), are weighed against replies that were taken.

    :param now: seconds of a clock that never goes back
    """

    __slots__ = ("_begun_at", "completed", "idle", "resets", "useful")

    def __init__(self, now: float) -> None:
        self._begun_at = now
        self.idle = 0
        self.useful = 0
        self.resets = 0
        self.completed = 0

    def complaint(self, now: float) -> str:
        """Say what is too much; empty if nothing is."""
        earned = _PER_SECOND * (now - self._begun_at)
        if self.idle > _FRAMES_FREE + _FRAMES_PER_USE * self.useful + earned:
            return f"{self.idle} frames that bring nothing"
        if self.resets > _RESETS_FREE + self.completed + earned:
            return f"{self.resets} streams reset"
        return ""

    def __repr__(self) -> str:
        return f"<Thrift {self.useful} useful, {self.idle} idle, {self.resets} reset>"
