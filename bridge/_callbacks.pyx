# cython: language_level=3
"""The object that ``loop.run_callback`` returns, taken from a list of freed ones; see _callbacks.py."""

cimport cython

__all__ = ["CallbackQueue", "callback", "new_callback"]


@cython.freelist(256)
cdef class callback:
    """One queued call.  ``bool(cb)`` is true while it is queued and while it runs."""

    def __init__(self, func, args):
        self.callback = func
        self.args = args

    cpdef stop(self):
        """Forget the call; a callback already running is not interrupted."""
        self.callback = None
        self.args = None

    def close(self):
        """Same as :meth:`stop`."""
        self.stop()

    @property
    def pending(self):
        """Whether the call has yet to be made."""
        return self.callback is not None

    def __bool__(self):
        return self.args is not None

    def __repr__(self):
        text = f"<{type(self).__name__} at 0x{id(self):x}"
        if self.pending:
            text += " pending"
        if self.callback is not None:
            text += f" callback={self.callback!r}"
        if self.args is not None:
            text += f" args={self.args!r}"
        if self.callback is None and self.args is None:
            text += " stopped"
        return text + ">"


cpdef callback new_callback(func, args):
    """Make one without the cost of a call of the class."""
    cdef callback cb = callback.__new__(callback)
    cb.callback = func
    cb.args = args
    return cb


cdef class CallbackQueue:
    """Callbacks in the order they were added; for the loop's own thread only."""

    cpdef append(self, callback cb):
        """Add at the end."""
        if self.last is None:
            self.first = cb
        else:
            self.last.following = cb
        self.last = cb
        self.count += 1

    cpdef clear(self):
        """Forget all."""
        self.first = self.last = None
        self.count = 0

    def __len__(self):
        return self.count

    def __iter__(self):
        cdef callback cb = self.first
        found = []
        while cb is not None:
            found.append(cb)
            cb = cb.following
        return iter(found)
