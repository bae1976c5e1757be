#include "sim/arrivals.h"

#include <assert.h>
#include <math.h>

#include "limiter/cold.h"
#include "limiter/rng.h"
#include "sim/dist.h"

/* Times beyond this are never: 2^62 ns after the epoch, the year 2116. */
#define HORIZON (INT64_C(1) << 62)

static double seconds_of(int64_t ns)
{
    return (double)ns / (double)LIM_SEC;
}

static lim_time after(lim_time last, double gap_s)
{
    double gap = gap_s * (double)LIM_SEC;
    return gap < (double)(HORIZON - last) ? last + (int64_t)gap : LIM_NEVER;
}

/* The factor of the hour that begins at `at`: of the day, or of the week,
   which begins on Monday; the epoch was a Thursday. */
static double factor_at(const struct sim_arrivals *a, lim_time at)
{
    int64_t hour = at / LIM_HOUR + 3 * 24;
    return a->factors[hour % a->factor_count];
}

/* Enters the stretch of constant rate that begins at `at`, or goes on. */
static void enter(struct sim_source *s, lim_time at)
{
    const struct sim_arrivals *a = s->arrivals;
    s->rate_per_s = a->rate_per_s;
    s->until = LIM_NEVER;
    if (a->kind == SIM_ARRIVE_DIURNAL) {
        s->rate_per_s *= factor_at(a, at);
        s->until = (at / LIM_HOUR + 1) * LIM_HOUR;
    } else if (a->kind == SIM_ARRIVE_MMPP) {
        const struct sim_state *state = &a->states[s->state];
        uint64_t bits = lim_rng_draw(s->state_stream, s->index, s->stretches);
        s->rate_per_s = state->rate_per_s;
        s->until = after(at, -sim_log(lim_rng_uniform(bits)) * state->stay_s);
    }
}

LIM_APART static void enter_next(struct sim_source *s)
{
    lim_time at = s->until;
    s->stretches++;
    if (s->arrivals->kind == SIM_ARRIVE_MMPP)
        s->state = (s->state + 1) % s->arrivals->state_count;
    enter(s, at);
}

/* When `gap` has passed since `at` on the clock of the moment's rate. */
static lim_time elapse(struct sim_source *s, lim_time at, double gap)
{
    for (;;) {
        lim_time next =
            s->rate_per_s > 0 ? after(at, gap / s->rate_per_s) : LIM_NEVER;
        if (next < s->until || s->until == LIM_NEVER)
            return next;
        gap -= s->rate_per_s * seconds_of(s->until - at);
        gap = gap > 0 ? gap : 0;
        at = s->until;
        enter_next(s);
    }
}

/* When the next one comes at a rate that is always the same. */
static inline lim_time steady_next(struct sim_source *s)
{
    lim_time next = s->next + (int64_t)sim_draws_at(&s->gaps, s->count);
    return next < HORIZON ? next : LIM_NEVER;
}

/* The start falls anywhere between two arrivals; for an exponential gap that
   is nothing special. */
static lim_time random_first(struct sim_source *s)
{
    if (s->gap.kind != SIM_DIST_EXPONENTIAL)
        return elapse(
            s, s->start,
            sim_dist_residual(&s->gap, lim_rng_draw(s->stream, s->index, 0)));
    if (s->steady)
        return steady_next(s);
    return elapse(s, s->start, sim_draws_at(&s->gaps, 0));
}

/* From the last row of a trace to the first of its next time round: a mean
   gap, if there is one. */
static double seam_of(const struct sim_arrivals *a)
{
    double last = (double)a->rows[a->row_count - 1].at_ns;
    return a->row_count > 1 ? last / (double)(a->row_count - 1)
                            : (double)LIM_SEC;
}

