cdef class Parser:
    cpdef list receive(self, bytes data)
    cpdef list next_request(self)
    cpdef long long body_left(self)
    cpdef bint skip_body(self, long long count)
    cpdef bint should_pause(self)
    cpdef bint in_head(self)
