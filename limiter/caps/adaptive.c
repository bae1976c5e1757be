/*
 * adaptive: a high quantile of recent latency against its own past, and
 * whether more in flight still gets more done.
 *
 * A window is at least max(1 s, twice its shortest latency) but 30 s at most,
 * and as many answers as the limit (10 to 50).  recent = its 90 % quantile,
 * the median of five such, then a mean over 5; baseline = the mean of those
 * over 10; queue = limit * (1 - baseline / recent).  With step = decimal
 * order of the limit: a queue above 6 steps takes one step.  So do, when the
 * window was full, over the last 50 windows (throughput = in flight / recent):
 * a correlation of throughput with in flight below 0; or below 0.3 when that
 * of latency is above 0.5; or a throughput that varies less than 20 % under
 * such a latency.  Else a queue below 3 steps adds one, otherwise it holds.
 * The limit follows down what is above five times the most in flight.
 *
 * Source: adaptivelimiter of failsafe-go.  Departures: the quantile is that
 * of the last 64 answers of the window, sorted, not a t-digest of all; 50
 * answers a window are a quarter of an hour for a small organisation, so it
 * asks for one round trip; a drop, which that leaves out, multiplies by
 * `backoff` (0.9) once a round trip; no growth unless half is in use; "full"
 * is the most in flight of the window, not the state at its end; means and
 * correlations are computed anew, as running sums of squares drift.
 *
 * Pitfall: a baseline that follows takes slow overload for normal (hence the
 * correlations), and it needs load that varies to see a correlation.
 */

#include <string.h>

#include "limiter/caps/caps.h"

#define RING 64
#define PAIRS 50
#define MEDIAN 5
#define WARM 10
#define AGE_RECENT 5
#define AGE_BASELINE 10
#define QUANTILE_PERCENT 90
#define IN_FLIGHT_FACTOR 5

struct adaptive {
    struct lim_caps_limit limit;
    lim_time until;
    int64_t answers, in_flight, shortest_ns; /* of the window */
    struct lim_caps_mean recent, baseline;
    float medians[MEDIAN]; /* the last quantiles */
    uint32_t median_count, pair_count;
    float latency_ns[RING];                      /* answer n at n % RING */
    float pair_in_flight[PAIRS], pair_ns[PAIRS]; /* window n at n % PAIRS */
};

/* What the windows say of in flight and a second series. */
struct relation {
    double covariance, var_x, var_y, mean_x, mean_y;
};

static void init(void *state, const struct lim_cap_options *o, lim_time now)
{
    struct adaptive *a = state;
    memset(a, 0, sizeof *a);
    a->until = now;
    lim_caps_init(&a->limit, o);
}

