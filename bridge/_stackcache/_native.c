/* Keep freed interpreter data-stack chunks for the next greenlet.
 *
 * CPython >= 3.11 puts Python frames on a "data stack", a chain of chunks that
 * every greenlet has of its own.  The first Python frame of a greenlet asks
 * the object arena allocator for a 16 KiB chunk and the end of the greenlet
 * gives it back: one mmap(2), one page fault and one munmap(2), which is most
 * of the price of a greenlet.  The functions below sit in front of the arena
 * allocator and keep such chunks on a bounded last-in first-out list.
 *
 * Rules that every line here obeys (docs/design/stack-cache.md has the reasons):
 *
 * 1. Only CHUNK_BYTES is ever kept.  Each kept chunk was given to us as one
 *    whole allocation of that size, so it may go to `previous.free` at any time.
 * 2. The lock protects a handful of loads and stores.  Nothing is allocated,
 *    freed, mapped or called while it is held, and no Python API is used: the
 *    arena allocator is called without a GIL (a dying thread's chunk), from
 *    several interpreters with a GIL each, and in free-threaded builds.
 * 3. An allocator call that cannot get the lock soon goes past the cache.
 * 4. The `ctx` handed to CPython is the previous allocator's own.  CPython
 *    copies (ctx, alloc, free) without a lock, and with equal contexts every
 *    mixture of the old and the new triple that another thread may see works.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* DATA_STACK_CHUNK_SIZE of CPython's Python/pystate.c; measured on 3.11 to 3.13.
 * If a later CPython uses another size, nothing is kept and nothing breaks. */
#define CHUNK_BYTES ((size_t)16 * 1024)

/* An allocator call tries for the lock this often.  The holder needs some ten
 * nanoseconds, so a longer wait means that it lost its processor. */
#define SPINS 64

/* Trimming: the smallest number of idle chunks seen during WINDOW releases was
 * not needed in that time.  Half of what exceeds RESERVE is then given up. */
#define WINDOW 4096
#define RESERVE 64

/* How many chunks leave the list at a time when it is emptied by request. */
#define BATCH 64

static atomic_flag lock_word = ATOMIC_FLAG_INIT;

/* The allocator found at the first install.  Written once, before CPython hears
 * of ours, and then for ever the same: so calls cannot go round in a ring. */
static PyObjectArenaAllocator previous;

/* Everything here is read and written with the lock held. */
static struct {
    void **chunks; /* the list; the next one to hand out is chunks[count - 1] */
    size_t count;
    size_t capacity;
    size_t room;         /* allocated length of chunks */
    size_t lowest;       /* smallest count in this window */
    size_t window;       /* releases left in this window */
    size_t surplus;      /* so many coming releases are not kept */
    bool hooked;         /* CPython was told to call us, and not otherwise since */
    bool enabled;        /* chunks are kept */
    uint64_t hits;
    uint64_t misses;
    uint64_t kept;
    uint64_t overflows; /* released because the list was full */
    uint64_t trimmed;   /* released because they were not needed, or by request */
} cache;

static _Atomic uint64_t contended; /* calls that gave up waiting for the lock */

/* ------------------------------------------------------------------ lock */

static inline void
relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

static inline bool
lock_soon(void)
{
    for (int i = 0; i < SPINS; i++) {
        if (!atomic_flag_test_and_set_explicit(&lock_word, memory_order_acquire)) {
            return true;
        }
        relax();
    }
    atomic_fetch_add_explicit(&contended, 1, memory_order_relaxed);
    return false;
}

/* Not for the allocator functions.  Always ends: see rule 2. */
static void
lock_surely(void)
{
    while (atomic_flag_test_and_set_explicit(&lock_word, memory_order_acquire)) {
        sched_yield();
    }
}

static void
unlock(void)
{
    atomic_flag_clear_explicit(&lock_word, memory_order_release);
}

/* ------------------------------------------------------- the allocator */

/* Lock held.  Return a kept chunk or NULL. */
static inline void *
take(void)
{
    if (cache.count == 0) {
        cache.misses += cache.enabled;
        cache.lowest = 0;
        cache.surplus = 0;
        return NULL;
    }
    cache.hits++;
    cache.count--;
    if (cache.count < cache.lowest) {
        cache.lowest = cache.count;
    }
    return cache.chunks[cache.count];
}

