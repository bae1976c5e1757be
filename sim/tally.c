#include "sim/tally.h"

#include <stdlib.h>

#include "limiter/cold.h"
#include "sim/stats.h"

#define NS_PER_MS 1e6

/* There is room for so many at first, and beside a histogram: they are still
   in the cache when they go into it. */
#define FEW 1024

void sim_tally_init(struct sim_tally *t, unsigned tenants, lim_time start,
                    int64_t duration_ns, int64_t warmup_ns)
{
    *t = (struct sim_tally){ .tenants = tenants,
                             .start = start,
                             .from = start + warmup_ns,
                             .last_end = LIM_NEVER,
                             .first_arrival = LIM_NEVER,
                             .moment_ns = LIM_SEC };
    t->moments = calloc(SIM_MOMENTS_MAX, sizeof *t->moments);
    t->tenant_tokens = calloc(tenants, sizeof *t->tenant_tokens);
    t->out_of_memory = t->moments == NULL || t->tenant_tokens == NULL;
    while (duration_ns != LIM_NEVER &&
           t->moment_ns < duration_ns / (SIM_MOMENTS_MAX / 2))
        t->moment_ns *= 2;
    t->moment_end = start + t->moment_ns;
    sim_dispersion_init(&t->dispersion, start);
}

void sim_tally_fini(struct sim_tally *t)
{
    sim_series_fini(&t->latency);
    sim_series_fini(&t->service);
    sim_series_fini(&t->wait);
    sim_series_fini(&t->ttft);
    free(t->tenant_tokens);
    free(t->moments);
}

/* Joins intervals two by two, so that a run of any length fits. */
static void halve(struct sim_tally *t)
{
    for (size_t i = 0; i < t->moment_count / 2; i++) {
        const struct sim_moment *a = &t->moments[2 * i];
        struct sim_moment b = t->moments[2 * i + 1];
        b.arrived += a->arrived;
        b.admitted += a->admitted;
        b.http_429 += a->http_429;
        b.succeeded += a->succeeded;
        t->moments[i] = b;
    }
    t->moment_count /= 2;
    t->moment_ns *= 2;
}

void sim_tally_advance(struct sim_tally *t, lim_time now, uint64_t waiting,
                       uint64_t in_flight, const struct sim_gauges *gauges)
{
    while (t->moments != NULL && now >= t->moment_end) {
        lim_time end = t->moment_end;
        t->open.t_s = (double)(end - t->start) / (double)LIM_SEC;
        t->open.waiting = waiting;
        t->open.in_flight = in_flight;
        t->open.gauges = *gauges;
        t->moments[t->moment_count++] = t->open;
        t->open = (struct sim_moment){ .t_s = 0 };
        if (t->moment_count == SIM_MOMENTS_MAX)
            halve(t);
        t->moment_end =
            t->start + (int64_t)(t->moment_count + 1) * t->moment_ns;
    }
}

void sim_series_fini(struct sim_series *s)
{
    free(s->value);
    free(s->histogram);
    *s = (struct sim_series){ .kept = 0 };
}

/* What is kept goes into the histogram. */
static void count_kept(struct sim_series *s)
{
    for (size_t i = 0; i < s->kept; i++)
        sim_histogram_add(s->histogram, s->value[i]);
    s->kept = 0;
}

static int resize(struct sim_series *s, size_t room)
{
    int64_t *value = realloc(s->value, room * sizeof *value);
    if (value == NULL)
        return LIM_ENOMEM;
    s->value = value;
    s->room = room;
    return LIM_OK;
}

LIM_COLD int sim_series_make_room(struct sim_series *s)
{
    if (s->histogram != NULL) {
        count_kept(s);
        return LIM_OK;
    }
    if (s->kept < SIM_EXACT_MAX) {
        size_t room = s->room == 0 ? FEW : s->room * 2;
        return resize(s, room < SIM_EXACT_MAX ? room : SIM_EXACT_MAX);
    }
    s->histogram = calloc(1, sizeof *s->histogram);
    if (s->histogram == NULL)
        return LIM_ENOMEM;
    count_kept(s);
    return resize(s, FEW);
}

