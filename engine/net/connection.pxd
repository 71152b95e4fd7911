cimport cython

from engine._clock cimport monotonic
from engine.net.flow cimport Outlet
from engine.net.frontend cimport FrontEnd
from engine.protocols.parser cimport Parser
from engine.request.body cimport RequestBody
from engine.request.exchange cimport Exchange
from engine.request.link cimport Link
from engine.request.room cimport Room

cdef class Connection(Link):
    cdef public FrontEnd front
    cdef public Exchange exchange
    cdef public double deadline
    cdef public object tunnel
    cdef Parser _parser
    cdef object _known
    cdef object _transport
    cdef public object _template
    cdef Outlet _outlet
    cdef RequestBody _body
    cdef bint _in_callback
    cdef bint _next_ready
    cdef bint _waiting_idle
    cdef int _begun
    cdef bint _lingering
    cdef bint _closing
    cdef bint _peer_eof
    cdef bint _is_last
    cdef Py_ssize_t _seen
    cdef Py_ssize_t _lingered
    cdef int _pauses
    cdef public object memo
    cdef object __weakref__

    cdef Outlet _out(self)
    cpdef _refuse(self, status, detail, bint head_only=*)
    cpdef _facts(self)
    cpdef _begin(self, head)
    cdef _go_on(self)
    cdef _handle(self, list events)
    cdef _body_ended(self, event)
    cdef _bad_request(self, status, detail, bint head_only=*)
    cdef _peer_closed(self, clean)
    cpdef environ_base(self)
    @cython.locals(template=dict)
    cpdef remote_addr(self, head)
    cpdef transmit(self, data)
    cpdef transmit_file(self, fd, offset, count)
    cpdef tell(self, place)
    cpdef bint is_full(self)
    cpdef bint peer_left(self)
    cpdef body_wanted(self)
    @cython.locals(left=cython.longlong, got=Py_ssize_t)
    cpdef Py_ssize_t receive_body(self, Room room) except -1
    cpdef reply_ended(self, exchange, bint reusable)
    cdef _advance_soon(self)
    cdef _set_waiting_deadline(self)
    cdef _pause(self, int reason)
    cdef _resume(self, int reason)
    cdef _linger(self)
    cdef _check_body_rate(self)
    cpdef _close(self)
    cdef _close_idle(self)