static void
begin_window(void)
{
    cache.lowest = cache.count;
    cache.window = WINDOW;
}

/* Lock held.  Keep the chunk, or return false: the caller must free it. */
static inline bool
keep(void *chunk)
{
    if (!cache.enabled) {
        return false;
    }
    if (--cache.window == 0) {
        cache.surplus = cache.lowest > RESERVE ? (cache.lowest - RESERVE + 1) / 2 : 0;
        begin_window();
    }
    if (cache.surplus > 0) {
        cache.surplus--;
        cache.trimmed++;
        return false;
    }
    if (cache.count >= cache.capacity) {
        cache.overflows++;
        return false;
    }
    cache.chunks[cache.count++] = chunk;
    cache.kept++;
    return true;
}

static void *
cached_alloc(void *ctx, size_t size)
{
    void *chunk = NULL;
    if (size == CHUNK_BYTES && lock_soon()) {
        chunk = take();
        unlock();
    }
    return chunk != NULL ? chunk : previous.alloc(ctx, size);
}

static void
cached_free(void *ctx, void *ptr, size_t size)
{
    bool kept = false;
    if (size == CHUNK_BYTES && ptr != NULL && lock_soon()) {
        kept = keep(ptr);
        unlock();
    }
    if (!kept) {
        previous.free(ctx, ptr, size);
    }
}

/* Give chunks back until at most `keep_count` are left; return how many went. */
static size_t
release_down_to(size_t keep_count)
{
    void *batch[BATCH];
    size_t released = 0;
    for (;;) {
        size_t n = 0;
        lock_surely();
        while (cache.count > keep_count && n < BATCH) {
            batch[n++] = cache.chunks[--cache.count];
        }
        cache.trimmed += n;
        cache.surplus = 0;
        begin_window();
        unlock();
        if (n == 0) {
            return released;
        }
        for (size_t i = 0; i < n; i++) {
            previous.free(previous.ctx, batch[i], CHUNK_BYTES);
        }
        released += n;
    }
}

/* -------------------------------------------------------------- set-up */

/* Serialises install and uninstall.  Never taken by the allocator functions.
 * Its holder has let go of the interpreter, so whoever waits for it may keep
 * the GIL, or the world may be stopped: it is given back all the same. */
static pthread_mutex_t setup_mutex = PTHREAD_MUTEX_INITIALIZER;

/* fork() copies locks as they are.  Holding both across the fork means that no
 * other thread does: the child begins with free locks and a whole list. */

static void
before_fork(void)
{
    pthread_mutex_lock(&setup_mutex);
    lock_surely();
}

static void
after_fork(void)
{
    unlock();
    pthread_mutex_unlock(&setup_mutex);
}

static bool
is_ours(const PyObjectArenaAllocator *found)
{
    return found->alloc == cached_alloc && found->free == cached_free;
}

static bool
is_previous(const PyObjectArenaAllocator *found)
{
    return found->ctx == previous.ctx && found->alloc == previous.alloc && found->free == previous.free;
}

/* Set-up mutex held.  False: no memory. */
static bool
set_capacity(size_t capacity)
{
    void **wider = NULL;
    if (capacity > cache.room) { /* `room` changes only under the set-up mutex */
        wider = malloc(capacity * sizeof(void *));
        if (wider == NULL) {
            return false;
        }
    }
    lock_surely();
    if (wider != NULL) {
        void **old = cache.chunks;
        for (size_t i = 0; i < cache.count; i++) {
            wider[i] = old[i];
        }
        cache.chunks = wider;
        cache.room = capacity;
        wider = old;
    }
    cache.capacity = capacity;
    unlock();
    free(wider);
    return true;
}

/* Set-up mutex held.  Make CPython call us, unless it does already. */
static bool
hook(void)
{
    PyObjectArenaAllocator found;
    PyObject_GetArenaAllocator(&found);
    if (is_ours(&found)) {
        return true;
    }
    if (previous.alloc == NULL) { /* the first time in this process */
        if (found.alloc == NULL || found.free == NULL || pthread_atfork(before_fork, after_fork, after_fork) != 0) {
            return false;
        }
        previous = found;
    }
    else if (!is_previous(&found)) {
        /* Somebody put another allocator over ours, and it may call us. */
        return false;
    }
    PyObjectArenaAllocator ours = {previous.ctx, cached_alloc, cached_free};
    PyObject_SetArenaAllocator(&ours);
    return true;
}

