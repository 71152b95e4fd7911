cdef class Poller:
    cdef object _poll
    cdef public long count

    cpdef watch(self, int fd, int had, int wanted)
    cpdef list ready(self)
