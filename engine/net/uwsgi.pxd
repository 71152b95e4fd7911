from engine.net.connection cimport Connection

cdef class UwsgiConnection(Connection):
    pass
