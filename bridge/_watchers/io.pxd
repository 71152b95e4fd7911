from bridge._state cimport LoopState
from bridge._watchers.base cimport watcher

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
    cpdef discard(self, io w)
    cpdef _fire(self)

cdef class io(watcher):
    cdef public FdEntry _entry
    cdef public int _events
    cdef public int _fd
    cdef public bint _fresh
    cdef public bint _pass_events

    cpdef _deliver(self, int ready)
