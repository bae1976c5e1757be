#ifndef LIM_BACKOFF_H
#define LIM_BACKOFF_H

#include <stdint.h>

#include "limiter/time.h"

/*
 * How long a request waits between two tries.
 *
 * full_jitter: uniform between 0 and min(cap, base x 2^n) before retry n
 * (from 0): the least work for the provider of the usual forms (AWS
 * Architecture Blog, "Exponential backoff and jitter", 2015).
 */
struct lim_backoff {
    const char *name;
    const char *summary;
    /* Returns the wait in ns before retry `n`; `draw` is 64 random bits. */
    int64_t (*wait)(int64_t base_ns, int64_t cap_ns, unsigned n, uint64_t draw);
};

/* The back-offs of this library; ends with NULL. */
extern const struct lim_backoff *const lim_backoffs[];

/* Returns the back-off of that name, or NULL. */
const struct lim_backoff *lim_backoff_find(const char *name);

#endif
