cimport cython

from engine.protocols.events cimport RequestHead
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
    cdef Py_ssize_t _variables
    cdef Py_ssize_t _size
    cdef long long _asked_second
    cdef str _last_address
    cdef str _last_user
    cdef str _asked_text
    cdef int _code
    cdef Py_ssize_t _count
    cdef Py_ssize_t _head_size
    cdef Py_ssize_t _switches
    cdef public long long others
    cdef int _core
    cdef str _answered_text

    cdef str _asked(self, str address, str user, Py_ssize_t variables, Py_ssize_t size)
    @cython.locals(code=int, count=Py_ssize_t, size=Py_ssize_t, core=int, switches=Py_ssize_t)
    cdef str _answered(self, Exchange exchange)
    @cython.locals(
        second="long long", http=RequestHead, uri=str, method=str, version=str, user=str, address=str, how=str,
        duration="long long", start=str, asked=str, line=str,
    )
    cpdef str make(self, Exchange exchange, long long number, double took)
