#include "bench/demand.h"

#include <stdlib.h>
#include <string.h>

#include "sim/arrivals.h"
#include "sim/stats.h"
#include "sim/world.h"

/* So many tell what a request costs, and how many there are. */
#define REQUESTS_ENOUGH 20000

struct watch {
    struct bench_demand *demand;
    const struct bench_scenario *scenario;
    int64_t begin_ns; /* of the run, behind those before */
    int64_t last_ns;
    bool failed;
};

static struct bench_demand_model *model_of(struct bench_demand *d,
                                           const char *name)
{
    for (size_t i = 0; i < d->model_count; i++)
        if (strcmp(d->models[i].name, name) == 0)
            return &d->models[i];
    return NULL;
}

static struct bench_demand_minute *minute_of(struct bench_demand_model *m,
                                             int64_t arrival_ns)
{
    size_t i = (size_t)(arrival_ns / LIM_MIN);
    if (i >= m->minute_count) {
        struct bench_demand_minute *more =
            realloc(m->minutes, (i + 1) * sizeof *more);
        if (more == NULL)
            return NULL;
        memset(more + m->minute_count, 0,
               (i + 1 - m->minute_count) * sizeof *more);
        m->minutes = more;
        m->minute_count = i + 1;
    }
    return &m->minutes[i];
}

static void add(struct bench_demand_minute *m, int64_t tokens, int64_t images)
{
    m->requests++;
    m->tokens += tokens;
    m->images += images;
}

static int64_t images_of(const struct watch *w, const char *model)
{
    const struct bench_scenario *s = w->scenario;
    for (size_t i = 0; i < s->sim.workload_count; i++)
        if (strcmp(s->workloads[i].model, model) == 0)
            return s->workloads[i].images;
    return 0;
}

static void on_attempt(void *context, const struct sim_attempt *a)
{
    struct watch *w = context;
    struct bench_demand_model *m = model_of(w->demand, a->model);
    struct bench_demand_minute *minute =
        minute_of(m, w->begin_ns + a->arrival_ns);
    int64_t images = images_of(w, a->model);
    if (minute == NULL) {
        w->failed = true;
        return;
    }
    add(minute, a->estimate, images);
    add(&m->sum, a->estimate, images);
    if (a->estimate > m->tokens_max)
        m->tokens_max = a->estimate;
    if (a->arrival_ns > w->last_ns)
        w->last_ns = a->arrival_ns;
    w->demand->requests++;
}

static bool name_models(struct bench_demand *d, const struct bench_scenario *s)
{
    d->models = calloc(s->sim.workload_count, sizeof *d->models);
    if (d->models == NULL)
        return false;
    for (size_t i = 0; i < s->sim.workload_count; i++)
        if (model_of(d, s->workloads[i].model) == NULL)
            d->models[d->model_count++].name = s->workloads[i].model;
    return true;
}

static int run(struct bench_demand *d,
               const struct sim_scenario *free_of_limits, uint64_t seed,
               struct watch *w, struct lim_diag *diag)
{
    const struct sim_watch watch = { .context = w, .attempt = on_attempt };
    struct sim_summary summary;
    struct sim_moment *moments;
    size_t n;
    int error = sim_world_run(free_of_limits, seed, &watch, NULL, &summary,
                              &moments, &n, diag);
    if (error != LIM_OK)
        return error;
    for (size_t i = 0; i < n; i++)
        if ((int64_t)moments[i].in_flight > d->in_flight_max)
            d->in_flight_max = (int64_t)moments[i].in_flight;
    d->usd =
        summary.spend_usd < 0 || d->usd < 0 ? -1 : d->usd + summary.spend_usd;
    d->runs++;
    free(moments);
    sim_summary_fini(&summary);
    return LIM_OK;
}

static bool is_random(const struct bench_scenario *s)
{
    for (size_t i = 0; i < s->sim.workload_count; i++) {
        enum sim_arrival_kind kind = s->workloads[i].arrivals.kind;
        if (kind >= SIM_ARRIVE_POISSON && kind <= SIM_ARRIVE_MMPP)
            return true;
    }
    return false;
}

