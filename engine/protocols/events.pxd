from engine.protocols.sections cimport FieldSection

cdef class _Event:
    pass

cdef class RequestHead(_Event):
    cdef public bint chunked
    cdef public object content_length
    cdef public bint expect_continue
    cdef public list headers
    cdef public str http_version
    cdef public bint keep_alive
    cdef public str method
    cdef public bytes path
    cdef public bytes query
    cdef public bytes target
    cdef public FieldSection section
    cdef public object upgrade

cdef class BodyChunk(_Event):
    cdef public bytes data

cdef class BodyEnd(_Event):
    cdef public tuple trailers

cdef class BadRequest(_Event):
    cdef public str detail
    cdef public bint head_only
    cdef public int status

cdef class PeerClosed(_Event):
    cdef public bint clean
