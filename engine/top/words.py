"""Figures as people read them."""

from __future__ import annotations

__all__ = ["age", "count", "duration", "rate", "size"]


def size(amount: float) -> str:
    """Bytes in powers of 1024: ``512 B``, ``1.5 MiB``."""
    if amount < 1024:
        return f"{amount:.0f} B"
    if amount < 1024**2:
        return f"{amount / 1024:.1f} KiB"
    if amount < 1024**3:
        return f"{amount / 1024**2:.1f} MiB"
    return f"{amount / 1024**3:.1f} GiB"


def duration(seconds: float) -> str:
    """A short time: ``850 us``, ``12.0 ms``, ``3.2 s``; from two minutes on as :func:`age`."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} us"
    if seconds < 1:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else age(seconds)


def age(seconds: float) -> str:
    """A long time: ``45s``, ``12m05s``, ``3h20m``, ``5d04h``."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def rate(per_second: float) -> str:
    """``0``, ``0.5``, ``12``, ``1,234``."""
    return f"{per_second:,.1f}" if 0 < per_second < 10 else f"{per_second:,.0f}"


def count(number: int | None) -> str:
    """A number; ``-`` where the server does not tell it."""
    return "-" if number is None else f"{number:,}"
