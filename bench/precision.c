#include "bench/precision.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "mockserver/units.h"

static int add_figure(struct bench_precision *p, const char *name,
                      const char *text, struct lim_diag *diag)
{
    if (p->count == BENCH_PRECISION_FIGURES)
        return lim_fail(diag, LIM_EINVAL, 0, "--precision: at most %d figures",
                        BENCH_PRECISION_FIGURES);
    size_t n = strlen(name);
    char bare[BENCH_METRIC_SIZE];
    strcpy(p->figures[p->count], name);
    strcpy(bare, name);
    if (n > 0 && bare[n - 1] == '%')
        bare[n - 1] = 0;
    int error = bench_metric_check(bare, text, diag);
    if (error == LIM_OK)
        p->count++;
    return error;
}

static bool read_share(struct bench_precision *p, const char *word)
{
    return mock_units_count(word, &p->share) && p->share >= 1e-6 &&
           p->share < 1;
}

static bool read_most(struct bench_precision *p, const char *word)
{
    char *end;
    if (strspn(word, "0123456789") != strlen(word))
        return false;
    p->most = strtoul(word, &end, 10);
    return p->most >= BENCH_PRECISION_LEAST && p->most <= BENCH_RUNS_MAX;
}

static int read_word(struct bench_precision *p, const char *word, bool first,
                     const char *text, struct lim_diag *diag)
{
    if (first && read_share(p, word))
        return LIM_OK;
    if (first)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--precision takes a share such as 2%% and figures, "
                        "not '%.80s'",
                        text);
    if (strncmp(word, "max=", 4) != 0)
        return add_figure(p, word, text, diag);
    if (read_most(p, word + 4))
        return LIM_OK;
    return lim_fail(diag, LIM_EINVAL, 0,
                    "--precision: max= takes %d to %d replications, not "
                    "'%.40s'",
                    BENCH_PRECISION_LEAST, BENCH_RUNS_MAX, word + 4);
}

int bench_precision_parse(struct bench_precision *p, const char *text,
                          struct lim_diag *diag)
{
    bool last = false;
    int error = LIM_OK;
    *p = (struct bench_precision){ .most = BENCH_PRECISION_MOST };
    for (const char *at = text; error == LIM_OK && !last;) {
        char word[BENCH_METRIC_SIZE];
        size_t n = strcspn(at, ",");
        if (n >= sizeof word)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "--precision: '%.40s...' is too long", at);
        memcpy(word, at, n);
        word[n] = 0;
        error = read_word(p, word, at == text, text, diag);
        last = at[n] == 0;
        at += n + 1;
    }
    if (error == LIM_OK && p->count == 0) {
        add_figure(p, "goodput_rpm", text, diag);
        add_figure(p, "latency_ms.p95", text, diag);
    }
    return error;
}

/* By what factor an interval is too wide; 0 where no run has the figure, as
   more runs would not have it either. */
static double excess(const struct bench_precision *p, struct bench_estimate e)
{
    if (e.n == 0 || (e.n > 1 && e.ci95 == 0))
        return 0;
    if (e.n < 2 || e.mean == 0)
        return HUGE_VAL;
    return e.ci95 / fabs(e.mean) / (p->share / (1 + p->share));
}

static size_t variants_of(const struct bench_result *r)
{
    return r->run_count == 0 ? 0 : r->runs[r->run_count - 1].variant + 1;
}

/* The interval shrinks as the root of the number; twice as many at most at a
   time, as the first guesses are rough. */
size_t bench_precision_next(const struct bench_precision *p,
                            const struct bench_result *r)
{
    size_t variants = variants_of(r);
    size_t now = variants == 0 ? 0 : r->run_count / variants;
    double worst = 0;
    if (now < BENCH_PRECISION_LEAST)
        return BENCH_PRECISION_LEAST;
    for (size_t v = 0; v < variants; v++)
        for (size_t i = 0; i < p->count; i++) {
            double x = excess(p, bench_aggregate(r, v, p->figures[i]));
            worst = x > worst ? x : worst;
        }
    if (worst <= 1 || now >= p->most)
        return now;
    double wanted = ceil((double)now * worst * worst);
    size_t next = wanted < 2.0 * (double)now ? (size_t)wanted : 2 * now;
    next = next > now ? next : now + 1;
    return next < p->most ? next : p->most;
}

static void tell_worst(const struct bench_result *r, size_t variant,
                       const char *figure, FILE *out)
{
    struct bench_estimate e = bench_aggregate(r, variant, figure);
    const cJSON *settings = bench_aggregate_settings(r, variant);
    char *text = cJSON_PrintUnformatted(settings);
    fprintf(out, "%s", figure);
    if (text != NULL && settings->child != NULL)
        fprintf(out, " of %s", text);
    if (e.n < 2 || e.mean == 0)
        fprintf(out, ", of which nothing is known\n");
    else
        fprintf(out, ", known to %.3g %%\n", 100 * e.ci95 / fabs(e.mean));
    cJSON_free(text);
}

void bench_precision_tell(const struct bench_precision *p,
                          const struct bench_result *r, FILE *out)
{
    size_t all = variants_of(r) * p->count, missed = 0, worst = 0;
    double most = 1;
    for (size_t k = 0; k < all; k++) {
        double x = excess(
            p, bench_aggregate(r, k / p->count, p->figures[k % p->count]));
        missed += x > 1;
        if (x <= most)
            continue;
        most = x;
        worst = k;
    }
    size_t runs = all == 0 ? 0 : r->run_count / variants_of(r);
    fprintf(out, "precision: %zu replications", runs);
    if (missed == 0) {
        fprintf(out, "; every figure is known to %.3g %%\n", 100 * p->share);
        return;
    }
    fprintf(out,
            ", the most; %zu of %zu figures are not known to %.3g %%, "
            "least of all ",
            missed, all, 100 * p->share);
    tell_worst(r, worst / p->count, p->figures[worst % p->count], out);
}
