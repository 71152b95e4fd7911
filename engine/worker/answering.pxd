from engine.apps.wsgi.adapter cimport WSGIAdapter
from engine.request.exchange cimport Exchange

cdef class Answering:
    cdef WSGIAdapter _adapter
    cdef object _api
    cdef dict _hooks
    cdef object _instance

    cpdef serve(self, Exchange exchange)
