cpdef double now()
cpdef double monotonic()
