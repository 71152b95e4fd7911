from engine.net.connection cimport Connection

cdef class UwsgiConnection(Connection):
    cdef bint _serving
