#define _POSIX_C_SOURCE 200809L

#include "bench/budget.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "bench/demand.h"
#include "mockserver/units.h"

int bench_budget_read(struct bench_budget *b, const char *requests,
                      const char *spend, struct lim_diag *diag)
{
    double n;
    *b = (struct bench_budget){ .requests = -1, .microusd = INT64_MAX };
    if (requests != NULL) {
        if (!mock_units_count(requests, &n) || !(n >= 1 && n <= 1e12) ||
            n != floor(n))
            return lim_fail(diag, LIM_EINVAL, 0,
                            "--max-requests takes a count, not '%.40s'",
                            requests);
        b->requests = (int64_t)n;
    }
    if (spend != NULL && !mock_units_money(spend, &b->microusd))
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--max-spend takes money such as $5, not '%.40s'",
                        spend);
    return LIM_OK;
}

bool bench_budget_is_spent(const struct bench_budget *b)
{
    return b->requests == 0 || b->microusd <= 0;
}

bool bench_budget_take(struct bench_budget *b)
{
    if (bench_budget_is_spent(b))
        return false;
    if (b->requests > 0)
        b->requests--;
    return true;
}

void bench_budget_spend(struct bench_budget *b, int64_t microusd)
{
    if (microusd > 0 && b->microusd != INT64_MAX)
        b->microusd -= microusd;
}

/* Adds what one run of a variant sends to the sums. */
static int add_variant(const struct bench_experiment *e, size_t variant,
                       const struct bench_place *place, double *requests,
                       double *tokens, double *usd, struct lim_diag *diag)
{
    struct bench_scenario s;
    struct bench_demand d;
    cJSON *tree = bench_experiment_scenario(e, variant, diag);
    if (tree == NULL)
        return LIM_EINVAL;
    int error = bench_scenario_with(&s, tree, place->folder, place->own, diag);
    cJSON_Delete(tree);
    if (error != LIM_OK)
        return error;
    error = bench_demand_init(&d, &s, 1, diag);
    if (error == LIM_OK) {
        *requests += (double)d.requests;
        for (size_t i = 0; i < d.model_count; i++)
            *tokens += (double)d.models[i].sum.tokens;
        *usd = d.usd < 0 || *usd < 0 ? -1 : *usd + d.usd;
        bench_demand_fini(&d);
    }
    bench_scenario_fini(&s);
    return error;
}

int bench_budget_tell(const struct bench_experiment *e,
                      const struct bench_place *place, FILE *out,
                      struct lim_diag *diag)
{
    double requests = 0, tokens = 0, usd = 0;
    double each = (double)e->replications;
    int error = LIM_OK;
    for (size_t v = 0; v < e->variants && error == LIM_OK; v++)
        error = add_variant(e, v, place, &requests, &tokens, &usd, diag);
    if (error != LIM_OK)
        return error;
    fprintf(out,
            "to %s: about %.0f requests and %.0f tokens in %zu run%s, refused "
            "ones again; ",
            place->name, requests * each, tokens * each,
            e->variants * e->replications,
            e->variants * e->replications == 1 ? "" : "s");
    if (usd < 0)
        fprintf(out, "what they cost is not known\n");
    else
        fprintf(out, "about $%.2f\n", usd * each);
    return LIM_OK;
}

bool bench_budget_is_free(const char *url)
{
    static const char *const here[] = { "127.0.0.1", "localhost", "[::1]" };
    const char *host = strstr(url, "://");
    host = host != NULL ? host + 3 : url;
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        size_t n = strlen(here[i]);
        if (strncmp(host, here[i], n) == 0 &&
            (host[n] == ':' || host[n] == '/' || host[n] == '\0'))
            return true;
    }
    return false;
}

bool bench_budget_ask(void)
{
    char answer[16];
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return false;
    fputs("go on? [y/N] ", stderr);
    return fgets(answer, sizeof answer, stdin) != NULL &&
           (answer[0] == 'y' || answer[0] == 'Y');
}
