from engine.protocols.events cimport RequestHead

cdef class _Fields:
    cdef public list raw

cdef class HeadReader:
    cdef _Fields _fields
    cdef object _limits
    cdef object _llhttp

    cpdef RequestHead read(self, bytes head)
    cdef _explain(self, bytes head, error)
