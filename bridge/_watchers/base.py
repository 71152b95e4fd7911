"""What all watchers share: start, stop, reference counting, callback and arguments.

A watcher is *stopped* or *active*; ``close`` equals ``stop`` (there is no
native resource), so a closed watcher may be started again as under libev.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

__all__ = ["check_callback", "watcher"]


def check_callback(func: object) -> None:
    """Refuse what cannot be called, with the TypeError that libev's watchers raise."""
    if func is None:
        raise TypeError("callback must be callable, not None")
    if not callable(func):
        raise TypeError(f"Expected callable, not {func!r}")


class watcher:
    """Base of all watchers (gevent IWatcher).

    Use only in the thread that owns the loop, except where a method says
    otherwise.  Stopped watchers are freed by reference counting alone.
    """

    __slots__ = ("__weakref__", "_active", "_args", "_callback", "_priority", "_ref", "loop")

    _args: tuple[Any, ...] | None

    def __init__(self, loop: Any, ref: bool = True, priority: int | None = None) -> None:
        self._setup(loop, ref, priority)

    def _setup(self, loop: Any, ref: bool, priority: int | None) -> None:
        """Initialise; the loop's own factories call this on a bare object, which costs less than a call."""
        loop._check_alive()
        self.loop = loop
        self._callback: Callable[..., object] | None = None
        self._args = None
        self._ref = bool(ref)
        self._active = False
        self._priority = 0 if priority is None else priority

    # -- what a kind of watcher supplies ---------------------------------

    def _register(self) -> None:
        """Begin to watch; called once per start of a stopped watcher."""
        raise NotImplementedError

    def _unregister(self) -> None:
        """Cease to watch; called once per stop of an active watcher."""
        raise NotImplementedError

    def _describe(self) -> str:
        return ""

    # -- IWatcher ---------------------------------------------------------

    def start(self, callback: Callable[..., object], *args: Any) -> None:
        """Call ``callback(*args)`` in the hub whenever the event occurs.

        Starting an active watcher only replaces callback and arguments.

        :raises TypeError: if *callback* cannot be called
        :raises ValueError: if the loop was destroyed
        """
        check_callback(callback)
        self._callback = callback
        self._args = args
        if not self._active:
            self._begin()

    def _begin(self) -> None:
        self.loop._check_alive()
        self._active = True
        try:
            self._register()
        except BaseException:
            self._active = False
            self._callback = None
            self._args = None
            raise
        if self._ref:
            self.loop._add_ref()

    def stop(self) -> None:
        """Stop watching and forget the callback.  Any number of times, also in the callback itself."""
        self._callback = None
        self._args = None
        if self._active:
            self._active = False
            self._unregister()
            if self._ref:
                self.loop._drop_ref()

    def close(self) -> None:
        """Same as :meth:`stop`."""
        self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def _fire(self) -> None:
        """Run the callback; called in the hub by the loop."""
        func = self._callback
        if func is None:
            return
        args = self._args
        try:
            if args is None:
                func()
            else:
                func(*args)
        except BaseException:
            self.loop._report(self)
            self._after_error()
        if not self._active:
            self._callback = None
            self._args = None

    def _after_error(self) -> None:
        """Hook: the callback raised (and that was reported)."""

    # -- attributes --------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether the watcher is started."""
        return self._active

    @property
    def pending(self) -> bool:
        """Whether an event was detected and its callback has not been entered yet."""
        return False

    @property
    def callback(self) -> Callable[..., object] | None:
        """The callable given to :meth:`start`; None when stopped."""
        return self._callback

    @callback.setter
    def callback(self, func: Callable[..., object] | None) -> None:
        if func is not None and not callable(func):
            raise TypeError(f"Expected callable, not {func!r}")
        self._callback = func

    @property
    def args(self) -> tuple[Any, ...] | None:
        """The arguments given to :meth:`start`; None when stopped."""
        return self._args

    @args.setter
    def args(self, args: tuple[Any, ...] | None) -> None:
        if args is not None and not isinstance(args, tuple):
            raise TypeError(f"args must be a tuple or None, not {type(args).__name__}")
        self._args = args

    @property
    def ref(self) -> bool:
        """Whether the active watcher keeps ``loop.run()`` from returning."""
        return self._ref

    @ref.setter
    def ref(self, value: bool) -> None:
        value = bool(value)
        if value == self._ref:
            return
        self._ref = value
        if self._active:
            if value:
                self.loop._add_ref()
            else:
                self.loop._drop_ref()

    @property
    def priority(self) -> int:
        """Accepted for compatibility; only timers look at it."""
        return self._priority

    @priority.setter
    def priority(self, value: int) -> None:
        if self._active:
            raise AttributeError("Cannot set priority of an active watcher; stop it first")
        self._priority = value

    def __repr__(self) -> str:
        text = f"<{type(self).__name__} at 0x{id(self):x}{self._describe()}"
        if self.pending:
            text += " pending"
        if self._callback is not None:
            text += f" callback={getattr(self._callback, '__qualname__', type(self._callback).__name__)}"
        if self._active:
            text += " active"
        if self._callback is None and self._args is None:
            text += " stopped"
        return f"{text} ref={self._ref}>"