size_t sim_series_count(const struct sim_series *s)
{
    return s->kept + (s->histogram != NULL ? s->histogram->count : 0);
}

void sim_tally_arrival(struct sim_tally *t, lim_time at)
{
    t->arrived++;
    t->open.arrived++;
    if (at < t->from)
        t->early.due++;
    if (t->first_arrival == LIM_NEVER)
        t->first_arrival = at;
    sim_dispersion_add(&t->dispersion, at);
}

void sim_tally_missed(struct sim_tally *t, lim_time at)
{
    t->missed++;
    if (at < t->from)
        t->early.due++;
}

void sim_tally_sent(struct sim_tally *t, bool first, lim_time now)
{
    t->attempts++;
    t->begun += first;
    if (now >= t->from)
        return;
    t->early.attempts++;
    t->early.begun += first;
}

/* Those of each success have room at a time, that of latency last. */
LIM_COLD static bool make_room(struct sim_tally *t)
{
    bool made = sim_series_make_room(&t->service) == LIM_OK &&
                sim_series_make_room(&t->wait) == LIM_OK &&
                sim_series_make_room(&t->latency) == LIM_OK;
    t->out_of_memory |= !made;
    return made;
}

static void push(struct sim_series *s, int64_t ns)
{
    s->value[s->kept++] = ns;
}

void sim_tally_success(struct sim_tally *t, unsigned tenant, lim_time arrival,
                       lim_time sent, lim_time first_token, lim_time now,
                       int64_t tokens)
{
    t->succeeded++;
    t->open.succeeded++;
    if (t->tenant_tokens != NULL)
        t->tenant_tokens[tenant] += tokens;
    if (now < t->from) {
        t->early.succeeded++;
        t->early.tokens += tokens;
    }
    if (arrival < t->from)
        return;
    if (t->latency.kept == t->latency.room && !make_room(t))
        return;
    push(&t->latency, now - arrival);
    push(&t->service, now - sent);
    push(&t->wait, sent - arrival);
    if (first_token >= 0 &&
        sim_series_add(&t->ttft, first_token - arrival) != LIM_OK)
        t->out_of_memory = true;
}

/* The last of them is the largest value. */
static const double shares[] = { 0.50, 0.90, 0.95, 0.99, 0.999, 0.9999, 1 };

#define SHARES (sizeof shares / sizeof shares[0])

/* All are put in order. */
static void read_sorted(struct sim_series *s, int64_t ns[SHARES], double *mean)
{
    sim_sort(s->value, s->kept);
    for (size_t i = 0; i < SHARES; i++)
        ns[i] = sim_quantile(s->value, s->kept, shares[i]);
    *mean = sim_mean_whole(s->value, s->kept);
}

static void read_histogram(const struct sim_histogram *h, int64_t ns[SHARES],
                           double *mean)
{
    for (size_t i = 0; i < SHARES; i++)
        ns[i] = sim_histogram_quantile(h, shares[i]);
    ns[SHARES - 1] = h->largest;
    *mean = sim_histogram_mean(h);
}

struct sim_quantiles sim_tally_quantiles(struct sim_series *s)
{
    struct sim_quantiles q = { .any = sim_series_count(s) > 0 };
    double *const out[SHARES] = { &q.p50,  &q.p90,   &q.p95, &q.p99,
                                  &q.p999, &q.p9999, &q.max };
    int64_t ns[SHARES];
    if (!q.any)
        return q;
    if (s->histogram != NULL) {
        count_kept(s);
        read_histogram(s->histogram, ns, &q.mean);
        q.error = SIM_HISTOGRAM_ERROR;
    } else if (s->kept < SIM_HISTOGRAM_BINS ||
               sim_histogram_exact(s->value, s->kept, shares, SHARES, ns,
                                   &q.mean) != LIM_OK) {
        read_sorted(s, ns, &q.mean);
    }
    for (size_t i = 0; i < SHARES; i++)
        *out[i] = (double)ns[i] / NS_PER_MS;
    q.mean /= NS_PER_MS;
    return q;
}

