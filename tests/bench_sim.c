/*
 * What a simulated request costs: processor time of whole runs (pool,
 * provider, statistics) over the requests that arrived, one line "name TAB
 * value TAB unit" each, the median of several trials:
 *     bench_sim [WORD]
 * where WORD picks the rows that hold it.
 */

#define _POSIX_C_SOURCE 200809L

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/memory.h"
#include "sim/world.h"

#define TRIALS 5
#define REQUESTS 200000
#define ORGANISATIONS_MAX 1000

/*
 * Each of the four lets 500 requests a minute through, of a mean organisation,
 * and keeps 2 % of a limit as its burst, so that an overload is soon felt.
 */
static const char limits[] =
    "@as_of 2026-01\n"
    "@source bench Made for the measurement\n"
    "@tier tier1 0 0 1000000000\n"
    "@tier tier2 0 0 1000000000\n"
    "@tier tier3 0 0 1000000000\n"
    "@tier tier4 0 0 1000000000\n"
    "# model tier group rpm rpd tpm tpd ipm as_of source\n"
    "requests tier1 - 500 - 4500000 - - - -\n"
    "tokens tier1 - 5000 - 450000 - - - -\n"
    "days tier1 - 500 720000 4500000 6480000000 - - -\n"
    "unequal tier1 - 100 - 90000 - - - -\n"
    "unequal tier2 - 200 - 180000 - - - -\n"
    "unequal tier3 - 500 - 450000 - - - -\n"
    "unequal tier4 - 1200 - 1080000 - - - -\n";

static const struct shape {
    const char *model, *name;
    unsigned tiers; /* of organisations, in turn from tier1 on */
    double heavy;   /* a prompt's 95th percentile over its median; 1: equal */
} shapes[] = {
    { "requests", "requests bind", 1, 1 },
    { "tokens", "tokens bind", 1, 1 },
    { "days", "days beside minutes", 1, 1 },
    { "unequal", "unequal, heavy tails", 4, 10 },
};

static const unsigned sizes[] = { 10, 100, 1000 };
static const double loads[] = { 0.6, 1.05 };

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct sim_dist prompts(const struct shape *shape)
{
    if (shape->heavy <= 1)
        return sim_dist_constant(300);
    struct sim_dist d = sim_dist_lognormal(300, 300 * shape->heavy);
    double scale = 300 / sim_dist_mean(&d);
    return sim_dist_lognormal(300 * scale, 300 * scale * shape->heavy);
}

static struct sim_workload workload_of(const struct shape *shape, unsigned n,
                                       double load)
{
    return (struct sim_workload){
        .model = shape->model,
        .arrivals = { .kind = SIM_ARRIVE_POISSON,
                      .rate_per_s = load * n * 500 / 60 },
        .prompt_tokens = prompts(shape),
        .completion_tokens = sim_dist_lognormal(129, 451),
        .max_tokens = 600,
        .deadline_ns = LIM_NEVER,
    };
}

/* Runs as long as so many requests take to arrive; ns a request. */
static double simulated(const struct lim_table *table,
                        const struct shape *shape, unsigned n, double load)
{
    static struct sim_organisation o[ORGANISATIONS_MAX];
    struct sim_workload w = workload_of(shape, n, load);
    struct sim_scenario s = { .name = "bench",
                              .provider = sim_provider_config_default(),
                              .client = sim_client_config_default(),
                              .workloads = &w,
                              .workload_count = 1 };
    struct sim_summary out;
    assert(n <= ORGANISATIONS_MAX);
    for (unsigned i = 0; i < n; i++)
        o[i] = (struct sim_organisation){ .name = "o",
                                          .tier = (enum lim_tier)(
                                              LIM_TIER_1 + i % shape->tiers),
                                          .keys = 1,
                                          .first_payment_days_ago = -1 };
    s.duration_ns = (int64_t)(REQUESTS / w.arrivals.rate_per_s * 1e9);
    s.provider.table = table;
    s.provider.organisations = o;
    s.provider.organisation_count = n;
    s.provider.burst = 0.02;
    s.provider.latency_source = SIM_LATENCY_GIVEN;
    s.provider.latency = sim_latency_constant(0);
    s.provider.latency.ttft = sim_dist_lognormal(1, 3);
    double began = cpu_ns();
    int rc = sim_world_run(&s, 1, NULL, NULL, &out, NULL, NULL, NULL);
    double took = cpu_ns() - began;
    assert(rc == LIM_OK && out.requests > REQUESTS / 2);
    (void)rc;
    double ns = took / (double)out.requests;
    sim_summary_fini(&out);
    return ns;
}

static void report(const char *name, double trial[TRIALS])
{
    qsort(trial, TRIALS, sizeof trial[0], ascending);
    printf("%s\t%.1f\tns\n", name, trial[TRIALS / 2]);
    fflush(stdout);
}

static void measure(const struct lim_table *table, const struct shape *shape,
                    unsigned n, double load, const char *word)
{
    char name[80];
    double trial[TRIALS];
    snprintf(name, sizeof name, "simulated request: %s, %u, %.0f %%",
             shape->name, n, 100 * load);
    if (strstr(name, word) == NULL)
        return;
    for (int i = 0; i < TRIALS; i++)
        trial[i] = simulated(table, shape, n, load);
    report(name, trial);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    struct lim_diag diag;
    bench_memory_keep();
    struct lim_table *table =
        lim_table_parse("bench", limits, sizeof limits - 1, &diag);
    if (table == NULL) {
        fprintf(stderr, "bench_sim: %s\n", diag.text);
        return 1;
    }
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            for (size_t j = 0; j < sizeof loads / sizeof loads[0]; j++)
                measure(table, &shapes[k], sizes[i], loads[j], word);
    lim_table_free(table);
    return 0;
}
