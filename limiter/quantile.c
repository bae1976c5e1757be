#include "limiter/quantile.h"

#include <assert.h>
#include <string.h>

#define FIRST_BITS 10 /* 1.024 us: all below is one bin */
#define PARTS_BITS 3
#define PARTS (1u << PARTS_BITS)

void lim_quantile_init(struct lim_quantile *q, double share)
{
    assert(share > 0 && share < 1);
    memset(q, 0, sizeof *q);
    q->share = share;
}

static unsigned bin_of(int64_t ns)
{
    if (ns < INT64_C(1) << FIRST_BITS)
        return 0;
    unsigned top = 63 - (unsigned)__builtin_clzll((unsigned long long)ns);
    unsigned part = (unsigned)(ns >> (top - PARTS_BITS)) & (PARTS - 1);
    unsigned bin = 1 + (top - FIRST_BITS) * PARTS + part;
    return bin < LIM_QUANTILE_BINS ? bin : LIM_QUANTILE_BINS - 1;
}

/* Where the next bin begins. */
static int64_t end_of(unsigned bin)
{
    unsigned top = FIRST_BITS + bin / PARTS;
    return (int64_t)(PARTS + bin % PARTS) << (top - PARTS_BITS);
}

void lim_quantile_add(struct lim_quantile *q, int64_t ns)
{
    q->bins[bin_of(ns)]++;
    if (++q->count < LIM_QUANTILE_MOST)
        return;
    q->count = 0;
    for (unsigned i = 0; i < LIM_QUANTILE_BINS; i++)
        q->count += q->bins[i] /= 2;
    q->fresh_until = 0;
}

int64_t lim_quantile_get(struct lim_quantile *q)
{
    if (q->count < LIM_QUANTILE_LEAST)
        return -1;
    if (q->count < q->fresh_until)
        return q->last;
    double rank = q->share * (double)q->count;
    uint32_t below = q->bins[0];
    unsigned i = 0;
    while ((double)below < rank)
        below += q->bins[++i];
    q->last = end_of(i);
    q->fresh_until = q->count + q->count / 16 + 1;
    return q->last;
}
