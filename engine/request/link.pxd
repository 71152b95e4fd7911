cdef class Link:
    cpdef tuple encode_head(self, head, str status, list headers, length)
    cpdef transmit(self, data)
    cpdef reply_ended(self, exchange, bint reusable)
