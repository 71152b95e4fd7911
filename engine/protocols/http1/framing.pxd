cimport cython

cdef class Framing:
    cdef public bytes fields
    cdef public bint keep_alive
    cdef public int kind
    cdef public object length

cpdef bint is_bodyless(str method, int status)
@cython.locals(modern=bint)
cpdef Framing decide(str method, str http_version, bint keep_alive, int status, announced, known=*)
@cython.locals(kept=dict, framing=Framing)
cdef Framing _to_length(length, bytes pattern, bint keep_alive, bint modern)
