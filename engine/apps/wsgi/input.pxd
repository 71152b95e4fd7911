from engine.request.body cimport RequestBody

cdef class InputStream:
    cdef RequestBody _body
    cdef object _pending
    cdef long long _position

    cdef _take(self, limit, asked)
    cdef _gather(self, count, asked)
    cdef _read_some(self, wanted)
