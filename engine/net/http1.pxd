from engine.net.connection cimport Connection

cdef class Http1Connection(Connection):
    pass
