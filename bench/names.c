#include "bench/names.h"

#include <string.h>

#include "limiter/backoff.h"
#include "limiter/strategy.h"
#include "limiter/tier.h"
#include "sim/latency.h"

const char *const bench_names_queues[] = { "fifo", NULL };

/* What later versions will know: strategies, caps, queues, back-offs,
   presets, arrivals, beliefs and disciplines. */
static const char *const planned[] = { "random",
                                       "weighted",
                                       "swrr",
                                       "edf_wrr",
                                       "fill_first",
                                       "p2c",
                                       "peak_ewma",
                                       "lowest_latency",
                                       "earliest",
                                       "best_fit",
                                       "cheapest",
                                       "sticky",
                                       "aimd",
                                       "vegas",
                                       "gradient2",
                                       "adaptive",
                                       "littles_law",
                                       "priority",
                                       "shortest",
                                       "deadline",
                                       "fair",
                                       "equal_jitter",
                                       "decorrelated",
                                       "sdk",
                                       "hinted",
                                       "learned",
                                       "quantised",
                                       "fixed",
                                       "sliding-log",
                                       "sliding-counter",
                                       NULL };

static bool among(const char *word, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(word, *names) == 0)
            return true;
    return false;
}

void bench_names_strategies(const char *names[BENCH_NAMES_MAX])
{
    size_t n = 0;
    for (; lim_strategies[n] != NULL && n < BENCH_NAMES_MAX - 1; n++)
        names[n] = lim_strategies[n]->name;
    names[n] = NULL;
}

void bench_names_backoffs(const char *names[BENCH_NAMES_MAX])
{
    size_t n = 0;
    for (; lim_backoffs[n] != NULL && n < BENCH_NAMES_MAX - 1; n++)
        names[n] = lim_backoffs[n]->name;
    names[n] = NULL;
}

static void join(const char *const *names, char *out, size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; names[i] != NULL && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i == 0 ? "" : ", ", names[i]);
}

bool bench_names_check(struct mock_json *j, const char *key, const char *found,
                       const char *const *names)
{
    if (among(found, names))
        return true;
    char list[256];
    join(names, list, sizeof list);
    if (among(found, planned))
        mock_json_wrong(j, key,
                        "'%s' is not available in this version (there is: "
                        "%s)",
                        found, list);
    else
        mock_json_unknown_name(j, key, found, names);
    return false;
}

void bench_names_planned(struct mock_json *j, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (mock_json_get(j, *keys) != NULL)
            mock_json_wrong(j, *keys, "not available in this version");
}

static void print_models(FILE *f)
{
    fprintf(f, "latency profiles\n");
    for (size_t i = 0; i < sim_profiles(); i++)
        fprintf(f, "  %-20s %s\n", sim_profile_at(i)->name,
                sim_profile_at(i)->source);
    fprintf(f, "tier tables\n");
    for (size_t i = 0; lim_table_names[i] != NULL; i++)
        fprintf(f, "  %s\n", lim_table_names[i]);
}

void bench_names_print(FILE *f)
{
    fprintf(f, "strategies (client.strategy)\n");
    for (size_t i = 0; lim_strategies[i] != NULL; i++)
        fprintf(f, "  %-20s %s\n", lim_strategies[i]->name,
                lim_strategies[i]->summary);
    fprintf(f,
            "caps (client.cap)\n"
            "  %-20s at most so many in flight, over the whole pool\n"
            "  %-20s the same for each organisation\n"
            "  %-20s no cap\n",
            "N", "{\"per_organisation\": N}", "\"none\"");
    fprintf(f,
            "queues (client.queue)\n"
            "  %-20s first come, first served\n",
            "fifo");
    fprintf(f, "back-offs (client.retry.backoff)\n");
    for (size_t i = 0; lim_backoffs[i] != NULL; i++)
        fprintf(f, "  %-20s %s\n", lim_backoffs[i]->name,
                lim_backoffs[i]->summary);
    fprintf(f, "presets (client.preset)\n  none in this version\n");
    print_models(f);
}
