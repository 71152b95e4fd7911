# cython: language_level=3
"""The clock that deadlines count on, read without a call through Python; see _clock.py.

Linux only: there ``time.monotonic`` is CLOCK_MONOTONIC.
"""

cdef extern from "<time.h>" nogil:
    ctypedef int clockid_t
    struct timespec:
        long tv_sec
        long tv_nsec
    int clock_gettime(clockid_t clock, timespec* found)
    clockid_t CLOCK_MONOTONIC

__all__ = ["monotonic"]


cpdef double monotonic():
    """Return the seconds of a clock that never goes back; its zero means nothing."""
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <double>now.tv_sec + <double>now.tv_nsec * 1e-9