/* Returns the number at `rank` (from 0) of n <= RING numbers. */
static double ranked(const float *of, size_t n, size_t rank)
{
    float sorted[RING];
    for (size_t i = 0; i < n; i++) {
        size_t j = i;
        for (; j > 0 && sorted[j - 1] > of[i]; j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = of[i];
    }
    return (double)sorted[rank];
}

static double quantile(const struct adaptive *a)
{
    size_t n = a->answers < RING ? (size_t)a->answers : RING;
    size_t rank = (n * QUANTILE_PERCENT + 99) / 100;
    return ranked(a->latency_ns, n, rank - 1);
}

/* Until there are five it is the number itself. */
static double median(struct adaptive *a, double x)
{
    a->medians[a->median_count++ % MEDIAN] = (float)x;
    if (a->median_count < MEDIAN)
        return x;
    a->median_count -= a->median_count == 2 * MEDIAN ? MEDIAN : 0;
    return ranked(a->medians, MEDIAN, MEDIAN / 2);
}

static size_t pairs(const struct adaptive *a)
{
    return a->pair_count < PAIRS ? a->pair_count : PAIRS;
}

static double second(const struct adaptive *a, size_t i, bool throughput)
{
    double ns = (double)a->pair_ns[i];
    return throughput ? (double)a->pair_in_flight[i] / ns : ns;
}

static struct relation relate(const struct adaptive *a, bool throughput)
{
    struct relation r = { 0 };
    size_t n = pairs(a);
    for (size_t i = 0; i < n; i++) {
        r.mean_x += (double)a->pair_in_flight[i] / (double)n;
        r.mean_y += second(a, i, throughput) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double dx = (double)a->pair_in_flight[i] - r.mean_x;
        double dy = second(a, i, throughput) - r.mean_y;
        r.var_x += dx * dx / (double)n;
        r.var_y += dy * dy / (double)n;
        r.covariance += dx * dy / (double)n;
    }
    return r;
}

static bool varies_less(double var, double mean, double share)
{
    return var < share * share * mean * mean;
}

/* What varies by less than 1 % is noise: no correlation. */
static bool noise(const struct relation *r)
{
    return varies_less(r->var_x, r->mean_x, 0.01) ||
           varies_less(r->var_y, r->mean_y, 0.01);
}

/* Of a positive bound; compares squares, so that no root is needed. */
static bool correlation_above(const struct relation *r, double bound)
{
    double square = r->covariance * r->covariance;
    return !noise(r) && r->covariance > 0 &&
           square > bound * bound * r->var_x * r->var_y;
}

/* Whether more in flight no longer gets more done. */
static bool overloaded(const struct adaptive *a)
{
    if (pairs(a) < WARM ||
        (double)a->in_flight < (double)(int64_t)a->limit.value)
        return false;
    struct relation done = relate(a, true);
    struct relation slow = relate(a, false);
    if (done.covariance < 0 && !noise(&done))
        return true;
    return correlation_above(&slow, 0.5) &&
           (!correlation_above(&done, 0.3) ||
            varies_less(done.var_y, done.mean_y, 0.2));
}

static void decide(struct adaptive *a, double recent, double baseline)
{
    struct lim_caps_limit *l = &a->limit;
    double step = lim_caps_step(l->value);
    double queue = l->value * (1 - baseline / recent);
    double most = (double)a->in_flight * IN_FLIGHT_FACTOR;
    if (queue > 6 * step || l->value > most || overloaded(a))
        lim_caps_set(l, l->value - step);
    else if (queue <= 3 * step - 1 && lim_caps_used(l, a->in_flight))
        lim_caps_set(l, l->value + step);
}

static void close_window(struct adaptive *a, lim_time now)
{
    double recent =
        lim_caps_mean_add(&a->recent, median(a, quantile(a)), WARM, AGE_RECENT);
    double baseline =
        lim_caps_mean_add(&a->baseline, recent, WARM, AGE_BASELINE);
    size_t i = a->pair_count++ % PAIRS;
    a->pair_in_flight[i] = (float)a->in_flight;
    a->pair_ns[i] = (float)recent;
    a->pair_count -= a->pair_count == 2 * PAIRS ? PAIRS : 0;
    decide(a, recent, baseline);
    int64_t twice =
        a->shortest_ns < 15 * LIM_SEC ? 2 * a->shortest_ns : 30 * LIM_SEC;
    twice = twice > LIM_SEC ? twice : LIM_SEC;
    a->until = now < LIM_NEVER - twice ? now + twice : LIM_NEVER;
    a->answers = 0;
    a->in_flight = 0;
}

static void measure(struct adaptive *a, const struct lim_cap_sample *s)
{
    if (a->answers == 0 || s->latency_ns < a->shortest_ns)
        a->shortest_ns = s->latency_ns;
    a->latency_ns[a->answers++ % RING] = (float)lim_caps_latency(s);
    a->in_flight = a->in_flight > s->in_flight ? a->in_flight : s->in_flight;
    double enough = a->limit.value;
    enough = enough < 10 ? 10 : enough > 50 ? 50 : enough;
    if (s->now >= a->until && (double)a->answers >= enough)
        close_window(a, s->now);
}

static void ended(void *state, const struct lim_cap_sample *s)
{
    struct adaptive *a = state;
    struct lim_caps_limit *l = &a->limit;
    if (!lim_caps_dropped(l, s))
        measure(a, s);
    else if (lim_caps_first_drop(l, s))
        lim_caps_set(l, l->value * l->backoff);
}

static int64_t limit(const void *state)
{
    const struct adaptive *a = state;
    return (int64_t)a->limit.value;
}

const struct lim_cap lim_cap_adaptive = {
    .name = "adaptive",
    .summary = "a quantile of latency against its past, and throughput",
    .state_size = sizeof(struct adaptive),
    .init = init,
    .ended = ended,
    .limit = limit,
};
