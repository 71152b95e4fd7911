cdef class CorePool:
    cdef list _free
    cdef object _waiting
    cdef public dict running
    cdef public int size

    cpdef take(self, request)
    cpdef release(self, int core)
    cpdef bint is_full(self)
    cpdef bint is_idle(self)
