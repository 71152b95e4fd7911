"""str or bytes in, bytes out: how uWSGI's functions take and give text."""

from __future__ import annotations

__all__ = ["to_bytes"]


def to_bytes(value: str | bytes, what: str) -> bytes:
    """Return *value* as bytes, ``str`` as UTF-8.

    :raises TypeError: if it is neither; *what* names the argument
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    raise TypeError(f"{what} must be str or bytes, not {type(value).__name__}")
