cpdef double monotonic()
