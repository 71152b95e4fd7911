from engine.apps.wsgi.environ cimport EnvironBuilder
from engine.request.exchange cimport Exchange

cdef class WSGIAdapter:
    cdef object _app
    cdef EnvironBuilder _environs
    cdef object _log
    cdef object _breathe
    cdef object _on_failure
    cdef bint _strict
    cdef bint _show_errors
    cdef bint _warned_of_str
    cdef public long long failures

    cdef _send(self, Exchange exchange, result)
    cdef _send_file(self, Exchange exchange, wrapper)
    cdef _stream(self, Exchange exchange, items)
    cdef _to_bytes(self, item)
    cdef _failed(self, Exchange exchange, exc)
    cdef _close(self, close)
    cdef _replace(self, Exchange exchange, status, page, headers=*)
    cpdef serve(self, Exchange exchange, dict facts)