/* Jain's index: 1 when all have the same, 1 / n when one has all. */
static double fairness(const int64_t *tokens, unsigned n)
{
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < n; i++) {
        sum += (double)tokens[i];
        squares += (double)tokens[i] * (double)tokens[i];
    }
    return n < 2 || squares <= 0 ? -1 : sum * sum / (n * squares);
}

static double seconds(int64_t ns)
{
    return (double)ns / (double)LIM_SEC;
}

static void batch_goodput(const struct sim_tally *t, double *x,
                          struct sim_batches *out)
{
    size_t n = 0;
    double length_s = seconds(t->moment_ns);
    double from_s = seconds(t->from - t->start) + length_s;
    for (size_t i = 0; i < t->moment_count; i++)
        if (t->moments[i].t_s >= from_s)
            x[n++] = (double)t->moments[i].succeeded / length_s * 60;
    *out = sim_steady_batches(x, n);
}

int sim_tally_batches(const struct sim_tally *t, struct sim_batches *goodput,
                      struct sim_batches *latency)
{
    const struct sim_series *s = &t->latency;
    size_t n = s->histogram == NULL ? s->kept : 0;
    double *x = malloc((n + SIM_MOMENTS_MAX) * sizeof *x);
    if (x == NULL)
        return LIM_ENOMEM;
    batch_goodput(t, x, goodput);
    for (size_t i = 0; i < n; i++)
        x[i] = (double)s->value[i] / NS_PER_MS;
    *latency = sim_steady_batches(x, n);
    free(x);
    return LIM_OK;
}

/* Where the minutes of the arrivals end. */
static lim_time last_minute(const struct sim_tally *t, lim_time now,
                            int64_t duration_ns)
{
    if (duration_ns == LIM_NEVER)
        return LIM_NEVER;
    return now - t->start < duration_ns ? now : t->start + duration_ns;
}

/* Of what happened in the `s` seconds after the warm-up. */
static void summarise_rates(const struct sim_tally *t, double s,
                            struct sim_summary *out)
{
    const struct sim_early *early = &t->early;
    int64_t tokens = -early->tokens;
    for (unsigned i = 0; t->tenant_tokens != NULL && i < t->tenants; i++)
        tokens += t->tenant_tokens[i];
    out->requested_rpm = (double)(t->arrived + t->missed - early->due) / s * 60;
    out->achieved_rpm = (double)(t->begun - early->begun) / s * 60;
    out->throughput_rps = (double)(t->attempts - early->attempts) / s;
    out->goodput_rpm = (double)(t->succeeded - early->succeeded) / s * 60;
    out->tokens_per_min = (double)tokens / s * 60;
}

void sim_tally_summary(struct sim_tally *t, lim_time now, int64_t duration_ns,
                       struct sim_summary *out)
{
    double run_s = seconds(now - t->start), late_s = seconds(now - t->from);
    out->requests = t->arrived;
    out->succeeded = t->succeeded;
    out->failed = t->failed;
    out->refused = t->refused;
    out->expired = t->expired;
    out->unfinished =
        t->arrived - t->succeeded - t->failed - t->refused - t->expired;
    out->attempts = t->attempts;
    out->http_429 = t->http_429;
    out->http_5xx = t->http_5xx;
    out->hedges = t->hedges;
    out->makespan_s =
        t->last_end == LIM_NEVER ? 0 : seconds(t->last_end - t->first_arrival);
    out->duration_s = duration_ns == LIM_NEVER ? run_s : seconds(duration_ns);
    out->warmup_s = seconds(t->from - t->start);
    if (late_s > 0)
        summarise_rates(t, late_s, out);
    out->dispersion_60s =
        sim_dispersion_index(&t->dispersion, last_minute(t, now, duration_ns));
    out->latency_ms = sim_tally_quantiles(&t->latency);
    out->service_ms = sim_tally_quantiles(&t->service);
    out->wait_ms = sim_tally_quantiles(&t->wait);
    out->ttft_ms = sim_tally_quantiles(&t->ttft);
    if (t->tenant_tokens != NULL)
        out->fairness_tenants = fairness(t->tenant_tokens, t->tenants);
    out->spend_usd = t->price_unknown ? -1 : (double)t->microusd / 1e6;
}
