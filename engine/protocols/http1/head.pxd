cimport cython

from engine.protocols.events cimport RequestHead
from engine.protocols.http1.fields cimport plain_fields
from engine.protocols.http1.scan cimport line_end, rest_of
from engine.protocols.http1.usual cimport usual_request
from engine.protocols.sections cimport FieldSection

cdef class _Fields:
    cdef public list raw

cdef class HeadReader:
    cdef bytes _host
    cdef Py_hash_t _last
    cdef object _limits
    cdef Py_ssize_t _line_limit

    @cython.locals(end=Py_ssize_t, block=bytes, kept=dict, section=FieldSection, usual=RequestHead, fields=tuple)
    cpdef RequestHead read(self, bytes head)
    @cython.locals(count=Py_ssize_t, host=bytes, length=bytes)
    cdef bint _are_usual(self, tuple fields) except -1
    @cython.locals(mark=Py_hash_t)
    cdef _look_again(self, bytes block, list lines, content_length)
    cdef RequestHead _read(self, bytes head, Py_ssize_t end)
    cdef _explain(self, bytes head, error)
