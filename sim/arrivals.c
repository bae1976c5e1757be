#include "sim/arrivals.h"

#include <assert.h>
#include <math.h>

#include "limiter/rng.h"
#include "sim/dist.h"

/* Times beyond this are never: 2^62 ns after the epoch, the year 2116. */
#define HORIZON (INT64_C(1) << 62)

static lim_time after(lim_time last, double gap_s)
{
    double gap = gap_s * (double)LIM_SEC;
    return gap < (double)(HORIZON - last) ? last + (int64_t)gap : LIM_NEVER;
}

static lim_time poisson_next(const struct sim_source *s, lim_time last)
{
    double u = lim_rng_uniform(lim_rng_draw(s->stream, s->index, s->count));
    return after(last, -sim_log(u) / s->arrivals->rate_per_s);
}

/* The start falls anywhere between two arrivals. */
static lim_time renewal_next(const struct sim_source *s, lim_time last)
{
    uint64_t bits = lim_rng_draw(s->stream, s->index, s->count);
    return after(last, s->count == 0 ? sim_dist_residual(&s->gap, bits)
                                     : sim_dist_draw(&s->gap, bits));
}

static lim_time trace_next(const struct sim_source *s)
{
    const struct sim_arrivals *a = s->arrivals;
    if (s->count >= a->row_count)
        return LIM_NEVER;
    double after = (double)a->rows[s->count].at_ns / a->speed;
    return s->start + (int64_t)after;
}

static lim_time next_arrival(const struct sim_source *s, lim_time last)
{
    switch (s->arrivals->kind) {
    case SIM_ARRIVE_BATCH:
        return s->count < (uint64_t)s->arrivals->batch ? s->start : LIM_NEVER;
    case SIM_ARRIVE_POISSON:
        return poisson_next(s, last);
    case SIM_ARRIVE_GAMMA:
    case SIM_ARRIVE_WEIBULL:
        return renewal_next(s, last);
    case SIM_ARRIVE_TRACE:
        return trace_next(s);
    }
    return LIM_NEVER;
}

void sim_source_init(struct sim_source *s, const struct sim_arrivals *a,
                     uint64_t seed, uint64_t index, lim_time start)
{
    *s = (struct sim_source){ .arrivals = a,
                              .stream = lim_rng_stream(seed, LIM_DRAW_ARRIVAL),
                              .index = index,
                              .start = start };
    if (a->kind == SIM_ARRIVE_GAMMA)
        s->gap = sim_dist_gamma(1 / a->rate_per_s, a->cv);
    if (a->kind == SIM_ARRIVE_WEIBULL)
        s->gap = sim_dist_weibull(1 / a->rate_per_s, a->cv);
    s->next = next_arrival(s, start);
}

lim_time sim_source_next(const struct sim_source *s)
{
    return s->next;
}

const struct sim_trace_row *sim_source_take(struct sim_source *s)
{
    const struct sim_trace_row *row = NULL;
    assert(s->next != LIM_NEVER);
    if (s->arrivals->kind == SIM_ARRIVE_TRACE)
        row = &s->arrivals->rows[s->count];
    s->count++;
    s->next = next_arrival(s, s->next);
    return row;
}

/*
 * n gaps of mean m and E X^2 = q m^2 fit into t with a chance of at most
 *     e^(s t) E[e^(-s X)]^n <= exp(s t - n s m (1 - s m q / 2)),  any s > 0:
 * below e^-30 from n = (sqrt(t / m + b) + sqrt(b))^2 on, where b = 15 q.
 */
static double renewals_most(double mean, double cv)
{
    double b = 15 * (1 + cv * cv);
    double root = sqrt(mean + b) + sqrt(b);
    return root * root + 2; /* the first gap is not whole */
}

int64_t sim_arrivals_most(const struct sim_arrivals *a, int64_t duration_ns)
{
    switch (a->kind) {
    case SIM_ARRIVE_BATCH:
        return a->batch;
    case SIM_ARRIVE_TRACE:
        return (int64_t)a->row_count;
    case SIM_ARRIVE_POISSON:
    case SIM_ARRIVE_GAMMA:
    case SIM_ARRIVE_WEIBULL:
        break;
    }
    if (duration_ns == LIM_NEVER)
        return -1;
    /* 0.1 m + 1000 is above ten of Poisson's standard deviations for every
       mean m. */
    double mean = a->rate_per_s * (double)duration_ns / (double)LIM_SEC;
    double most = a->kind == SIM_ARRIVE_POISSON ? mean * 1.1 + 1000
                                                : renewals_most(mean, a->cv);
    return most < (double)HORIZON ? (int64_t)most : HORIZON;
}
