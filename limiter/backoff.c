#include "limiter/backoff.h"

#include <stddef.h>
#include <string.h>

#include "limiter/rng.h"

/* min(cap, base x 2^n), without overflow. */
static int64_t ceiling(int64_t base_ns, int64_t cap_ns, unsigned n)
{
    if (base_ns >= cap_ns)
        return cap_ns;
    return n >= 62 || base_ns > cap_ns >> n ? cap_ns : base_ns << n;
}

static int64_t full_jitter(int64_t base_ns, int64_t cap_ns, unsigned n,
                           uint64_t draw)
{
    return (int64_t)((double)ceiling(base_ns, cap_ns, n) *
                     lim_rng_uniform(draw));
}

static const struct lim_backoff lim_backoff_full_jitter = {
    .name = "full_jitter",
    .summary = "uniform between 0 and min(cap, base x 2^n)",
    .wait = full_jitter,
};

const struct lim_backoff *const lim_backoffs[] = {
    &lim_backoff_full_jitter,
    NULL,
};

const struct lim_backoff *lim_backoff_find(const char *name)
{
    for (size_t i = 0; lim_backoffs[i] != NULL; i++)
        if (strcmp(lim_backoffs[i]->name, name) == 0)
            return lim_backoffs[i];
    return NULL;
}
