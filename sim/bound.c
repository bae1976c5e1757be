#include "sim/bound.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "limiter/window.h"
#include "sim/stats.h"

void sim_bound_sums(int64_t *costs, size_t n)
{
    if (n == 0)
        return;
    sim_sort(costs, n);
    assert(costs[0] >= 0);
    for (size_t i = 1; i < n; i++)
        costs[i] += costs[i - 1];
}

/* What a window, or several together, let through: in all, and at once. */
struct room {
    double total;
    double largest;
};

void sim_room_open(struct sim_room *r, const struct lim_limits *limits,
                   const struct lim_limits *before, double burst)
{
    for (int w = 0; w < LIM_WINDOWS; w++) {
        int64_t limit = limits->max[w], old = before ? before->max[w] : 0;
        double full = limit == LIM_UNLIMITED
                          ? HUGE_VAL
                          : (double)lim_rate_burst(limit, burst);
        /* from no limit a window begins unused */
        double had =
            old == LIM_UNLIMITED ? 0 : (double)lim_rate_burst(old, burst);
        if (full > had)
            r->total[w] += full - had;
        if (full > r->largest[w])
            r->largest[w] = full;
    }
}

void sim_room_flow(struct sim_room *r, const struct lim_limits *limits,
                   int64_t duration_ns)
{
    assert(duration_ns >= 0);
    for (int w = 0; w < LIM_WINDOWS; w++)
        if (limits->max[w] != LIM_UNLIMITED)
            r->total[w] +=
                (double)limits->max[w] *
                ((double)duration_ns /
                 (double)lim_limits_window(limits, (enum lim_limit)w));
}

static double alike(const struct sim_demand *d, int64_t cost, struct room r)
{
    double all = (double)d->requests;
    if (cost == 0)
        return all;
    if ((double)cost > r.largest)
        return 0;
    double n = r.total / (double)cost;
    return n < all ? n : all;
}

static int64_t cost_at(const int64_t *sums, size_t i)
{
    return i == 0 ? sums[0] : sums[i] - sums[i - 1];
}

/* The same as below, with the costs as runs. */
static double count_runs(const struct sim_demand *d, struct room r)
{
    size_t low = 0, high = d->run_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct sim_run *run = &d->runs[middle];
        if ((double)run->sum <= r.total && (double)run->cost <= r.largest)
            low = middle + 1;
        else
            high = middle;
    }
    uint64_t before = low > 0 ? d->runs[low - 1].end : 0;
    int64_t sum = low > 0 ? d->runs[low - 1].sum : 0;
    if (low == d->run_count || (double)d->runs[low].cost > r.largest)
        return (double)before;
    int64_t cost = d->runs[low].cost;
    uint64_t whole = (uint64_t)((r.total - (double)sum) / (double)cost);
    double left = r.total - (double)(sum + (int64_t)whole * cost);
    return (double)(before + whole) + left / (double)cost;
}

/* How many requests fit, the cheapest first. */
static double count(const struct sim_demand *d, enum lim_limit limit,
                    struct room r)
{
    enum lim_dimension i = lim_limit_dimension(limit);
    const int64_t *sums = d->sums[i];
    if (i == LIM_TOKENS && d->runs != NULL)
        return count_runs(d, r);
    if (sums == NULL)
        return alike(d, d->least[i], r);
    size_t low = 0, high = d->requests;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((double)sums[middle] <= r.total &&
            (double)cost_at(sums, middle) <= r.largest)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == d->requests || (double)cost_at(sums, low) > r.largest)
        return (double)low;
    double left = r.total - (low > 0 ? (double)sums[low - 1] : 0);
    return (double)low + left / (double)cost_at(sums, low);
}

/* The most that one organisation can take, by all its windows. */
static double most_of_one(const struct sim_demand *d, const struct sim_room *r)
{
    double most = (double)d->requests;
    for (int w = 0; w < LIM_WINDOWS; w++) {
        double n = count(d, (enum lim_limit)w,
                         (struct room){ r->total[w], r->largest[w] });
        if (n < most)
            most = n;
    }
    return most;
}

static bool same(const struct sim_room *a, const struct sim_room *b)
{
    for (int w = 0; w < LIM_WINDOWS; w++)
        if (a->total[w] < b->total[w] || a->total[w] > b->total[w] ||
            a->largest[w] < b->largest[w] || a->largest[w] > b->largest[w])
            return false;
    return true;
}

static double sum_of_each(const struct sim_demand *d,
                          const struct sim_room *rooms, size_t organisations)
{
    double sum = 0, one = 0;
    for (size_t i = 0; i < organisations; i++) {
        if (i == 0 || !same(&rooms[i], &rooms[i - 1]))
            one = most_of_one(d, &rooms[i]);
        sum += one;
    }
    return sum;
}

