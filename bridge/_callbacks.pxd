cdef class callback:
    cdef public object callback
    cdef public object args
