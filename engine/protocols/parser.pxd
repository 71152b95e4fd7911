cdef class Parser:
    cpdef list receive(self, bytes data)
    cpdef list next_request(self)
    cpdef bint should_pause(self)
    cpdef bint in_head(self)
