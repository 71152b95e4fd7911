cimport cython

from bridge._state cimport LoopState
from bridge._watchers.base cimport check_callback, watcher

cdef class FdEntry:
    cdef public LoopState loop
    cdef public int fd
    cdef public list watchers
    cdef public int wanted
    cdef public int registered
    cdef public int ready
    cdef public bint always_ready
    cdef public bint dead
    cdef public bint dirty
    cdef public bint queued
    cdef public bint renew
    cdef public object failed

    cpdef add(self, io w)
    @cython.locals(watchers=list, wanted=int, other=io)
    cpdef discard(self, io w)
    @cython.locals(w=io, ready=int, watchers=list)
    cpdef _fire(self)

cdef class io(watcher):
    cdef public FdEntry _entry
    cdef public int _events
    cdef public int _fd
    cdef public bint _fresh
    cdef public bint _pass_events

    cpdef _setup_io(self, loop, fd, events, ref, priority)
    cpdef _deliver(self, int ready)

@cython.locals(made=io)
cpdef io new_io(loop, fd, events, ref, priority)
