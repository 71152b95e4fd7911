cimport cython

from engine._clock cimport monotonic
from engine.logs.server_log cimport ServerLog
from engine.request.exchange cimport Exchange

cdef class FrontEnd:
    cdef object _loop
    cdef public object call_soon
    cdef public object limits
    cdef public object websocket
    cdef public double socket_timeout
    cdef public double keepalive
    cdef public double head_timeout
    cdef public Py_ssize_t body_rate
    cdef public Py_ssize_t pipeline
    cdef public Py_ssize_t most_connections
    cdef public object crowd
    cdef public ServerLog log
    cdef bint _log_requests
    cdef object _make_line
    cdef object _exceptional
    cdef public object submit
    cdef public object withdraw
    cdef public object new_parking
    cdef public object complete_facts
    cdef public object template_of
    cdef public set connections
    cdef public bint draining
    cdef object _emptied
    cdef public long long requests
    cdef public long long sent
    cdef public double running_time
    cdef public double average_time
    cdef public object tally
    cdef public long long request_limit
    cdef public object on_limit
    cdef public object on_gone
    cdef public object services
    cdef public bytes date
    cdef object _timer

    @cython.locals(took=double)
    cpdef log_request(self, Exchange exchange)
    cdef bint _is_exceptional(self, Exchange exchange, double took)
    cpdef join(self, connection)
    cpdef forget(self, connection)
