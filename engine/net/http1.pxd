from engine.net.connection cimport Connection
from engine.protocols.events cimport RequestHead
from engine.protocols.http1.writer cimport response_head

cdef class Http1Connection(Connection):
    cdef public object serves
