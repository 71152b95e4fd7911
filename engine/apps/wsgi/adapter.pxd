cdef class WSGIAdapter:
    cdef object _app
    cdef object _environs
    cdef object _log
    cdef object _breathe
    cdef bint _strict
    cdef bint _show_errors
    cdef bint _warned_of_str

    cdef _send(self, exchange, result)
    cdef _stream(self, exchange, items)
    cdef _to_bytes(self, item)
    cdef _failed(self, exchange, exc)
    cdef _close(self, close)
    cdef _replace(self, exchange, status, page)
