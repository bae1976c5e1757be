#include "sim/stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/dist.h"

#define SORT_BY_BYTES 256 /* from so many on; below, qsort is as fast */

__extension__ typedef __int128 wide;

/* Flipped, the sign bit orders negative numbers before the others. */
static unsigned byte_of(int64_t x, unsigned byte)
{
    uint64_t bits = (uint64_t)x ^ (UINT64_C(1) << 63);
    return (unsigned)(bits >> (8 * byte)) & 0xff;
}

/* One pass: from `x` to `y`, in order of one byte; equal ones keep theirs. */
static void sort_by(const int64_t *x, int64_t *y, size_t n, unsigned byte)
{
    size_t at[257] = { 0 };
    for (size_t i = 0; i < n; i++)
        at[byte_of(x[i], byte) + 1]++;
    for (int b = 1; b < 257; b++)
        at[b] += at[b - 1];
    for (size_t i = 0; i < n; i++)
        y[at[byte_of(x[i], byte)]++] = x[i];
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void sim_sort(int64_t *x, size_t n)
{
    int64_t *spare = n < SORT_BY_BYTES ? NULL : malloc(n * sizeof *spare);
    uint64_t differ = 0;
    int64_t *from = x, *to = spare;
    if (spare == NULL) {
        if (n > 0)
            qsort(x, n, sizeof *x, by_size);
        return;
    }
    for (size_t i = 1; i < n; i++)
        differ |= (uint64_t)(x[i] ^ x[0]);
    for (unsigned byte = 0; byte < 8; byte++) {
        if ((differ >> (8 * byte) & 0xff) == 0)
            continue;
        sort_by(from, to, n, byte);
        int64_t *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != x)
        memcpy(x, from, n * sizeof *x);
    free(spare);
}

size_t sim_rank(size_t n, double p)
{
    assert(n >= 1);
    assert(p >= 0);
    assert(p <= 1);
    /* Rank p n, rounded up, stands at index p n, rounded down, unless p n is
       whole; a product that is whole but for its rounding counts as whole. */
    size_t rank = (size_t)(p * (double)n * (1 - 1e-13));
    return rank < n ? rank : n - 1;
}

int64_t sim_quantile(const int64_t *sorted, size_t n, double p)
{
    return sorted[sim_rank(n, p)];
}

double sim_mean_whole(const int64_t *x, size_t n)
{
    assert(n >= 1);
    wide sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return (double)sum / (double)n;
}

double sim_mean(const double *x, size_t n)
{
    assert(n >= 1);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

double sim_deviation(const double *x, size_t n)
{
    assert(n >= 2);
    double mean = sim_mean(x, n), squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (double)(n - 1));
}

/*
 * Up to 30 degrees a table (computed to 40 digits from the incomplete beta
 * function); beyond, the normal quantile and the first four terms of its
 * expansion in 1 / df (Abramowitz and Stegun 26.7.5), off by 1.3e-8 at 31.
 */
double sim_t95(int64_t df)
{
    static const double table[] = {
        12.7062047361747,  4.302652729749464, 3.18244630528371,
        2.776445105197794, 2.570581835636316, 2.44691185114497,
        2.364624251592785, 2.306004135204167, 2.262157162798206,
        2.228138851986275, 2.20098516009164,  2.178812829667229,
        2.160368656462793, 2.144786687917804, 2.131449545559776,
        2.119905299221255, 2.109815577833317, 2.100922040241038,
        2.09302405440831,  2.085963447265865, 2.07961384472768,
        2.073873067904026, 2.068657610419049, 2.063898561628026,
        2.059538552753298, 2.055529438642873, 2.051830516480286,
        2.048407141795245, 2.045229642132704, 2.042272456301238
    };
    const double z = 1.959963984540054, g1 = 2.372271230298563,
                 g2 = 2.822498615739641, g3 = 2.555849679507723,
                 g4 = 1.589534053393824;
    assert(df >= 1);
    if (df <= (int64_t)(sizeof table / sizeof table[0]))
        return table[df - 1];
    double x = 1 / (double)df;
    return z + x * (g1 + x * (g2 + x * (g3 + x * g4)));
}

double sim_half_width(const double *x, size_t n)
{
    return sim_t95((int64_t)n - 1) * sim_deviation(x, n) / sqrt((double)n);
}
