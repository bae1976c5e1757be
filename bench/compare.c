#include "bench/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/path.h"
#include "bench/student.h"
#include "sim/stats.h"

#define CHANCE 0.01 /* that anything at all is called different wrongly */

/* What a CI job would not want to get worse unseen. */
static const char *const default_metrics[] = {
    "goodput_rpm",    "efficiency",   "latency_ms.p50",   "latency_ms.p95",
    "latency_ms.p99", "wait_ms.mean", "wait_ms.p95",      "http_429%",
    "failed",         "expired",      "fairness.tenants",
};
#define DEFAULTS (sizeof default_metrics / sizeof default_metrics[0])

const char *bench_verdict_name(enum bench_verdict verdict)
{
    static const char *const names[] = {
        [BENCH_SAME] = "no difference shown",
        [BENCH_BETTER] = "better",
        [BENCH_WORSE] = "worse",
        [BENCH_ALLOWED] = "worse, as allowed",
        [BENCH_ABSENT] = "not there",
    };
    return names[verdict];
}

/* What must be equal, for a difference to be the client's. */
static int check_scenarios(const struct bench_result *base,
                           const struct bench_result *now,
                           struct lim_diag *diag)
{
    static const char *const parts[] = { "provider", "workload", "duration",
                                         "drain", "warmup" };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const cJSON *a = bench_path_get(base->scenario, parts[i]);
        const cJSON *b = bench_path_get(now->scenario, parts[i]);
        if ((a == NULL) != (b == NULL) ||
            (a != NULL && !cJSON_Compare(a, b, true)))
            return lim_fail(diag, LIM_EINVAL, 0,
                            "their scenarios differ in \"%s\": only the "
                            "client, name and seed may",
                            parts[i]);
    }
    return LIM_OK;
}

static int check_runs(const struct bench_result *base,
                      const struct bench_result *now, struct lim_diag *diag)
{
    if (base->partial || now->partial)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "%s was interrupted: its runs are not all there",
                        base->partial ? "BASE" : "NEW");
    if (bench_result_saturated(base) + bench_result_saturated(now) > 0)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "%s was sent by a generator that was saturated: its "
                        "figures are not the server's",
                        bench_result_saturated(base) > 0 ? "BASE" : "NEW");
    if (base->replications != now->replications)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "BASE has %zu replications, NEW %zu",
                        base->replications, now->replications);
    if (base->replications < 2)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "one replication tells nothing of chance: run both "
                        "with --replications 10 or more");
    if (base->variants != now->variants)
        return lim_fail(diag, LIM_EINVAL, 0, "BASE has %zu variants, NEW %zu",
                        base->variants, now->variants);
    return LIM_OK;
}

static int check_metrics(const struct bench_comparison *c,
                         struct lim_diag *diag)
{
    for (size_t i = 0; i < c->metric_count; i++) {
        char name[BENCH_METRIC_SIZE];
        const char *metric = c->metrics[i];
        size_t n = strlen(metric);
        if (n == 0 || n >= sizeof name)
            return lim_fail(diag, LIM_EINVAL, 0, "'%.80s': no figure's name",
                            metric);
        memcpy(name, metric, n + 1);
        if (name[n - 1] == '%') {
            name[n - 1] = '\0';
            if (!bench_metric_is_count(name))
                name[n - 1] = '%';
        }
        if (bench_metric_check(name, metric, diag) != LIM_OK)
            return LIM_EINVAL;
        if (bench_metric_better(metric) == BENCH_NEITHER)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "'%.80s' cannot be better or worse", metric);
    }
    return LIM_OK;
}

/* The variant of `r` with such settings.  One alone needs no such. */
static int find_variant(const struct bench_result *r, const cJSON *settings,
                        size_t *out)
{
    for (size_t v = 0; v < r->variants; v++) {
        const cJSON *of = bench_aggregate_settings(r, v);
        if (of != NULL &&
            (r->variants == 1 || cJSON_Compare(of, settings, true))) {
            *out = v;
            return LIM_OK;
        }
    }
    return LIM_EINVAL;
}

/* The figures of a variant's replications; NAN where there is none. */
static bool gather(const struct bench_result *r, size_t variant,
                   const char *metric, double *out)
{
    bool all = true;
    for (size_t i = 0; i < r->replications; i++)
        out[i] = NAN;
    for (size_t i = 0; i < r->run_count; i++) {
        const struct bench_run *run = &r->runs[i];
        if (run->variant == variant && run->replication < r->replications)
            (void)bench_aggregate_run(run, metric, &out[run->replication]);
    }
    for (size_t i = 0; i < r->replications; i++)
        all = all && !isnan(out[i]);
    return all;
}

static bool has_any(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            return true;
    return false;
}

/* Standard error of a difference and its degrees of freedom. */
struct spread {
    double error;
    size_t df;
};

static struct spread paired(const double *base, double *now, size_t n)
{
    for (size_t i = 0; i < n; i++)
        now[i] -= base[i];
    return (struct spread){ sim_deviation(now, n) / sqrt((double)n), n - 1 };
}

