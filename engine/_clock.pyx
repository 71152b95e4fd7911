# cython: language_level=3
"""The clocks of a request, read without a call through Python; see _clock.py.

Linux only: there ``time.time`` is CLOCK_REALTIME and ``time.monotonic`` CLOCK_MONOTONIC.
"""

cdef extern from "<time.h>" nogil:
    ctypedef int clockid_t
    struct timespec:
        long tv_sec
        long tv_nsec
    int clock_gettime(clockid_t clock, timespec* found)
    clockid_t CLOCK_MONOTONIC
    clockid_t CLOCK_REALTIME

__all__ = ["monotonic", "now"]


cpdef double now():
    """Return the seconds since 1970, UTC."""
    cdef timespec found
    clock_gettime(CLOCK_REALTIME, &found)
    return <double>found.tv_sec + <double>found.tv_nsec * 1e-9


cpdef double monotonic():
    """Return the seconds of a clock that never goes back; its zero means nothing."""
    cdef timespec found
    clock_gettime(CLOCK_MONOTONIC, &found)
    return <double>found.tv_sec + <double>found.tv_nsec * 1e-9
