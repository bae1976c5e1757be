#include "sim/histogram.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/error.h"
#include "limiter/row.h"
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

/*
 * To find the quantiles of values that are there, any bins will do that are in
 * order.  These are the exponent and seven bits more of value + 1 as a double,
 * which a processor finds for many values at a time: 128 for each doubling,
 * and FINE_ALONE of them hold one value each, 0 to 254, or none.
 */
#define PART 64
#define FINE_BINS (64 * HALF)
#define FINE_ALONE (8 * HALF)

/* Sums of the upper and the lower halves of many numbers. */
struct halves {
    uint64_t high, low;
};

/* The bins of PART values, of which less than nothing counts as nothing. */
LIM_WIDE static struct halves bins_of(const int64_t *values, uint16_t *bin)
{
    struct halves sum = { 0, 0 };
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < PART; i++) {
        int64_t v = values[i] > 0 ? values[i] : 0;
        double above = (double)v + 1;
        uint64_t bits;
        memcpy(&bits, &above, sizeof bits);
        bin[i] = (uint16_t)((bits >> 45) - (UINT64_C(1023) << 7));
        sum.high += (uint64_t)v >> 32;
        sum.low += (uint64_t)v & UINT32_MAX;
    }
    return sum;
}

/* Whether one of PART bins is wanted. */
LIM_WIDE static bool any_wanted(const uint16_t *bin, const uint16_t *wanted)
{
    uint16_t any = 0;
    LIM_EACH_COLUMN
    for (unsigned i = 0; i < PART; i++)
        for (unsigned k = 0; k < SIM_SHARES_MAX; k++)
            any |= bin[i] == wanted[k] ? UINT16_MAX : 0;
    return any != 0;
}

/* What is kept while the quantiles of many values are found. */
struct search {
    const int64_t *values;
    size_t n;
    uint32_t bins[FINE_BINS];
    uint8_t is_wanted[FINE_BINS];    /* 1: the bin holds a quantile */
    uint16_t wanted[SIM_SHARES_MAX]; /* those bins; UINT16_MAX: none */
    size_t wanted_count;
    int64_t last[PART]; /* the last part, which may be shorter */
    uint16_t bin[PART]; /* of the part at hand */
};

static unsigned part_size(const struct search *s, size_t from)
{
    return s->n - from < PART ? (unsigned)(s->n - from) : PART;
}

/* Finds the bins of the part that begins there. */
static struct halves find_bins(struct search *s, size_t from)
{
    unsigned count = part_size(s, from);
    if (count == PART)
        return bins_of(&s->values[from], s->bin);
    memcpy(s->last, &s->values[from], count * sizeof s->last[0]);
    return bins_of(s->last, s->bin);
}

/* Returns the sum of all values. */
static sim_wide count_bins(struct search *s)
{
    sim_wide sum = 0;
    for (size_t from = 0; from < s->n; from += PART) {
        struct halves part = find_bins(s, from);
        sum += ((sim_wide)part.high << 32) + part.low;
        for (unsigned i = 0; i < part_size(s, from); i++)
            s->bins[s->bin[i]]++;
    }
    return sum;
}

/* Puts the values of the wanted bins behind each other; there is room for one
   more than there are. */
static void gather(struct search *s, int64_t *out)
{
    for (size_t from = 0; from < s->n; from += PART) {
        find_bins(s, from);
        if (!any_wanted(s->bin, s->wanted))
            continue;
        for (unsigned i = 0; i < part_size(s, from); i++) {
            *out = s->values[from + i];
            out += s->is_wanted[s->bin[i]];
        }
    }
}

/* Those of the wanted bins in order; of each quantile in `out` its value where
   the bin tells it, else -1 less its place among them.  NULL: no memory. */
static int64_t *order_wanted(struct search *s, const double *p, size_t count,
                             int64_t *out)
{
    uint64_t below = 0, room = 0; /* values in bins before; of wanted ones */
    unsigned bin = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t rank = sim_rank(s->n, p[i]);
        while (below + s->bins[bin] <= rank)
            below += s->bins[bin++];
        if (bin < FINE_ALONE) {
            out[i] = (int64_t)((HALF + bin % HALF) << bin / HALF) / HALF - 1;
            continue;
        }
        if (s->wanted_count == 0 || s->wanted[s->wanted_count - 1] != bin) {
            s->wanted[s->wanted_count++] = (uint16_t)bin;
            s->is_wanted[bin] = 1;
            room += s->bins[bin];
        }
        out[i] = -1 - (int64_t)(rank - below + room - s->bins[bin]);
    }
    int64_t *in_order = malloc((room + 1) * sizeof *in_order);
    if (in_order == NULL || room == 0)
        return in_order;
    gather(s, in_order);
    sim_sort(in_order, room);
    return in_order;
}

int sim_histogram_exact(const int64_t *values, size_t n, const double *p,
                        size_t count, int64_t *out, double *mean)
{
    struct search *s = calloc(1, sizeof *s);
    int64_t *in_order = NULL;
    assert(n <= UINT32_MAX);
    assert(count <= SIM_SHARES_MAX);
    if (s != NULL) {
        memset(s->wanted, 0xff, sizeof s->wanted);
        s->values = values;
        s->n = n;
        *mean = (double)count_bins(s) / (double)n;
        in_order = order_wanted(s, p, count, out);
    }
    free(s);
    if (in_order == NULL)
        return LIM_ENOMEM;
    for (size_t i = 0; i < count; i++)
        out[i] = out[i] < 0 ? in_order[-1 - out[i]] : out[i];
    free(in_order);
    return LIM_OK;
}

double sim_histogram_mean(const struct sim_histogram *h)
{
    assert(h->count >= 1);
    return (double)h->sum / (double)h->count;
}
