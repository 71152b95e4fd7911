cimport cython

from engine.net.connection cimport Connection
from engine.net.frontend cimport FrontEnd
from engine.protocols.events cimport RequestHead
from engine.protocols.http1.writer cimport response_head

cdef class Http1Connection(Connection):
    cdef public object serves

    @cython.locals(front=FrontEnd, http=RequestHead, keep=bint)
    cpdef tuple encode_head(self, head, status, list headers, length)
