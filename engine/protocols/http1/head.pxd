cimport cython

from engine.protocols.events cimport RequestHead
from engine.protocols.http1.scan cimport line_end, rest_of
from engine.protocols.http1.usual cimport usual_request
from engine.protocols.sections cimport FieldSection

cdef class _Fields:
    cdef public list raw

cdef class HeadReader:
    cdef _Fields _fields
    cdef Py_hash_t _last
    cdef object _limits
    cdef Py_ssize_t _line_limit
    cdef object _llhttp

    @cython.locals(end=Py_ssize_t, block=bytes, kept=dict, section=FieldSection, usual=RequestHead, mark=Py_hash_t)
    cpdef RequestHead read(self, bytes head)
    cdef RequestHead _read(self, bytes head, Py_ssize_t end)
    cdef _explain(self, bytes head, error)

cdef bint _is_plain(RequestHead request)
