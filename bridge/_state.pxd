cdef class LoopState:
    cdef public bint _closed
    cdef public long _refs
    cdef public bint _scheduled
    cdef public object _aio

    cpdef _check_alive(self)
    cpdef _add_ref(self)
    cpdef _drop_ref(self)
    cpdef _schedule(self)
    cpdef _add_timer(self, t, double due)
    cpdef _cancel_timer(self, t)
    cpdef _fd_entry(self, int fd)
    cpdef _mark_dirty(self, entry)
    cpdef _hold(self, w)
    cpdef _release(self, w)
    cpdef _fire_threadsafe(self, w)
