cimport cython

from engine.net._send cimport send_now

cdef class Outlet:
    cdef object _transport
    cdef object _new_parking
    cdef object _parking
    cdef object _on_break
    cdef list _waiting
    cdef double _timeout
    cdef bint _writing
    cdef bint _buffered
    cdef bint _by_task
    cdef bint _full
    cdef bint _encrypted
    cdef int _fd
    cdef public long long written

    cpdef bint is_encrypted(self)
    cpdef int descriptor(self)
    cpdef shut(self)
    cpdef tell(self, place)
    cpdef bint is_full(self)
    cpdef ring(self)
    cpdef pause(self)
    cpdef resume(self)
    @cython.locals(sent=Py_ssize_t)
    cpdef write(self, data)
    cpdef write_file(self, fd, offset, count)
    cpdef write_now(self, data)
    cdef _empty(self)
    cpdef _wait_writable(self)
    @cython.locals(sent=Py_ssize_t)
    cpdef push(self, data)
    @cython.locals(size=Py_ssize_t)
    cdef _write_rest(self, bytes data, Py_ssize_t sent)
    cdef _break_off(self)
    cdef Py_ssize_t _send(self, bytes data, Py_ssize_t start) except -1
    cdef _wait_for_turn(self)
    cdef _end_turn(self)
    cdef _wait_for_room(self)
