from engine.request.exchange cimport Exchange

cdef class DefaultLine:
    cdef object _pid
    cdef str _start
    cdef str _no_app
    cdef bint _micros
    cdef str _unit
    cdef bint _forwarded_for
    cdef object _memory
    cdef long long _second
    cdef str _date
    cdef object _link
    cdef str _address

    cpdef str make(self, Exchange exchange, long long number, double took)