static lim_time trace_next(const struct sim_source *s)
{
    const struct sim_arrivals *a = s->arrivals;
    uint64_t round = s->count / a->row_count;
    if (round > 0 && !a->loop)
        return LIM_NEVER;
    double at = (double)a->rows[s->count % a->row_count].at_ns;
    if (round > 0)
        at += (double)round *
              ((double)a->rows[a->row_count - 1].at_ns + seam_of(a));
    return after(s->start, at / a->speed / (double)LIM_SEC);
}

static bool is_random(const struct sim_arrivals *a)
{
    return a->kind >= SIM_ARRIVE_POISSON && a->kind <= SIM_ARRIVE_MMPP;
}

LIM_APART static lim_time other_next(const struct sim_source *s)
{
    const struct sim_arrivals *a = s->arrivals;
    if (a->kind == SIM_ARRIVE_BATCH && s->count < (uint64_t)a->batch)
        return s->start;
    if (a->kind == SIM_ARRIVE_TRACE)
        return trace_next(s);
    if (a->kind == SIM_ARRIVE_CLOSED)
        return sim_think_next(&s->think);
    return LIM_NEVER;
}

static lim_time next_arrival(struct sim_source *s)
{
    if (is_random(s->arrivals))
        return elapse(s, s->next, sim_draws_at(&s->gaps, s->count));
    return other_next(s);
}

static struct sim_dist gap_of(const struct sim_arrivals *a)
{
    if (a->kind == SIM_ARRIVE_WEIBULL)
        return sim_dist_weibull(1, a->cv);
    if (a->kind == SIM_ARRIVE_POISSON || a->cv == 1)
        return sim_dist_exponential(1);
    return sim_dist_gamma(1, a->cv);
}

static void begin_gaps(struct sim_source *s)
{
    s->gap = gap_of(s->arrivals);
    sim_draws_of_one(&s->gaps, &s->gap, s->stream, s->index);
    if (s->gap.kind == SIM_DIST_EXPONENTIAL)
        sim_draws_mirror(&s->gaps); /* a gap is -ln u, of the uniform u */
    s->steady =
        s->arrivals->kind <= SIM_ARRIVE_WEIBULL && s->arrivals->rate_per_s > 0;
    if (s->steady)
        sim_draws_of_rate(&s->gaps, s->arrivals->rate_per_s);
}

/* A state at the start, as long as it stays. */
static unsigned draw_state(const struct sim_source *s)
{
    const struct sim_arrivals *a = s->arrivals;
    double total = 0;
    unsigned state = 0;
    for (unsigned i = 0; i < a->state_count; i++)
        total += a->states[i].stay_s;
    uint64_t bits = lim_rng_draw(s->state_stream, s->index, UINT64_MAX);
    double left = total * lim_rng_uniform(bits);
    while (state + 1 < a->state_count && left > a->states[state].stay_s)
        left -= a->states[state++].stay_s;
    return state;
}

int sim_source_init(struct sim_source *s, const struct sim_arrivals *a,
                    uint64_t seed, uint64_t index, lim_time start)
{
    int error = LIM_OK;
    *s = (struct sim_source){ .arrivals = a,
                              .stream = lim_rng_stream(seed, LIM_DRAW_ARRIVAL),
                              .state_stream =
                                  lim_rng_stream(seed, LIM_DRAW_STATE),
                              .index = index,
                              .start = start,
                              .next = start };
    if (a->kind == SIM_ARRIVE_CLOSED)
        error =
            sim_think_init(&s->think, a->users, &a->think,
                           lim_rng_stream(seed, LIM_DRAW_THINK), index, start);
    else if (is_random(a))
        begin_gaps(s);
    if (error != LIM_OK)
        return error;
    if (a->kind == SIM_ARRIVE_MMPP)
        s->state = draw_state(s);
    enter(s, start);
    s->next = is_random(a) ? random_first(s) : other_next(s);
    return LIM_OK;
}

void sim_source_fini(struct sim_source *s)
{
    sim_think_fini(&s->think);
}

lim_time sim_source_next(const struct sim_source *s)
{
    return s->next;
}

