cdef class EnvironBuilder:
    cdef dict _template
    cdef dict _keys

    cpdef build(self, exchange, dict template)
    cdef dict _from_http(self, head, dict template)
    cdef _key_of(self, name)
    cdef dict _from_uwsgi(self, head, dict template)
