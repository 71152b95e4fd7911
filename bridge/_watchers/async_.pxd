from bridge._watchers.base cimport watcher

cdef class async_(watcher):
    cdef public bint _sent
