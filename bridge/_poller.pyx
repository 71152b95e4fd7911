# cython: language_level=3
"""The loop's own poll descriptor on Linux, without Python objects per event; see _poller.py."""

from libc.errno cimport EEXIST, ENOENT, EINTR, errno
from libc.stdlib cimport free, malloc
from libc.stdint cimport uint32_t

import os

cdef extern from "<sys/epoll.h>" nogil:
    ctypedef union epoll_data_t:
        int fd
    struct epoll_event:
        uint32_t events
        epoll_data_t data
    int epoll_create1(int flags)
    int epoll_ctl(int epfd, int op, int fd, epoll_event* event)
    int epoll_wait(int epfd, epoll_event* events, int maxevents, int timeout)
    int EPOLL_CTL_ADD
    int EPOLL_CTL_MOD
    int EPOLL_CTL_DEL
    int EPOLL_CLOEXEC
    uint32_t EPOLLIN
    uint32_t EPOLLPRI
    uint32_t EPOLLOUT
    uint32_t EPOLLERR
    uint32_t EPOLLHUP

cdef extern from "<unistd.h>" nogil:
    int c_close "close"(int fd)

__all__ = ["READ", "WRITE", "Poller"]

READ = 1
WRITE = 2

# At most so many events per look; the kernel hands out the others first the next time.
cdef enum:
    _BATCH = 256


cdef int _change(int poll, int operation, int fd, int wanted) noexcept nogil:
    cdef epoll_event event
    event.data.fd = fd
    event.events = 0
    if wanted & 1:
        event.events |= EPOLLIN
    if wanted & 2:
        event.events |= EPOLLOUT
    return epoll_ctl(poll, operation, fd, &event)


cdef _fail():
    cdef int number = errno
    raise OSError(number, os.strerror(number))


cdef class Poller:
    """Which descriptors are watched for what; used in one thread."""

    def __cinit__(self):
        self._fd = epoll_create1(EPOLL_CLOEXEC)
        if self._fd < 0:
            _fail()
        self._events = malloc(_BATCH * sizeof(epoll_event))
        if self._events == NULL:
            raise MemoryError
        self.count = 0

    def __dealloc__(self):
        if self._fd >= 0:
            c_close(self._fd)
        free(self._events)

    def fileno(self):
        """Return the poll descriptor."""
        return self._fd

    cpdef watch(self, int fd, int had, int wanted):
        """Change what *fd* is watched for from *had* to *wanted* (bits READ and WRITE).

        :raises PermissionError: for a regular file, which cannot be polled and is always ready
        :raises OSError: if *fd* is not open
        """
        if had and wanted:
            if _change(self._fd, EPOLL_CTL_MOD, fd, wanted) < 0:
                # Closed and opened again behind our back.
                if errno != ENOENT or _change(self._fd, EPOLL_CTL_ADD, fd, wanted) < 0:
                    _fail()
        elif had:
            self.count -= 1
            _change(self._fd, EPOLL_CTL_DEL, fd, 0)  # fails if closed behind our back
        elif wanted:
            if _change(self._fd, EPOLL_CTL_ADD, fd, wanted) < 0:
                if errno != EEXIST or _change(self._fd, EPOLL_CTL_MOD, fd, wanted) < 0:
                    _fail()
            self.count += 1

    cpdef int collect(self) except -1:
        """Find what is ready now, never waiting; return how many descriptors that are."""
        # Without letting go of the interpreter: nothing here can wait.
        cdef int found = epoll_wait(self._fd, <epoll_event*>self._events, _BATCH, 0)
        if found < 0:
            if errno != EINTR:
                _fail()
            return 0
        return found

    cpdef int fd_at(self, int index):
        """Return a descriptor that :meth:`collect` found."""
        return (<epoll_event*>self._events)[index].data.fd

    cpdef int ready_at(self, int index):
        """Return for what it is ready."""
        cdef uint32_t events = (<epoll_event*>self._events)[index].events
        cdef int ready = 0
        if events & (EPOLLIN | EPOLLPRI | EPOLLERR | EPOLLHUP):
            ready = 1
        if events & (EPOLLOUT | EPOLLERR | EPOLLHUP):
            ready |= 2
        return ready

    cpdef forget(self, int fd):
        """Stop watching a descriptor that nobody knows any more."""
        _change(self._fd, EPOLL_CTL_DEL, fd, 0)

    def close(self):
        """Close the poll descriptor; in a forked child this leaves the parent's registrations alone."""
        if self._fd >= 0:
            c_close(self._fd)
            self._fd = -1