LIM_APART static struct sim_arrival take_other(struct sim_source *s)
{
    const struct sim_arrivals *a = s->arrivals;
    struct sim_arrival taken = { 0 };
    if (a->kind == SIM_ARRIVE_TRACE)
        taken.row = &a->rows[s->count % a->row_count];
    else if (a->kind == SIM_ARRIVE_CLOSED)
        taken.user = sim_think_take(&s->think);
    s->count++;
    s->next = next_arrival(s);
    return taken;
}

struct sim_arrival sim_source_take(struct sim_source *s)
{
    assert(s->next != LIM_NEVER);
    if (!s->steady)
        return take_other(s);
    s->count++;
    s->next = steady_next(s);
    return (struct sim_arrival){ 0 };
}

void sim_source_ended(struct sim_source *s, uint32_t user, lim_time now)
{
    if (s->arrivals->kind != SIM_ARRIVE_CLOSED)
        return;
    sim_think_begin(&s->think, user, now);
    s->next = sim_think_next(&s->think);
}

double sim_arrivals_mean(const struct sim_arrivals *a)
{
    double requests = 0, seconds = 0;
    if (a->kind != SIM_ARRIVE_MMPP)
        return a->rate_per_s;
    for (unsigned i = 0; i < a->state_count; i++) {
        requests += a->states[i].rate_per_s * a->states[i].stay_s;
        seconds += a->states[i].stay_s;
    }
    return requests / seconds;
}

/* The highest rate that there is at any time. */
static double peak_of(const struct sim_arrivals *a)
{
    double peak = a->kind == SIM_ARRIVE_MMPP ? 0 : a->rate_per_s;
    if (a->kind == SIM_ARRIVE_DIURNAL)
        for (unsigned i = 0; i < a->factor_count; i++)
            peak = fmax(peak, a->rate_per_s * a->factors[i]);
    if (a->kind == SIM_ARRIVE_MMPP)
        for (unsigned i = 0; i < a->state_count; i++)
            peak = fmax(peak, a->states[i].rate_per_s);
    return peak;
}

/* The most that the clock of the rates goes on. */
static double clock_most(const struct sim_arrivals *a, int64_t duration_ns)
{
    double most = peak_of(a) * seconds_of(duration_ns);
    if (a->kind == SIM_ARRIVE_DIURNAL) /* by whole weeks it is the mean */
        most =
            fmin(most, a->rate_per_s * seconds_of(duration_ns + 7 * LIM_DAY));
    return most;
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
    bool ends = duration_ns != LIM_NEVER;
    switch (a->kind) {
    case SIM_ARRIVE_BATCH:
        return a->batch;
    case SIM_ARRIVE_SHARED:
        return 0;
    case SIM_ARRIVE_CLOSED:
        return ends ? (int64_t)a->users : -1;
    case SIM_ARRIVE_TRACE:
        if (!a->loop)
            return (int64_t)a->row_count;
        break;
    case SIM_ARRIVE_POISSON:
    case SIM_ARRIVE_GAMMA:
    case SIM_ARRIVE_WEIBULL:
    case SIM_ARRIVE_DIURNAL:
    case SIM_ARRIVE_MMPP:
        break;
    }
    if (!ends)
        return -1;
    double most;
    if (a->kind == SIM_ARRIVE_TRACE) {
        double round = (double)a->rows[a->row_count - 1].at_ns + seam_of(a);
        most =
            (double)a->row_count * (1 + (double)duration_ns * a->speed / round);
    } else {
        /* 0.1 m + 1000 is above ten of Poisson's standard deviations for
           every mean m. */
        double mean = clock_most(a, duration_ns);
        most = a->kind == SIM_ARRIVE_POISSON ? mean * 1.1 + 1000
                                             : renewals_most(mean, a->cv);
    }
    return most < (double)HORIZON ? (int64_t)most : HORIZON;
}
