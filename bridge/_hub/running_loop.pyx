# cython: language_level=3
"""asyncio's record of the running loop, read and written without a system call; see running_loop.py.

In Python 3.11 the record is an object in the dictionary of the native thread, which holds the loop and the
number of the process.  asyncio's functions ask the kernel for that number each time, and make a new record for
each loop that is set: a third of a microsecond for every request that is started.  Here the record that is
there is changed, and the number of the process is learnt anew after a fork only.

Nothing is taken for granted: at import a record is made by asyncio's own function.  Where it does not look as
expected (since Python 3.12 asyncio keeps the loop alone, without a number; builds without the lock), and in a
native thread that has none yet, asyncio's own functions are called.
"""

from asyncio.events import _get_running_loop, _set_running_loop

from cpython.object cimport PyObject, PyTypeObject

cdef extern from *:
    """
    #include <pthread.h>
    #include <sys/types.h>
    #include <unistd.h>

    typedef struct {
        PyObject_HEAD
        PyObject *loop;
        pid_t pid;
    } bridge_record;

    static pid_t bridge_own_pid;

    static void bridge_learn_pid(void) { bridge_own_pid = getpid(); }

    static int bridge_watch_pid(void)
    {
        bridge_learn_pid();
        return pthread_atfork(NULL, NULL, bridge_learn_pid);
    }

    #ifdef Py_GIL_DISABLED
    #define BRIDGE_WITH_LOCK 0
    #else
    #define BRIDGE_WITH_LOCK 1
    #endif
    """
    ctypedef struct Record "bridge_record":
        PyObject* loop
        int pid
    int own_pid "bridge_own_pid"
    int watch_pid "bridge_watch_pid"() nogil
    bint WITH_LOCK "BRIDGE_WITH_LOCK"

cdef extern from "Python.h":
    PyObject* PyThreadState_GetDict()
    PyObject* PyDict_GetItemWithError(PyObject* d, object key) except? NULL
    PyTypeObject* Py_TYPE(PyObject* o)
    void Py_INCREF(PyObject* o)
    void Py_DECREF(PyObject* o)

__all__ = ["get_running_loop", "set_running_loop"]

cdef PyTypeObject* _record_type = NULL  # NULL: asyncio's own functions are called
cdef object _KEY = "__asyncio_running_event_loop__"


cdef PyObject* _record() except? NULL:
    """Return the native thread's record; NULL if there is none or not of the known kind."""
    cdef PyObject* found
    cdef PyObject* of_thread
    if _record_type is NULL:
        return NULL
    of_thread = PyThreadState_GetDict()
    if of_thread is NULL:
        return NULL
    found = PyDict_GetItemWithError(of_thread, _KEY)
    if found is NULL or Py_TYPE(found) is not _record_type:
        return NULL
    return found


cpdef get_running_loop():
    """Return the loop that runs in this native thread and process, or None."""
    cdef PyObject* record = _record()
    if record is NULL:
        return _get_running_loop()
    if (<Record*>record).pid != own_pid:
        return None  # the one of the process that forked
    return <object>(<Record*>record).loop


cpdef set_running_loop(loop):
    """Make *loop*, or None, the loop that runs in this native thread and process."""
    cdef PyObject* record = _record()
    cdef PyObject* before
    if record is NULL:
        _set_running_loop(loop)
        return
    before = (<Record*>record).loop
    Py_INCREF(<PyObject*>loop)
    (<Record*>record).loop = <PyObject*>loop
    (<Record*>record).pid = own_pid
    Py_DECREF(before)


cdef _learn_record():
    """Have asyncio make a record, and see whether it is what this module takes it for."""
    global _record_type
    cdef PyObject* found = NULL
    cdef PyObject* of_thread = PyThreadState_GetDict()
    if not WITH_LOCK or of_thread is NULL or watch_pid() != 0:
        return
    mark = object()
    before = _get_running_loop()
    _set_running_loop(mark)
    try:
        found = PyDict_GetItemWithError(of_thread, _KEY)
        if (
            found is not NULL
            and type(<object>found).__basicsize__ == sizeof(Record)
            and (<Record*>found).loop is <PyObject*>mark
            and (<Record*>found).pid == own_pid
        ):
            _record_type = Py_TYPE(found)
            Py_INCREF(<PyObject*>_record_type)
    finally:
        _set_running_loop(before)


_learn_record()
