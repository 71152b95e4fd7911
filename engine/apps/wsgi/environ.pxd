cimport cython

from engine.protocols.events cimport RequestHead
from engine.protocols.http1.scan cimport has_escape
from engine.protocols.sections cimport FieldSection
from engine.request.exchange cimport Exchange

cdef class EnvironBuilder:
    cdef dict _template
    cdef dict _keys

    cdef _add_offers(self, dict environ, Exchange exchange, RequestHead head, stream)
    @cython.locals(environ=dict)
    cpdef build(self, Exchange exchange, dict facts)
    @cython.locals(section=FieldSection, fields=dict, path=bytes)
    cdef dict _from_http(self, RequestHead head, dict facts)
    cdef _add_fields(self, dict environ, list headers)
    cdef _key_of(self, name)
    @cython.locals(environ=dict)
    cdef dict _from_uwsgi(self, head)
