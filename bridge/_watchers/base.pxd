from bridge._state cimport LoopState

cdef class watcher:
    cdef public LoopState loop
    cdef public object _callback
    cdef public object _args
    cdef public int _priority
    cdef public bint _active
    cdef public bint _ref
    cdef object __weakref__

    cpdef _setup(self, loop, ref, priority)
    cpdef _register(self)
    cpdef _unregister(self)
    cpdef _begin(self)
    cpdef stop(self)
    cpdef _fire(self)
    cpdef _after_error(self)

cpdef check_callback(func)
