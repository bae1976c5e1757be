#include "bench/names.h"

#include <string.h>

#include "bench/preset.h"
#include "limiter/backoff.h"
#include "limiter/cap.h"
#include "limiter/meter.h"
#include "limiter/queue.h"
#include "limiter/strategy.h"
#include "limiter/tier.h"
#include "sim/latency.h"

#define LINE_WIDTH 80
#define NAME_WIDTH 20 /* few are longer */

static bool among(const char *word, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(word, *names) == 0)
            return true;
    return false;
}

/* Copies the names of a table of things that begin with their name. */
#define COPY_NAMES(table, names)                                               \
    do {                                                                       \
        size_t n_ = 0;                                                         \
        for (; (table)[n_] != NULL && n_ < BENCH_NAMES_MAX - 2; n_++)          \
            (names)[n_] = (table)[n_]->name;                                   \
        (names)[n_] = NULL;                                                    \
    } while (0)

void bench_names_strategies(const char *names[BENCH_NAMES_MAX])
{
    COPY_NAMES(lim_strategies, names);
}

void bench_names_backoffs(const char *names[BENCH_NAMES_MAX])
{
    COPY_NAMES(lim_backoffs, names);
}

void bench_names_queues(const char *names[BENCH_NAMES_MAX])
{
    COPY_NAMES(lim_queues, names);
}

void bench_names_disciplines(const char *names[BENCH_NAMES_MAX])
{
    for (int i = 0; i < LIM_DISCIPLINES; i++)
        names[i] = lim_discipline_name((enum lim_discipline)i);
    names[LIM_DISCIPLINES] = NULL;
}

void bench_names_caps(const char *names[BENCH_NAMES_MAX])
{
    names[0] = "none";
    COPY_NAMES(lim_caps, names + 1);
}

bool bench_names_check(struct mock_json *j, const char *key, const char *found,
                       const char *const *names)
{
    if (among(found, names))
        return true;
    mock_json_unknown_name(j, key, found, names);
    return false;
}

void bench_names_line(FILE *f, const char *name, const char *summary)
{
    int column = fprintf(f, "  %-*s", NAME_WIDTH, name);
    while (*summary != '\0') {
        int length = (int)strcspn(summary, " ");
        if (column + 1 + length > LINE_WIDTH)
            column = fprintf(f, "\n  %-*s", NAME_WIDTH, "") - 1;
        column += fprintf(f, " %.*s", length, summary);
        summary += length;
        summary += strspn(summary, " ");
    }
    fputc('\n', f);
}

static void print_models(FILE *f)
{
    fprintf(f, "latency profiles\n");
    for (size_t i = 0; i < sim_profiles(); i++)
        bench_names_line(f, sim_profile_at(i)->name, sim_profile_at(i)->source);
    fprintf(f, "tier tables\n");
    for (size_t i = 0; lim_table_names[i] != NULL; i++)
        fprintf(f, "  %s\n", lim_table_names[i]);
}

static void print_caps(FILE *f)
{
    fprintf(f, "caps (client.cap)\n");
    bench_names_line(f, "N", "at most so many in flight, over the whole pool");
    bench_names_line(f, "{\"per_organisation\": N}",
                     "the same for each organisation");
    bench_names_line(f, "\"none\"", "no cap");
    for (size_t i = 0; lim_caps[i] != NULL; i++)
        bench_names_line(f, lim_caps[i]->name, lim_caps[i]->summary);
}

void bench_names_print(FILE *f)
{
    fprintf(f, "strategies (client.strategy)\n");
    for (size_t i = 0; lim_strategies[i] != NULL; i++)
        bench_names_line(f, lim_strategies[i]->name,
                         lim_strategies[i]->summary);
    print_caps(f);
    fprintf(f, "queues (client.queue)\n");
    for (size_t i = 0; lim_queues[i] != NULL; i++)
        bench_names_line(f, lim_queues[i]->name, lim_queues[i]->summary);
    fprintf(f, "back-offs (client.retry.backoff)\n");
    for (size_t i = 0; lim_backoffs[i] != NULL; i++)
        bench_names_line(f, lim_backoffs[i]->name, lim_backoffs[i]->summary);
    fprintf(f, "disciplines (client.discipline, provider.discipline)\n");
    for (int i = 0; i < LIM_DISCIPLINES; i++)
        bench_names_line(f, lim_discipline_name((enum lim_discipline)i),
                         lim_discipline_summary((enum lim_discipline)i));
    fprintf(f, "presets (client.preset)\n");
    bench_preset_print(f);
    print_models(f);
}
