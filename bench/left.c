#include "bench/left.h"

#include <math.h>
#include <stdio.h>

#define DIMENSIONS (LIM_IMAGES + 1)
#define MOST_S (366.0 * 86400)

/* What an organisation's windows of a dimension let through in a time. */
static double lets_through(const struct bench_left *l, uint32_t organisation,
                           unsigned group, enum lim_dimension d, double seconds,
                           lim_time now)
{
    const struct lim_limits *told =
        &l->roster->organisations[organisation].limits[group];
    double least = INFINITY;
    for (int w = 0; w < LIM_WINDOWS; w++) {
        enum lim_limit limit = (enum lim_limit)w;
        if (lim_limit_dimension(limit) != d)
            continue;
        struct lim_window_belief b =
            lim_pool_belief(l->pool, organisation, group, limit, now);
        double window_s =
            (double)lim_limits_window(told, limit) / (double)LIM_SEC;
        if (b.limit >= 0)
            least = fmin(least, fmax((double)b.remaining, 0) +
                                    (double)b.limit * seconds / window_s);
    }
    return least;
}

static double together(const struct bench_left *l, unsigned group,
                       enum lim_dimension d, double seconds, lim_time now)
{
    double sum = 0;
    for (uint32_t i = 0; i < l->roster->count && sum < INFINITY; i++)
        if (l->roster->organisations[i].serves[group])
            sum += lets_through(l, i, group, d, seconds, now);
    return sum;
}

/* When so much of a dimension has been let through; -1: it has no limit. */
static double time_of(const struct bench_left *l, unsigned group,
                      enum lim_dimension d, lim_time now)
{
    double wanted = (double)l->costs[group].amount[d];
    double low = 0, high = MOST_S;
    if (wanted <= 0)
        return 0;
    if (!isfinite(together(l, group, d, 0, now)))
        return -1;
    if (together(l, group, d, 0, now) >= wanted)
        return 0;
    if (together(l, group, d, high, now) < wanted)
        return high;
    for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        if (together(l, group, d, middle, now) < wanted)
            low = middle;
        else
            high = middle;
    }
    return high;
}

double bench_left_seconds(const struct bench_left *l, lim_time now)
{
    double most = 0;
    for (unsigned g = 0; g < l->roster->groups; g++) {
        double longest = -1;
        if (l->costs[g].amount[LIM_REQUESTS] <= 0)
            continue;
        for (int d = 0; d < DIMENSIONS; d++)
            if (l->costs[g].amount[d] > 0)
                longest =
                    fmax(longest, time_of(l, g, (enum lim_dimension)d, now));
        if (longest < 0)
            return -1;
        most = fmax(most, longest);
    }
    return most;
}

bool bench_left_waits_for(const struct bench_left *l, unsigned group,
                          lim_time now, char *out, size_t size)
{
    double slowest = INFINITY;
    int64_t requests = l->costs[group].amount[LIM_REQUESTS];
    for (uint32_t i = 0; i < l->roster->count; i++)
        for (int w = 0; w < LIM_WINDOWS; w++) {
            enum lim_limit limit = (enum lim_limit)w;
            struct lim_window_belief b =
                lim_pool_belief(l->pool, i, group, limit, now);
            int64_t sum = l->costs[group].amount[lim_limit_dimension(limit)];
            int64_t one = requests > 0 ? sum / requests : 0;
            double rate =
                (double)b.limit /
                (double)lim_limits_window(
                    &l->roster->organisations[i].limits[group], limit);
            if (!l->roster->organisations[i].serves[group] || b.limit < 0 ||
                sum == 0 || b.remaining >= (one > 1 ? one : 1) ||
                rate >= slowest)
                continue;
            slowest = rate;
            snprintf(out, size, "%s of %.100s", lim_limit_name(limit),
                     l->roster->organisations[i].name);
        }
    return slowest < INFINITY;
}
