#ifndef SIM_HISTOGRAM_H
#define SIM_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

/*
 * A histogram of whole numbers >= 0 (smaller ones count as 0), log-linear:
 * up to 255 a bin for each, beyond that 128 bins for each doubling.  A
 * quantile is within SIM_HISTOGRAM_ERROR of the exact one, as a share of it;
 * count, sum, mean, least and largest are exact.  58 KB, whatever it holds.
 */
#define SIM_HISTOGRAM_BINS (256 + 55 * 128)
#define SIM_HISTOGRAM_ERROR (1.0 / 256)

__extension__ typedef __int128 sim_wide;

struct sim_histogram { /* all zeros: empty; fields are private */
    uint64_t bins[SIM_HISTOGRAM_BINS];
    uint64_t count;
    sim_wide sum;
    int64_t least, largest;
};

void sim_histogram_add(struct sim_histogram *h, int64_t value);

/* Adds all of `other`: as if its values had been added one by one. */
void sim_histogram_merge(struct sim_histogram *h,
                         const struct sim_histogram *other);

/* Of a histogram that is not empty.  The p-quantile, 0 <= p <= 1, is that of
   the nearest rank, as sim_quantile has it. */
int64_t sim_histogram_quantile(const struct sim_histogram *h, double p);

double sim_histogram_mean(const struct sim_histogram *h);

/*
 * Quantiles and the mean of `n` values that are there, exactly, 1 <= n < 2^32:
 * of `count` shares in rising order, SIM_SHARES_MAX at most.  Less than nothing
 * counts as nothing.  Only the values in the bins of the quantiles are put in
 * order.  LIM_OK or LIM_ENOMEM.
 */
#define SIM_SHARES_MAX 12
int sim_histogram_exact(const int64_t *values, size_t n, const double *p,
                        size_t count, int64_t *out, double *mean);

#endif
