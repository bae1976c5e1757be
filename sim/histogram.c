#include "sim/histogram.h"

#include <assert.h>

#define ALONE 256 /* values with a bin of their own */
#define HALF 128  /* bins of a doubling */

static unsigned bin_of(int64_t value)
{
    uint64_t v = (uint64_t)value;
    if (v < ALONE)
        return (unsigned)v;
    unsigned top = 63 - (unsigned)__builtin_clzll(v);
    return ALONE + (top - 8) * HALF + (unsigned)(v >> (top - 7)) - HALF;
}

/* The middle of a bin. */
static int64_t value_of(unsigned bin)
{
    if (bin < ALONE)
        return bin;
    unsigned shift = (bin - ALONE) / HALF + 1;
    uint64_t low = (uint64_t)((bin - ALONE) % HALF + HALF) << shift;
    return (int64_t)(low + (UINT64_C(1) << (shift - 1)));
}

void sim_histogram_add(struct sim_histogram *h, int64_t value)
{
    if (value < 0)
        value = 0;
    if (h->count == 0 || value < h->least)
        h->least = value;
    if (value > h->largest)
        h->largest = value;
    h->bins[bin_of(value)]++;
    h->count++;
    h->sum += value;
}

void sim_histogram_merge(struct sim_histogram *h,
                         const struct sim_histogram *other)
{
    if (other->count == 0)
        return;
    if (h->count == 0 || other->least < h->least)
        h->least = other->least;
    if (other->largest > h->largest)
        h->largest = other->largest;
    for (unsigned i = 0; i < SIM_HISTOGRAM_BINS; i++)
        h->bins[i] += other->bins[i];
    h->count += other->count;
    h->sum += other->sum;
}

int64_t sim_histogram_quantile(const struct sim_histogram *h, double p)
{
    assert(h->count >= 1);
    assert(p >= 0);
    assert(p <= 1);
    uint64_t rank = (uint64_t)(p * (double)h->count * (1 - 1e-13));
    uint64_t below = 0;
    unsigned i = 0;
    if (rank >= h->count)
        rank = h->count - 1;
    while (below + h->bins[i] <= rank)
        below += h->bins[i++];
    int64_t value = value_of(i);
    if (value < h->least)
        return h->least;
    return value > h->largest ? h->largest : value;
}

double sim_histogram_mean(const struct sim_histogram *h)
{
    assert(h->count >= 1);
    return (double)h->sum / (double)h->count;
}
