#include "sim/histogram.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/error.h"
#include "sim/stats.h"

#define ALONE 256 /* values with a bin of their own */
#define HALF 128  /* bins of a doubling */

/* Every number below ALONE is as if it had eight bits. */
static unsigned bin_of(uint64_t v)
{
    unsigned top = 63 - (unsigned)__builtin_clzll(v | HALF);
    return (top - 7) * HALF + (unsigned)(v >> (top - 7));
}

/* Less than nothing counts as nothing. */
static uint64_t counted(int64_t value)
{
    return value > 0 ? (uint64_t)value : 0;
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
    value = (int64_t)counted(value);
    if (h->count == 0 || value < h->least)
        h->least = value;
    if (value > h->largest)
        h->largest = value;
    h->bins[bin_of((uint64_t)value)]++;
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
    uint64_t rank = sim_rank(h->count, p), below = 0;
    unsigned i = 0;
    while (below + h->bins[i] <= rank)
        below += h->bins[i++];
    int64_t value = value_of(i);
    if (value < h->least)
        return h->least;
    return value > h->largest ? h->largest : value;
}

/* What is kept while the quantiles of many values are found. */
struct search {
    uint32_t bins[SIM_HISTOGRAM_BINS];
    uint8_t wanted[SIM_HISTOGRAM_BINS]; /* 1: a quantile is in the bin */
    uint16_t bin[];                     /* of each value */
};

static sim_wide count_bins(struct search *s, const int64_t *values, size_t n)
{
    sim_wide sum = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t v = counted(values[i]);
        unsigned bin = bin_of(v);
        sum += v;
        s->bins[bin]++;
        s->bin[i] = (uint16_t)bin;
    }
    return sum;
}

/* Puts the values of the wanted bins behind each other; there is room for one
   more than there are. */
static void gather(const struct search *s, const int64_t *values, size_t n,
                   int64_t *out)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        out[found] = values[i];
        found += s->wanted[s->bin[i]];
    }
}

/* Those of the wanted bins in order, and in `out` the place of each quantile
   among them.  NULL: no memory. */
static int64_t *order_wanted(struct search *s, const int64_t *values, size_t n,
                             const double *p, size_t count, int64_t *out)
{
    uint64_t below = 0, room = 0; /* values in bins before; of wanted ones */
    unsigned bin = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t rank = sim_rank(n, p[i]);
        while (below + s->bins[bin] <= rank)
            below += s->bins[bin++];
        room += s->wanted[bin] ? 0 : s->bins[bin];
        s->wanted[bin] = 1;
        out[i] = (int64_t)(rank - below + room - s->bins[bin]);
    }
    int64_t *in_order = malloc((room + 1) * sizeof *in_order);
    if (in_order == NULL)
        return NULL;
    gather(s, values, n, in_order);
    sim_sort(in_order, room);
    return in_order;
}

int sim_histogram_exact(const int64_t *values, size_t n, const double *p,
                        size_t count, int64_t *out, double *mean)
{
    struct search *s = malloc(sizeof *s + n * sizeof s->bin[0]);
    int64_t *in_order = NULL;
    assert(n <= UINT32_MAX);
    if (s != NULL) {
        memset(s, 0, sizeof *s);
        *mean = (double)count_bins(s, values, n) / (double)n;
        in_order = order_wanted(s, values, n, p, count, out);
    }
    free(s);
    if (in_order == NULL)
        return LIM_ENOMEM;
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
