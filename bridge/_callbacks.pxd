cdef class callback:
    cdef public object callback
    cdef public object args
    cdef public callback following

    cpdef stop(self)

cpdef callback new_callback(func, args)

cdef class CallbackQueue:
    cdef public callback first
    cdef public callback last
    cdef public Py_ssize_t count

    cpdef append(self, callback cb)
    cpdef clear(self)
