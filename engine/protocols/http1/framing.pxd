cdef class Framing:
    cdef public str fields
    cdef public bint keep_alive
    cdef public int kind
    cdef public object length
