cdef class LoopState:
    cdef public bint _closed
    cdef public long _refs
    cdef public bint _scheduled

    cpdef _check_alive(self)
    cpdef _add_ref(self)
    cpdef _drop_ref(self)
    cpdef _schedule(self)
    cpdef list _add_timer(self, double due, t)
    cpdef _cancel_timer(self, list entry)
    cpdef _fd_entry(self, int fd)
    cpdef _mark_dirty(self, entry)
