cimport cython

from engine.request.room cimport Room

cdef class RequestBody:
    cdef object _chunks
    cdef object _failure
    cdef object _parking
    cdef object _source
    cdef int _status
    cdef bint _asked
    cdef int _in_a_row
    cdef bint _paused
    cdef double _timeout
    cdef public object length
    cdef public Py_ssize_t buffered
    cdef public Py_ssize_t taken
    cdef public bint complete
    cdef public tuple trailers

    cpdef feed(self, bytes data)
    cpdef finish(self, tuple trailers=*)
    cpdef fail(self, reason, int status=*)
    cpdef bint is_awaited(self)
    cpdef discard(self)
    cpdef bint is_untouched(self)
    cpdef take(self, limit=*)
    @cython.locals(room=Room, got=Py_ssize_t, rest=Py_ssize_t)
    cpdef bytes gather(self, Py_ssize_t count)
    @cython.locals(have=Py_ssize_t)
    cdef bytes _join(self, Py_ssize_t count)
    cpdef take_now(self, limit=*)
    @cython.locals(room=Room, got=Py_ssize_t, rest=Py_ssize_t)
    cdef bytes _receive_now(self)
    cpdef tell(self, place)
    cdef _wake(self)
    cdef _ask(self)
    cdef _await_more(self)