static void
set_enabled(bool hooked, bool enabled)
{
    lock_surely();
    cache.hooked = hooked;
    cache.enabled = enabled;
    cache.surplus = 0;
    begin_window();
    unlock();
}

typedef enum { INSTALLED, REFUSED, NO_MEMORY } outcome;

static outcome
do_install(size_t capacity)
{
    outcome result = NO_MEMORY;
    pthread_mutex_lock(&setup_mutex);
    if (set_capacity(capacity)) {
        result = REFUSED;
        if (hook()) {
            set_enabled(true, true);
            release_down_to(capacity);
            result = INSTALLED;
        }
    }
    pthread_mutex_unlock(&setup_mutex);
    return result;
}

/* True if CPython does not call us any longer. */
static bool
do_uninstall(void)
{
    bool removed = true;
    pthread_mutex_lock(&setup_mutex);
    if (cache.hooked) {
        PyObjectArenaAllocator found;
        PyObject_GetArenaAllocator(&found);
        if (is_ours(&found)) {
            PyObject_SetArenaAllocator(&previous);
        }
        else {
            removed = is_previous(&found);
        }
        set_enabled(!removed, false);
        release_down_to(0);
    }
    pthread_mutex_unlock(&setup_mutex);
    return removed;
}

/* ---------------------------------------------------------- Python API */

static int
as_count(PyObject *arg, size_t *count)
{
    *count = PyLong_AsSize_t(arg);
    if (*count == (size_t)-1 && PyErr_Occurred()) {
        return -1;
    }
    if (*count > SIZE_MAX / CHUNK_BYTES) {
        PyErr_SetString(PyExc_OverflowError, "so many chunks do not fit in memory; give a smaller number");
        return -1;
    }
    return 0;
}

static PyObject *
install(PyObject *Py_UNUSED(module), PyObject *arg)
{
    size_t capacity;
    outcome result;
    if (as_count(arg, &capacity) < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    result = do_install(capacity);
    Py_END_ALLOW_THREADS
    return result == NO_MEMORY ? PyErr_NoMemory() : PyBool_FromLong(result == INSTALLED);
}

static PyObject *
uninstall(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    bool removed;
    Py_BEGIN_ALLOW_THREADS
    removed = do_uninstall();
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(removed);
}

static PyObject *
trim(PyObject *Py_UNUSED(module), PyObject *arg)
{
    size_t keep_count;
    size_t released;
    if (as_count(arg, &keep_count) < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    released = release_down_to(keep_count);
    Py_END_ALLOW_THREADS
    return PyLong_FromSize_t(released);
}

static PyObject *
counters(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    lock_surely();
    bool enabled = cache.enabled;
    unsigned long long values[] = {cache.count, cache.capacity,  cache.hits,   cache.misses,
                                   cache.kept,  cache.overflows, cache.trimmed};
    unlock();
    return Py_BuildValue("(NKKKKKKKK)", PyBool_FromLong(enabled), values[0], values[1], values[2], values[3],
                         values[4], values[5], values[6],
                         (unsigned long long)atomic_load_explicit(&contended, memory_order_relaxed));
}

static PyMethodDef methods[] = {
    {"install", install, METH_O, PyDoc_STR("Keep at most so many freed chunks from now on; True if it works.")},
    {"uninstall", uninstall, METH_NOARGS,
     PyDoc_STR("Keep no more chunks and give all back; True if CPython calls us no longer.")},
    {"trim", trim, METH_O, PyDoc_STR("Give chunks back until so many are left; return how many went.")},
    {"counters", counters, METH_NOARGS, PyDoc_STR("Return the numbers of bridge._stackcache.Statistics.")},
    {NULL, NULL, 0, NULL},
};

static int
module_exec(PyObject *module)
{
    return PyModule_AddIntConstant(module, "CHUNK_BYTES", (long)CHUNK_BYTES);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_MOD_PER_INTERPRETER_GIL_SUPPORTED
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_MOD_GIL_NOT_USED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "bridge._stackcache._native",
    .m_doc = PyDoc_STR("The chunk cache; use it through bridge._stackcache."),
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&definition);
}
