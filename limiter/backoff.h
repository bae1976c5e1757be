#ifndef LIM_BACKOFF_H
#define LIM_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/time.h"

/*
 * How long a request waits between two tries.  Each file in
 * limiter/backoffs/ is one, with its definition and source.
 *
 * A back-off has no state: what it needs of a request is in the case, the
 * random bits too, and the pool keeps the rest.  A struct lim_backoff is
 * constant and outlives the pools that use it.
 */
struct lim_backoff_case {
    int64_t base_ns, cap_ns; /* >= 0 */
    unsigned n;              /* retry, from 0 */
    int64_t previous_ns;     /* this request's last wait; 0 at first */
    int64_t hint_ns;         /* what the server asks for, bare; -1: nothing */
    uint64_t draw;           /* 64 random bits */
};

#define LIM_BACKOFF_GIVE_UP INT64_C(-1)

struct lim_backoff {
    const char *name;
    const char *summary; /* one line, for --list */
    /* Returns the wait in ns before retry n, >= 0 and up to INT64_MAX, or
       LIM_BACKOFF_GIVE_UP to try no more.  The pool waits for the hint at
       least, unless `obeys`. */
    int64_t (*wait)(const struct lim_backoff_case *c);
    bool obeys; /* makes its own use of the hint */
};

/* The back-offs of this library; ends with NULL. */
extern const struct lim_backoff *const lim_backoffs[];

/* Returns the back-off of that name, or NULL. */
const struct lim_backoff *lim_backoff_find(const char *name);

#endif
