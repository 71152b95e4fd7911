cdef class Link:
    cpdef tuple encode_head(self, head, status, list headers, length)
    cpdef remote_addr(self, head)
    cpdef environ_base(self)
    cpdef transmit(self, data)
    cpdef reply_ended(self, exchange, bint reusable)
