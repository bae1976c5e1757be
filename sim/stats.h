#ifndef SIM_STATS_H
#define SIM_STATS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sorts whole numbers in rising order, in time that grows with n alone (by
 * their bytes, those in which they differ).
 */
void sim_sort(int64_t *x, size_t n);

/*
 * The p-quantile, 0 <= p <= 1, of n >= 1 values in rising order: the nearest
 * rank, which is the smallest value that at least a share p of all does not
 * exceed.  It is one of the values, never something in between.
 */
size_t sim_rank(size_t n, double p); /* how many stand before it */
int64_t sim_quantile(const int64_t *sorted, size_t n, double p);

/* The mean of n >= 1 whole numbers; the sum is exact. */
double sim_mean_whole(const int64_t *x, size_t n);

/* Mean of n >= 1 values, and sample standard deviation of n >= 2. */
double sim_mean(const double *x, size_t n);
double sim_deviation(const double *x, size_t n);

/*
 * The 97.5 % point of Student's t with df >= 1 degrees of freedom: half of a
 * two-sided interval of 95 %.  Relative error below 1e-7.
 */
double sim_t95(int64_t df);

/*
 * Half the width of the 95 % confidence interval for the mean of n >= 2
 * independent values: t s / sqrt(n).
 */
double sim_half_width(const double *x, size_t n);

#endif
