#include "bench/place.h"

#include <stdlib.h>
#include <string.h>

#include "bench/accounts.h"
#include "bench/command.h"
#include "bench/daemon.h"
#include "bench/driver.h"
#include "bench/settle.h"
#include "mockserver/azure.h"

static bool is_url(const char *name)
{
    return strncmp(name, "http://", 7) == 0 ||
           strncmp(name, "https://", 8) == 0;
}

/* The URL stands in the result, so it must hold no secret. */
int bench_place_find(struct bench_place *p, const char *name,
                     struct lim_diag *diag)
{
    if (strcmp(name, "api") == 0)
        name = bench_accounts_default_url();
    p->name = name;
    if (strcmp(name, "sim") == 0)
        p->world = BENCH_ON_SIM;
    else if (strcmp(name, "mock") == 0)
        p->world = BENCH_ON_MOCK;
    else if (is_url(name))
        p->world = BENCH_ON_URL;
    else
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--on takes sim, mock, api or a base URL, not "
                        "'%.80s'",
                        name);
    if (p->world == BENCH_ON_URL && strpbrk(name, "@?#") != NULL)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--on takes a URL without user, query and fragment: "
                        "keys come from the environment or from --accounts");
    return LIM_OK;
}

static int run_sim(const struct bench_scenario *s, uint64_t seed,
                   const struct sim_watch *watch, const struct sim_pace *pace,
                   struct bench_outcome *out, struct lim_diag *diag)
{
    double begin = bench_command_clock();
    struct sim_scenario sim = s->sim;
    int error = LIM_OK;
    if (s->warmup_auto)
        error = bench_settle(&sim, seed, pace, &sim.warmup_ns, diag);
    if (error == LIM_OK)
        error = sim_world_run(&sim, seed, watch, pace, &out->summary,
                              &out->moments, &out->moment_count, diag);
    out->wall_s = bench_command_clock() - begin;
    return error;
}

static int drive(const struct bench_scenario *s, struct bench_target target,
                 uint64_t seed, const struct sim_watch *watch,
                 const struct sim_pace *pace, struct bench_outcome *out,
                 struct lim_diag *diag)
{
    struct bench_wall wall = { 0 };
    int error = bench_drive(&s->sim, &target, seed, watch, pace, &out->summary,
                            &out->moments, &out->moment_count, &wall, diag);
    out->wall_s = wall.wall_s;
    out->wired = true;
    out->wall = wall;
    return error;
}

/* A daemon for each run: every run begins with full windows. */
static int run_mock(const struct bench_place *p, const struct bench_scenario *s,
                    uint64_t seed, const struct sim_watch *watch,
                    const struct sim_pace *pace, struct bench_outcome *out,
                    struct lim_diag *diag)
{
    struct bench_accounts *accounts =
        bench_accounts_mock(&s->sim.provider, diag);
    if (accounts == NULL)
        return LIM_EINVAL;
    const cJSON *provider =
        cJSON_GetObjectItemCaseSensitive(s->tree, "provider");
    char *json = provider == NULL ? NULL : cJSON_PrintUnformatted(provider);
    struct bench_daemon daemon;
    const struct bench_daemon_options options = {
        .provider_json = json == NULL ? "{}" : json,
        .folder = p->folder,
        .speed = p->speed,
        .seed = seed,
    };
    int error = bench_daemon_start(&daemon, &options, diag);
    if (error == LIM_OK) {
        const struct bench_target target = { .base_url = daemon.base_url,
                                             .accounts = accounts,
                                             .mock = true,
                                             .speed = p->speed };
        error = drive(s, target, seed, watch, pace, out, diag);
        bench_daemon_stop(&daemon);
    }
    cJSON_free(json);
    bench_accounts_free(accounts);
    return error;
}

static int run_url(const struct bench_place *p, const struct bench_scenario *s,
                   uint64_t seed, const struct sim_watch *watch,
                   const struct sim_pace *pace, struct bench_outcome *out,
                   struct lim_diag *diag)
{
    struct bench_accounts *accounts =
        p->accounts == NULL
            ? bench_accounts_environment(&s->sim.provider, diag)
            : bench_accounts_read(p->accounts, &s->sim.provider, diag);
    if (accounts == NULL)
        return LIM_EINVAL;
    const struct bench_target target = { .base_url = p->name,
                                         .accounts = accounts,
                                         .budget = p->budget,
                                         .speed = 1 };
    int error = drive(s, target, seed, watch, pace, out, diag);
    bench_accounts_free(accounts);
    return error;
}

int bench_place_check(const struct bench_place *p,
                      const struct bench_scenario *s, struct lim_diag *diag)
{
    if (s->warmup_auto && p->world != BENCH_ON_SIM)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "warmup: \"auto\" is for the simulator; give a time");
    if (s->config.manner.dialect != MOCK_OPENAI && p->world == BENCH_ON_MOCK)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "provider.dialect: the driver speaks \"openai\" "
                        "alone, so \"%s\" cannot be run over HTTP",
                        mock_azure_dialect_name(s->config.manner.dialect));
    return LIM_OK;
}

int bench_place_run(const struct bench_place *p, const struct bench_scenario *s,
                    uint64_t seed, const struct sim_watch *watch,
                    const struct sim_pace *pace, struct bench_outcome *out,
                    struct lim_diag *diag)
{
    *out = (struct bench_outcome){ .wall_s = 0 };
    if (p->world == BENCH_ON_MOCK)
        return run_mock(p, s, seed, watch, pace, out, diag);
    if (p->world == BENCH_ON_URL)
        return run_url(p, s, seed, watch, pace, out, diag);
    return run_sim(s, seed, watch, pace, out, diag);
}

void bench_outcome_fini(struct bench_outcome *o)
{
    sim_summary_fini(&o->summary);
    free(o->moments);
}
