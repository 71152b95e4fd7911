cimport cython

from engine.protocols.events cimport RequestHead
from engine.protocols.http1.head cimport HeadReader
from engine.protocols.http1.scan cimport is_one_head
from engine.protocols.parser cimport Parser

cdef class Http1Parser(Parser):
    cdef bytearray _buffer
    cdef object _chunks
    cdef bint _discards
    cdef bint _eof
    cdef Py_ssize_t _fields_start
    cdef long long _left
    cdef object _limits
    cdef HeadReader _reader
    cdef bint _reusable
    cdef bint _skipped_blank
    cdef int _state

    cpdef list receive(self, bytes data)
    cpdef list next_request(self)
    cpdef long long body_left(self)
    cpdef bint skip_body(self, long long count)
    cpdef bint should_pause(self)
    cpdef bint in_head(self)
    cpdef bint is_idle(self)
    cdef list _read_head(self, bytes head)
    @cython.locals(rest=bytes)
    cdef list _read_head_and_more(self, bytes data, Py_ssize_t end)
    cdef list _resume_head(self, Py_ssize_t seen)
    cdef list _check_unfinished(self, Py_ssize_t seen)
    cdef Py_ssize_t _take_body(self, bytes data, list events) except -1
    cdef Py_ssize_t _take_chunks(self, chunks, bytes data, list events) except -1
    cdef list _peer_closed(self)
    cdef _refuse(self, fault, head)
    cdef _close(self)
