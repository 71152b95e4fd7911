/* Call an arena allocator so fast that threads meet inside it.  Plain C: ctypes
 * loads it, and its calls do not hold the GIL. */

#include <stddef.h>

#define HELD 6
#define WORDS (16 * 1024 / sizeof(size_t))

typedef void *(*alloc_function)(void *ctx, size_t size);
typedef void (*free_function)(void *ctx, void *ptr, size_t size);

/* Hold up to HELD chunks, each marked as this thread's, until `*stop` or the
 * rounds are over.  Return how often a chunk had somebody else's mark. */
long
hammer(void *ctx, alloc_function alloc, free_function release, size_t mark, long rounds, volatile int *stop)
{
    long wrong = 0;
    for (long round = 0; round < rounds && !*stop; round++) {
        volatile size_t *held[HELD];
        for (int i = 0; i < HELD; i++) {
            held[i] = alloc(ctx, 16 * 1024);
            held[i][0] = mark;
            held[i][WORDS - 1] = mark;
        }
        for (int i = 0; i < HELD; i++) {
            wrong += held[i][0] != mark || held[i][WORDS - 1] != mark;
            release(ctx, (void *)held[i], 16 * 1024);
        }
    }
    return wrong;
}
