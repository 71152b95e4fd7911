"""Classes of environ dicts: what they show of themselves when something prints them."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Self, SupportsIndex

__all__ = ["Environ", "SecureEnviron", "WSGISecureEnviron"]

_MASK = "<MASKED>"


class Environ(dict[str, Any]):
    """A dict that keeps its class when it is copied, and is pickled as a plain dict."""

    __slots__ = ()

    def copy(self) -> Self:
        """Return a copy of the same class."""
        return self.__class__(self)

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> Any:
        return dict, (), None, None, iter(self.items())


class SecureEnviron(Environ):
    """An environ that does not print its values, so that cookies and passwords stay out of logs.

    ``secure_repr = False`` on an instance prints it like a dict.  Otherwise the keys of
    ``whitelist_keys`` are shown with their values; the others with a mask, or, with
    ``print_masked_keys = False``, only as a number.  The class attributes ``default_...`` apply
    where an instance sets nothing.
    """

    default_secure_repr: bool = True
    default_whitelist_keys: Container[str] = ()
    default_print_masked_keys: bool = True

    __slots__ = ("print_masked_keys", "secure_repr", "whitelist_keys")

    def __getattr__(self, name: str) -> Any:
        if name in SecureEnviron.__slots__:
            return getattr(type(self), f"default_{name}")
        raise AttributeError(name)

    def __repr__(self) -> str:
        if not self.secure_repr:
            return dict.__repr__(self)
        shown: Container[str] = self.whitelist_keys
        if not shown:
            return f"<pywsgi.{type(self).__name__} dict (keys: {len(self)}) at {id(self):#x}>"
        if self.print_masked_keys:
            return repr({key: value if key in shown else _MASK for key, value in self.items()})
        safe = {key: value for key, value in self.items() if key in shown}
        hidden = len(self) - len(safe)
        return f"{repr(safe)[:-1]}{', ' if safe else ''}(hidden keys: {hidden})}}" if hidden else repr(safe)

    __str__ = __repr__


class WSGISecureEnviron(SecureEnviron):
    """Shows who asked for which host, and nothing else."""

    __slots__ = ()

    default_whitelist_keys = ("REMOTE_ADDR", "REMOTE_PORT", "HTTP_HOST")
    default_print_masked_keys = False
