from engine.net.connection cimport Connection

cdef class Http1Connection(Connection):
    cdef public object serves
