cdef class Poller:
    cdef object _poll
    cdef list _found
    cdef int _fd
    cdef void* _events
    cdef public long count

    cpdef watch(self, int fd, int had, int wanted)
    cpdef int collect(self) except -1
    cpdef int fd_at(self, int index)
    cpdef int ready_at(self, int index)
    cpdef forget(self, int fd)