static struct sim_scenario without_limits(const struct bench_scenario *s)
{
    struct sim_scenario free_of_limits = s->sim;
    free_of_limits.provider.table = NULL;
    free_of_limits.provider.faults.count = 0;
    free_of_limits.client.cap_pool = LIM_UNLIMITED;
    free_of_limits.client.cap_organisation = LIM_UNLIMITED;
    free_of_limits.client.cap = NULL;
    free_of_limits.drain = true;
    return free_of_limits;
}

/* One run, and of random arrivals more while there are few requests: what few
   cost in an hour is chance. */
static int run_all(struct bench_demand *d, const struct bench_scenario *s,
                   size_t runs_max, struct watch *w, struct lim_diag *diag)
{
    const struct sim_scenario free_of_limits = without_limits(s);
    int64_t duration = s->sim.duration_ns;
    bool again = is_random(s) && duration != LIM_NEVER;
    int error;
    do {
        w->begin_ns = d->runs > 0 ? (int64_t)d->runs * duration : 0;
        error = run(d, &free_of_limits, s->sim.seed + d->runs, w, diag);
    } while (error == LIM_OK && again && d->requests < REQUESTS_ENOUGH &&
             d->runs < runs_max);
    return error;
}

/* Minutes in which nothing came are minutes too. */
static bool fill_up(struct bench_demand *d)
{
    int64_t last_ns = (int64_t)(d->span_s * (double)LIM_SEC) - 1;
    for (size_t i = 0; i < d->model_count; i++)
        if (minute_of(&d->models[i], last_ns > 0 ? last_ns : 0) == NULL)
            return false;
    return true;
}

static double factor_of(const struct bench_demand *d,
                        const struct bench_scenario *s)
{
    double rate = 0;
    for (size_t i = 0; i < s->sim.workload_count; i++) {
        const struct sim_arrivals *a = &s->workloads[i].arrivals;
        if (a->kind == SIM_ARRIVE_SHARED)
            continue;
        if (a->kind < SIM_ARRIVE_POISSON || a->kind > SIM_ARRIVE_MMPP ||
            a->kind == SIM_ARRIVE_DIURNAL)
            return 1;
        rate += sim_arrivals_mean(a);
    }
    double expected = rate * d->span_s;
    return s->sim.duration_ns != LIM_NEVER && d->requests > 0 && expected > 0
               ? expected / (double)d->requests
               : 1;
}

int bench_demand_init(struct bench_demand *d, const struct bench_scenario *s,
                      size_t runs_max, struct lim_diag *diag)
{
    struct watch w = { .demand = d, .scenario = s };
    *d = (struct bench_demand){ .usd = 0 };
    int error = LIM_ENOMEM;
    if (name_models(d, s))
        error = run_all(d, s, runs_max, &w, diag);
    d->span_s = (double)(s->sim.duration_ns != LIM_NEVER
                             ? s->sim.duration_ns * (int64_t)d->runs
                             : w.last_ns) /
                (double)LIM_SEC;
    d->factor = factor_of(d, s);
    if (error == LIM_OK && (w.failed || !fill_up(d)))
        error = LIM_ENOMEM;
    if (error == LIM_ENOMEM)
        lim_fail(diag, error, 0, "out of memory");
    if (error != LIM_OK)
        bench_demand_fini(d);
    return error;
}

void bench_demand_fini(struct bench_demand *d)
{
    for (size_t i = 0; i < d->model_count; i++)
        free(d->models[i].minutes);
    free(d->models);
    *d = (struct bench_demand){ .usd = -1 };
}

int64_t bench_demand_quantile(const struct bench_demand_model *m,
                              enum bench_demand_what what, double q)
{
    size_t n = m->minute_count;
    int64_t *values = malloc((n + 1) * sizeof *values), found = 0;
    if (values == NULL || n == 0) {
        free(values);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        values[i] = what == BENCH_DEMAND_REQUESTS ? m->minutes[i].requests
                                                  : m->minutes[i].tokens;
    sim_sort(values, n);
    size_t rank = (size_t)((double)n * q + 0.999999);
    found = values[rank < 1 ? 0 : rank > n ? n - 1 : rank - 1];
    free(values);
    return found;
}
