/* A plan for people, on a terminal. */

#define _POSIX_C_SOURCE 200809L

#include <math.h>

#include "bench/plan_parts.h"
#include "bench/table.h"

#define COLUMNS 8

/* Into a cell of a table, what a teller tells. */
#define CELL_SIZE 160

static void add_told(struct bench_table *t,
                     void (*tell)(const struct bench_plan_option *o, FILE *f),
                     const struct bench_plan_option *o)
{
    char cell[CELL_SIZE] = "";
    FILE *f = fmemopen(cell, sizeof cell, "w");
    if (f != NULL) {
        tell(o, f);
        fclose(f);
    }
    bench_table_add(t, "%s", cell);
}

static void tell_from(const struct bench_plan_option *o, FILE *f)
{
    bench_plan_tell_day(o->day, f);
}

static void tell_wait(const struct bench_plan_option *o, FILE *f)
{
    bench_plan_tell_wait(&o->wait_p95, " +- ", f);
}

static void tell_refused(const struct bench_plan_option *o, FILE *f)
{
    if (o->refused.n == 0)
        fputs("-", f);
    else
        fprintf(f, "%.3g +- %.2g %%", o->refused.mean,
                fmax(0, o->refused.ci95));
}

static void add_option(struct bench_table *t, const struct bench_plan_option *o)
{
    char name[BENCH_PLAN_NAME_SIZE];
    bench_table_add(t, "%s", bench_plan_mix_name(&o->mix, name));
    bench_table_add(t, "$%.2f", (double)o->deposit_microusd / 1e6);
    bench_table_add(t, "$%.2f", (double)o->month_microusd / 1e6);
    add_told(t, tell_from, o);
    add_told(t, tell_wait, o);
    add_told(t, tell_refused, o);
    add_told(t, bench_plan_tell_used, o);
    add_told(t, bench_plan_tell_headroom, o);
}

static void show_options(const struct bench_plan *p, FILE *f)
{
    static const char *const heads[COLUMNS] = { "plan",        "deposit",
                                                "first month", "from",
                                                "wait p95",    "429s",
                                                "limits used", "headroom" };
    struct bench_table *t = bench_table_new(COLUMNS);
    if (t == NULL)
        return;
    for (size_t i = 0; i < COLUMNS; i++)
        bench_table_add(t, "%s", heads[i]);
    for (size_t i = 0; i < p->good_count && i < BENCH_PLAN_SHOWN; i++)
        add_option(t, &p->options[i]);
    bench_table_print(t, f);
    bench_table_free(t);
}

static void show_group(const struct bench_plan *p,
                       const struct bench_plan_option *o,
                       const struct bench_plan_group *g, FILE *f)
{
    fputs("  ", f);
    bench_plan_tell_group(g, f);
    fputs(g->path.count == 0 ? ": nothing to pay\n" : ":\n", f);
    for (size_t i = 0; i < g->path.count; i++) {
        fputs("    ", f);
        bench_plan_tell_day(g->path.steps[i].day, f);
        fputs(": ", f);
        bench_plan_tell_step(g, i, f);
        if (i + 1 < g->path.count && g->count == o->mix.count) {
            fputs(" (", f);
            bench_plan_tell_meanwhile(p, g, i, f);
            fputs(")", f);
        }
        fputc('\n', f);
    }
}

/* What to pay when. */
static void show_payments(const struct bench_plan *p,
                          const struct bench_plan_option *o, FILE *f)
{
    struct bench_plan_group g;
    fprintf(f, "To get there:\n");
    for (int64_t at = 0; bench_plan_next_group(p, o, at, &g); at += g.count)
        show_group(p, o, &g, f);
}

static void show_what_ifs(const struct bench_plan *p, FILE *f)
{
    fprintf(f, "What if:\n");
    for (size_t i = 0; i < p->what_if_count; i++) {
        fprintf(f, "  with %s: ", p->what_ifs[i].name);
        bench_plan_tell_what_if(&p->what_ifs[i], f);
        fputc('\n', f);
    }
}

static void show_best(const struct bench_plan *p, FILE *f)
{
    bench_plan_tell_room(p, f);
    fputc('\n', f);
    bench_plan_tell_client(p, f);
    fputs("\n\n", f);
    show_options(p, f);
    fputc('\n', f);
    show_payments(p, &p->options[0], f);
    show_what_ifs(p, f);
}

/* Those that miss say why the others are dearer. */
static void show_others(const struct bench_plan *p, FILE *f)
{
    fprintf(f, "Looked at, and not taken:\n");
    for (size_t i = p->good_count; i < p->option_count; i++) {
        const struct bench_plan_option *o = &p->options[i];
        char name[BENCH_PLAN_NAME_SIZE];
        fprintf(f, "  %s: ", bench_plan_mix_name(&o->mix, name));
        bench_plan_tell_why(p, o, f);
        fputc('\n', f);
    }
}

static void show_demand(const struct bench_plan *p, FILE *f)
{
    fprintf(f, "Text for a request to raise limits:\n");
    for (size_t i = 0; i < p->demand.model_count; i++) {
        fputs("  ", f);
        bench_plan_tell_quota(p, &p->demand.models[i], f);
        fputc('\n', f);
    }
    if (p->month_usd >= 0)
        fprintf(f, "The tokens cost $%.2f a month.\n", p->month_usd);
    else
        fprintf(f, "What the tokens cost is not known.\n");
}

void bench_plan_show(const struct bench_plan *p, FILE *f)
{
    bench_plan_tell_answer(p, f);
    fputc('\n', f);
    if (p->good_count > 0)
        show_best(p, f);
    bench_plan_tell_naive(p, f);
    fputc('\n', f);
    if (p->option_count > p->good_count)
        show_others(p, f);
    show_demand(p, f);
}
