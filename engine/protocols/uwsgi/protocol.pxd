cimport cython

from engine.protocols.fields cimport field_lines
from engine.protocols.http1.framing cimport Framing
from engine.protocols.parser cimport Parser
from engine.protocols.status cimport parse_status

cdef class UwsgiParser(Parser):
    cdef bytes _buffer
    cdef dict _command
    cdef long long _left
    cdef object _limits
    cdef int _state

    cpdef list receive(self, bytes data)
    cpdef list next_request(self)
    cpdef long long body_left(self)
    cpdef bint skip_body(self, long long count)
    cpdef bint should_pause(self)
    cpdef bint in_head(self)
    cpdef bint is_idle(self)
    @cython.locals(buffer=bytes, header=bytes, block=bytes, size=Py_ssize_t, end=Py_ssize_t, modifier1=int, modifier2=int)
    cdef list _take_head(self)
    cdef _value_size(self, dict command)
    cdef list _take_value(self, bytes data)
    cdef _body_size(self, dict variables)
    @cython.locals(left=cython.longlong)
    cdef _take_body(self, bytes data, list events)
    cdef list _peer_closed(self)

@cython.locals(code=int, lines=list)
cpdef tuple response_head(status, headers, method, protocol=*)
