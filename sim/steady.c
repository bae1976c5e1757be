#include "sim/steady.h"

#include <math.h>

#include "sim/stats.h"

static double mean_of_five(const double *x, size_t batch)
{
    return sim_mean(x + batch * SIM_STEADY_BATCH, SIM_STEADY_BATCH);
}

/* From the last batch back, mean and sum of squares grow by one batch at a
   time (Welford), so that each way to cut is looked at once. */
bool sim_steady_mser5(const double *x, size_t n, size_t *left_out)
{
    size_t batches = n / SIM_STEADY_BATCH, best = 0;
    double mean = 0, squares = 0, least = HUGE_VAL;
    *left_out = 0;
    if (n < SIM_STEADY_LEAST)
        return false;
    for (size_t i = batches; i-- > 0;) {
        double count = (double)(batches - i);
        double z = mean_of_five(x, i), step = z - mean;
        mean += step / count;
        squares += step * (z - mean);
        double error = squares / (count * count);
        /* Of the last few batches nothing can be said. */
        if (batches - i < 5 || error > least)
            continue;
        least = error;
        best = i;
    }
    *left_out = best * SIM_STEADY_BATCH;
    return best <= batches / 2;
}

static double correlation(const double *x, size_t n, double mean)
{
    double both = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        squares += d * d;
        if (i + 1 < n)
            both += d * (x[i + 1] - mean);
    }
    return squares > 0 ? both / squares : 0;
}

struct sim_batches sim_steady_batches(const double *x, size_t n)
{
    double means[SIM_STEADY_BATCHES];
    struct sim_batches b = { .any = false };
    size_t length = n / SIM_STEADY_BATCHES;
    const double *from = x + n % SIM_STEADY_BATCHES;
    if (n < SIM_STEADY_LEAST)
        return b;
    for (size_t i = 0; i < SIM_STEADY_BATCHES; i++)
        means[i] = sim_mean(from + i * length, length);
    b.mean = sim_mean(means, SIM_STEADY_BATCHES);
    b.ci95 = sim_half_width(means, SIM_STEADY_BATCHES);
    b.correlation = correlation(means, SIM_STEADY_BATCHES, b.mean);
    b.any = b.correlation < 1.645 / sqrt(SIM_STEADY_BATCHES);
    return b;
}