/* The most that all organisations together can take by one kind of window:
   each cheap request can be picked but once. */
static double together(const struct sim_demand *d, const struct sim_room *rooms,
                       size_t organisations, enum lim_limit limit)
{
    struct room all = { 0, 0 };
    for (size_t i = 0; i < organisations; i++) {
        all.total += rooms[i].total[limit];
        if (rooms[i].largest[limit] > all.largest)
            all.largest = rooms[i].largest[limit];
    }
    return count(d, limit, all);
}

/* What requests and tokens one organisation has for a demand. */
struct means {
    double requests, tokens;
};

static struct room tokens_of(const struct sim_room *r)
{
    bool day = r->total[LIM_TPD] < r->total[LIM_TPM];
    bool day_first = r->largest[LIM_TPD] < r->largest[LIM_TPM];
    return (struct room){ r->total[day ? LIM_TPD : LIM_TPM],
                          r->largest[day_first ? LIM_TPD : LIM_TPM] };
}

static struct means means_of(const struct sim_demand *d,
                             const struct sim_room *r)
{
    const struct room tokens = tokens_of(r);
    const double by[] = {
        count(d, LIM_RPM, (struct room){ r->total[LIM_RPM], HUGE_VAL }),
        count(d, LIM_RPD, (struct room){ r->total[LIM_RPD], HUGE_VAL }),
        count(d, LIM_IPM,
              (struct room){ r->total[LIM_IPM], r->largest[LIM_IPM] }),
        count(d, LIM_TPM, (struct room){ HUGE_VAL, tokens.largest }),
    };
    struct means m = { by[0], tokens.total };
    for (size_t i = 1; i < sizeof by / sizeof by[0]; i++)
        m.requests = by[i] < m.requests ? by[i] : m.requests;
    return m;
}

/* Means, kept in the room itself, which is not needed any more. */
static void keep(struct sim_room *r, struct means m, double largest)
{
    r->total[LIM_RPM] = m.requests;
    r->total[LIM_TPM] = m.tokens;
    r->largest[LIM_TPM] = largest;
}

/* Most requests a token first; HUGE_VAL of both never meets 0. */
static int by_scarcity(const void *a, const void *b)
{
    const struct sim_room *x = a, *y = b;
    double left = x->total[LIM_RPM] * y->total[LIM_TPM];
    double right = y->total[LIM_RPM] * x->total[LIM_TPM];
    return left > right ? -1 : left < right;
}

static double all_tokens(const struct sim_demand *d)
{
    if (d->requests == 0)
        return 0;
    if (d->runs != NULL)
        return (double)d->runs[d->run_count - 1].sum;
    if (d->sums[LIM_TOKENS] != NULL)
        return (double)d->sums[LIM_TOKENS][d->requests - 1];
    return (double)d->requests * (double)d->least[LIM_TOKENS];
}

/* The optimum, by the least over all beginnings. */
static double dealt_out(const struct sim_demand *d, struct sim_room *rooms,
                        size_t organisations)
{
    double most = all_tokens(d), others = 0;
    struct room together = { 0, 0 };
    for (size_t i = 0; i < organisations; i++) {
        struct means m = means_of(d, &rooms[i]);
        double largest = tokens_of(&rooms[i]).largest;
        m.tokens = m.tokens < most ? m.tokens : most;
        keep(&rooms[i], m, largest);
        others += m.requests;
        if (largest > together.largest)
            together.largest = largest;
    }
    qsort(rooms, organisations, sizeof *rooms, by_scarcity);
    double least = others;
    for (size_t i = 0; i < organisations; i++) {
        together.total += rooms[i].total[LIM_TPM];
        others -= rooms[i].total[LIM_RPM];
        double n = count(d, LIM_TPM, together) + (others > 0 ? others : 0);
        least = n < least ? n : least;
    }
    return least;
}

struct sim_bound sim_bound_group(const struct sim_demand *d,
                                 struct sim_room *rooms, size_t organisations)
{
    double all = (double)d->requests, least = HUGE_VAL;
    int binding = LIM_RPM;
    for (int i = 0; i < LIM_WINDOWS; i++) {
        double n = together(d, rooms, organisations, (enum lim_limit)i);
        if (n < least) {
            least = n;
            binding = i;
        }
    }
    double each = sum_of_each(d, rooms, organisations);
    double most = each < least ? each : least;
    double dealt = dealt_out(d, rooms, organisations);
    most = dealt < most ? dealt : most;
    if (most >= all)
        return (struct sim_bound){ all, -1 };
    return (struct sim_bound){ most, binding };
}
