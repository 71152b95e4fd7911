cimport cython

from engine._clock cimport monotonic, now
from engine.protocols.events cimport RequestHead
from engine.protocols.http1.framing cimport Framing
from engine.request.body cimport RequestBody
from engine.request.link cimport Link

cdef class Exchange:
    cdef Framing _framing
    cdef list _headers
    cdef int _state
    cdef object _status
    cdef int _code
    cdef public bytes trailers
    cdef public Link link
    cdef public object head
    cdef public RequestBody body
    cdef public int app
    cdef public int core
    cdef public bint gone
    cdef public double started_at
    cdef public double started_clock
    cdef public Py_ssize_t body_bytes
    cdef public Py_ssize_t header_bytes
    cdef public Py_ssize_t header_count
    cdef public Py_ssize_t variable_count
    cdef public Py_ssize_t switches
    cdef public object notes
    cdef public bint sent_file
    cdef public bint was_cut
    cdef public bint write_failed

    cpdef bint is_sent(self)
    cpdef bint is_ended(self)
    cpdef bint is_silent(self)
    cpdef int sent_code(self)
    @cython.locals(http=RequestHead)
    cpdef Py_ssize_t request_bytes(self)
    cpdef write(self, data)
    cpdef send_all(self, data)
    cpdef send_head(self, length)
    cpdef room(self)
    cpdef send_file(self, fd, offset, count)
    cpdef finish(self)
    cpdef cut(self)
    cdef _begin(self, length, first)
    cdef _send_body(self, data)
    cdef _transmit(self, data)
    cdef _transmit_counted(self, data)
