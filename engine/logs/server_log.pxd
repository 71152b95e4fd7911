cdef class ServerLog:
    cdef int _fd
    cdef int _request_fd
    cdef list _lines
    cdef Py_ssize_t _bytes
    cdef object _prefix
    cdef object _call_later

    cpdef request(self, str text)
    cpdef flush(self)