/* Welch and Satterthwaite, with the degrees of freedom rounded down. */
static struct spread unpaired(const double *base, const double *now, size_t n)
{
    double a = sim_deviation(base, n), b = sim_deviation(now, n);
    double va = a * a / (double)n, vb = b * b / (double)n;
    double df = (double)(n - 1);
    if (va + vb > 0)
        df *= (va + vb) * (va + vb) / (va * va + vb * vb);
    return (struct spread){ sqrt(va + vb), (size_t)df };
}

static enum bench_verdict judge(const struct bench_difference *d,
                                double max_regress)
{
    double worse = d->better == BENCH_LARGER ? -1 : 1;
    double near =
        d->low * worse < d->high * worse ? d->low * worse : d->high * worse;
    double far =
        d->low * worse < d->high * worse ? d->high * worse : d->low * worse;
    if (far < 0)
        return BENCH_BETTER;
    if (!(near > 0))
        return BENCH_SAME;
    return d->difference * worse > max_regress * fabs(d->base) ? BENCH_WORSE
                                                               : BENCH_ALLOWED;
}

/* `x` and `y` have room for a figure of each replication. */
static void compare_metric(const struct bench_comparison *c,
                           const struct bench_compared *v, const char *metric,
                           double *x, double *y, struct bench_difference *d)
{
    size_t n = c->replications;
    *d = (struct bench_difference){ .metric = metric,
                                    .better = bench_metric_better(metric),
                                    .verdict = BENCH_ABSENT };
    bool there = gather(c->base, v->base, metric, x);
    there = gather(c->now, v->now, metric, y) && there;
    d->partly = !there && (has_any(x, n) || has_any(y, n));
    if (!there)
        return;
    d->base = sim_mean(x, n);
    d->now = sim_mean(y, n);
    d->difference = d->now - d->base;
    d->relative = d->base != 0 ? d->difference / fabs(d->base) : NAN;
    struct spread s = c->paired ? paired(x, y, n) : unpaired(x, y, n);
    double half =
        bench_student_point(CHANCE / (double)c->tests, s.df) * s.error;
    d->low = d->difference - half;
    d->high = d->difference + half;
    d->verdict = judge(d, c->max_regress);
}

static void count(struct bench_comparison *c, enum bench_verdict verdict)
{
    c->worse += verdict == BENCH_WORSE;
    c->better += verdict == BENCH_BETTER;
    c->allowed += verdict == BENCH_ALLOWED;
}

static int compare_all(struct bench_comparison *c)
{
    double *x = calloc(2 * c->replications, sizeof *x);
    if (x == NULL)
        return LIM_ENOMEM;
    for (size_t v = 0; v < c->variant_count; v++) {
        struct bench_compared *one = &c->variants[v];
        one->differences = calloc(c->metric_count, sizeof *one->differences);
        if (one->differences == NULL) {
            free(x);
            return LIM_ENOMEM;
        }
        for (size_t m = 0; m < c->metric_count; m++) {
            compare_metric(c, one, c->metrics[m], x, x + c->replications,
                           &one->differences[m]);
            count(c, one->differences[m].verdict);
        }
    }
    free(x);
    return LIM_OK;
}

static int match_variants(struct bench_comparison *c, struct lim_diag *diag)
{
    c->variants = calloc(c->base->variants, sizeof *c->variants);
    if (c->variants == NULL)
        return LIM_ENOMEM;
    for (size_t v = 0; v < c->base->variants; v++) {
        const cJSON *settings = bench_aggregate_settings(c->base, v);
        struct bench_compared *one = &c->variants[c->variant_count++];
        one->base = v;
        if (settings == NULL ||
            find_variant(c->now, settings, &one->now) != LIM_OK)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "variant %zu of BASE is not in NEW: their \"vary\" "
                            "must be equal",
                            v + 1);
    }
    return LIM_OK;
}

int bench_compare(const struct bench_result *base,
                  const struct bench_result *now,
                  const struct bench_compare_options *options,
                  struct bench_comparison *out, struct lim_diag *diag)
{
    bool own = options->metrics != NULL;
    *out = (struct bench_comparison){
        .base = base,
        .now = now,
        .metrics = own ? options->metrics : default_metrics,
        .metric_count = own ? options->metric_count : DEFAULTS,
        .max_regress = options->max_regress,
        .paired = base->seed == now->seed,
        .replications = base->replications,
    };
    int error = check_metrics(out, diag);
    if (error == LIM_OK)
        error = check_scenarios(base, now, diag);
    if (error == LIM_OK)
        error = check_runs(base, now, diag);
    if (error == LIM_OK)
        error = match_variants(out, diag);
    out->tests = out->variant_count * out->metric_count;
    if (error == LIM_OK)
        error = compare_all(out);
    if (error != LIM_OK)
        bench_comparison_fini(out);
    if (error == LIM_ENOMEM)
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    return error;
}

void bench_comparison_fini(struct bench_comparison *c)
{
    for (size_t v = 0; c->variants != NULL && v < c->variant_count; v++)
        free(c->variants[v].differences);
    free(c->variants);
    *c = (struct bench_comparison){ 0 };
}
