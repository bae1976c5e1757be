#include "sim/histogram.h"

#include <assert.h>
#include <stdlib.h>

#include "limiter/error.h"
#include "sim/stats.h"

#define ALONE 256 /* values with a bin of their own */
#define HALF 128  /* bins of a doubling */

static unsigned bin_of(int64_t value)
{
    uint64_t v = value > 0 ? (uint64_t)value : 0;
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
    value = value > 0 ? value : 0;
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

/* How many values are before the p-quantile, as sim_quantile has it. */
static uint64_t rank_of(const struct sim_histogram *h, double p)
{
    assert(h->count >= 1);
    assert(p >= 0);
    assert(p <= 1);
    uint64_t rank = (uint64_t)(p * (double)h->count * (1 - 1e-13));
    return rank < h->count ? rank : h->count - 1;
}

int64_t sim_histogram_quantile(const struct sim_histogram *h, double p)
{
    uint64_t rank = rank_of(h, p), below = 0;
    unsigned i = 0;
    while (below + h->bins[i] <= rank)
        below += h->bins[i++];
    int64_t value = value_of(i);
    if (value < h->least)
        return h->least;
    return value > h->largest ? h->largest : value;
}

/* Puts the values of the wanted bins behind each other; there is room for one
   more than there are. */
static void gather(const struct sim_histogram *h, const int64_t *values,
                   const uint8_t *wanted, int64_t *out)
{
    size_t found = 0;
    for (uint64_t i = 0; i < h->count; i++) {
        out[found] = values[i];
        found += wanted[bin_of(values[i])];
    }
}

int sim_histogram_exact(const struct sim_histogram *h, const int64_t *values,
                        const double *p, size_t count, int64_t *out)
{
    uint8_t wanted[SIM_HISTOGRAM_BINS] = { 0 };
    uint64_t below = 0, room = 0; /* values in bins before; of wanted ones */
    unsigned bin = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t rank = rank_of(h, p[i]);
        while (below + h->bins[bin] <= rank)
            below += h->bins[bin++];
        room += wanted[bin] ? 0 : h->bins[bin];
        wanted[bin] = 1;
        out[i] = (int64_t)(rank - below + room - h->bins[bin]);
    }
    int64_t *in_order = malloc((room + 1) * sizeof *in_order);
    if (in_order == NULL)
        return LIM_ENOMEM;
    gather(h, values, wanted, in_order);
    sim_sort(in_order, room);
    for (size_t i = 0; i < count; i++)
        out[i] = in_order[out[i]];
    free(in_order);
    return LIM_OK;
}

double sim_histogram_mean(const struct sim_histogram *h)
{
    assert(h->count >= 1);
    return (double)h->sum / (double)h->count;
}
