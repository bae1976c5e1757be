#define _POSIX_C_SOURCE 200809L

#include "bench/plan_figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/words.h"

extern const char text_bench_figures_plan_load_gp[];
extern const char text_bench_figures_plan_cost_gp[];
extern const char text_bench_figures_plan_payments_gp[];

#define BINS_MIN 3   /* fewer show nothing over time */
#define GROUPS_MAX 6 /* with a figure of their demand */

struct drawing {
    struct bench_figures *list;
    const struct bench_plan *plan;
    const char *folder;
    struct lim_diag *diag;
};

static int no_memory(struct lim_diag *diag)
{
    return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
}

/* A text that a teller tells; NULL: no memory. */
static char *told(void (*tell)(const struct bench_plan *p, FILE *f),
                  const struct bench_plan *p)
{
    char *text = NULL;
    size_t length;
    FILE *f = open_memstream(&text, &length);
    if (f == NULL)
        return NULL;
    tell(p, f);
    if (fclose(f) == 0)
        return text;
    free(text);
    return NULL;
}

/* "The fullest minute takes 73 % of the tokens of 1 of tier4." */
static char *load_finding(const struct bench_plan_load *l)
{
    static const char *const words[LIM_LIMITS] = {
        [LIM_RPM] = "requests", [LIM_TPM] = "tokens", [LIM_IPM] = "images"
    };
    double share;
    size_t i = bench_plan_load_fullest(l, &share);
    char *what = bench_words("the %s of %s", words[l->limits[i]], l->name);
    char *s = NULL;
    if (what != NULL && share <= 1)
        s = bench_words("The fullest minute takes %.2g %% of %s.", 100 * share,
                        what);
    else if (what != NULL)
        s = bench_words("The fullest minute asks for %.3g times %s: what "
                        "is too much waits.",
                        share, what);
    free(what);
    return s;
}

/* "A month's spend is used to 86 %.", where that is more than a minute's;
   without a plan what prevents one. */
static char *with_long(char *s, const struct bench_plan *p)
{
    bool good = p->good_count > 0;
    struct bench_plan_option o =
        good ? p->options[0] : bench_plan_option(p, &p->nearest.mix);
    int limit = good ? o.limit : p->nearest.limit;
    bench_plan_long_run(p, &o);
    if (s == NULL || limit < 0 || !bench_plan_is_long(&o, limit))
        return s;
    char *used = good ? bench_words("is used to %.3g %%", 100 * o.used[limit])
                      : strdup("does not suffice");
    char *more = bench_words("%s In the long run %s %s.", s,
                             lim_limit_name((enum lim_limit)limit),
                             used != NULL ? used : "");
    free(used);
    free(s);
    return more;
}

static bool is_first_of_group(const struct bench_plan *p, size_t model)
{
    const struct lim_table *t = p->question->table;
    const char *group = lim_table_group(t, p->demand.models[model].name);
    for (size_t i = 0; i < model && group != NULL; i++) {
        const char *other = lim_table_group(t, p->demand.models[i].name);
        if (other != NULL && strcmp(group, other) == 0)
            return false;
    }
    return true;
}

static int draw_load(const struct drawing *d, size_t model, size_t number)
{
    struct bench_plan_load l;
    char ending[24] = "";
    double share;
    int error = LIM_OK;
    if (bench_plan_load_init(&l, d->plan, model) != LIM_OK)
        return no_memory(d->diag);
    if (number > 1)
        snprintf(ending, sizeof ending, "-%zu", number);
    bench_plan_load_fullest(&l, &share);
    if (share > 0 && l.count >= BINS_MIN) {
        const struct bench_figure figure = {
            .name = bench_words("demand%s", ending),
            .title = bench_words("Demand against limits: %s", l.group),
            .finding = with_long(load_finding(&l), d->plan),
            .reading = bench_words(
                "Blue: the mean over %lld minute%s; pale: the fullest minute "
                "among them; dashed: the limit of %s, together. "
                "Tokens are counted as the limits count them.",
                (long long)l.minutes, l.minutes == 1 ? "" : "s", l.name)
        };
        const struct bench_canvas canvas = {
            .data = &l,
            .csv = bench_plan_load_csv,
            .panel = bench_plan_load_panel,
            .panels = l.limit_count,
            .script = text_bench_figures_plan_load_gp,
            .narrow = true
        };
        error = bench_figures_add(d->list, figure, canvas, d->folder, d->diag);
    }
    bench_plan_load_fini(&l);
    return error;
}

static int draw_loads(const struct drawing *d)
{
    size_t number = 0;
    int error = LIM_OK;
    for (size_t m = 0; m < d->plan->demand.model_count && error == LIM_OK; m++)
        if (is_first_of_group(d->plan, m) && number < GROUPS_MAX)
            error = draw_load(d, m, ++number);
    return error;
}

static bool worth_a_cost(const struct bench_plan *p)
{
    for (size_t i = 0; i < p->option_count; i++)
        if (p->options[i].wait_p95.n > 0)
            return true;
    return false;
}

static void tell_cost(const struct bench_plan *p, FILE *f)
{
    const struct bench_plan_option *o = &p->options[0];
    if (p->good_count == 0) {
        fputs("Nothing that was tried meets every objective.", f);
        return;
    }
    char name[BENCH_PLAN_NAME_SIZE];
    fprintf(f, "Cheapest of what meets every objective: %s, $%.2f%s.",
            bench_plan_mix_name(&o->mix, name), (double)o->month_microusd / 1e6,
            o->month_microusd > o->deposit_microusd ? ", for its tokens" : "");
}

/* "1 of tier5: $245.00 today, $750.00 on day 9." */
static void tell_payments(const struct bench_plan *p, FILE *f)
{
    const struct bench_plan_option *o = &p->options[0];
    struct bench_plan_group g;
    char name[BENCH_PLAN_NAME_SIZE];
    const char *comma = ": ";
    fputs(bench_plan_mix_name(&o->mix, name), f);
    for (int64_t at = 0; bench_plan_next_group(p, o, at, &g); at += g.count)
        for (size_t i = 0; i < g.path.count; i++) {
            const struct bench_plan_step *s = &g.path.steps[i];
            if (s->microusd == 0)
                continue;
            fprintf(f, "%s$%.2f%s ", comma, (double)s->microusd / 1e6,
                    g.count > 1 ? " each" : "");
            fputs(s->day > 0 ? "on " : "", f);
            bench_plan_tell_day(s->day, f);
            comma = ", ";
        }
    fputs(o->deposit_microusd == 0 ? ": nothing to pay." : ".", f);
}

static bool worth_payments(const struct bench_plan *p)
{
    return p->good_count > 0;
}

/* What tells of all plans at once. */
static const struct kind {
    const char *name, *title, *reading;
    bool (*worth)(const struct bench_plan *p);
    void (*tell)(const struct bench_plan *p, FILE *f);
    void (*csv)(const void *plan, FILE *f);
    void (*panel)(const void *plan, size_t panel, const char *csv, FILE *f);
    size_t panels;
    const char *script;
    size_t hang; /* of the narrow one */
} kinds[] = {
    { "cost", "What plans cost, and how long they wait",
      "A row for each plan that was looked at, the cheapest first; * is the "
      "spreadsheet's. Bars: the first month, and dark what of it is paid for "
      "tiers. Points: blue meets every objective, grey misses one, orange is "
      "too close to call, with 95 % intervals. A wait at the right end is "
      "longer than the axis.",
      worth_a_cost, tell_cost, bench_plan_cost_csv, bench_plan_cost_panel, 2,
      text_bench_figures_plan_cost_gp, BENCH_PLAN_COST_BELOW },
    { "payments", "What to pay when, and which tier that brings",
      "A row for the organisations of a plan that pay alike: the tier that "
      "they are at, in full colour once it is the plan's; above, what each "
      "pays then. Sums are paid as late as the tiers allow, and tokens use "
      "them up.",
      worth_payments, tell_payments, bench_plan_payments_csv,
      bench_plan_payments_panel, 1, text_bench_figures_plan_payments_gp, 0 },
};

static int draw_kind(const struct drawing *d, const struct kind *k)
{
    if (!k->worth(d->plan))
        return LIM_OK;
    const struct bench_figure figure = { .name = strdup(k->name),
                                         .title = strdup(k->title),
                                         .finding = told(k->tell, d->plan),
                                         .reading = strdup(k->reading) };
    const struct bench_canvas canvas = { .data = d->plan,
                                         .csv = k->csv,
                                         .panel = k->panel,
                                         .panels = k->panels,
                                         .script = k->script,
                                         .narrow = true,
                                         .hang = k->hang };
    return bench_figures_add(d->list, figure, canvas, d->folder, d->diag);
}

int bench_plan_figures_draw(struct bench_figures *f, const struct bench_plan *p,
                            const char *folder, struct lim_diag *diag)
{
    const struct drawing d = {
        .list = f, .plan = p, .folder = folder, .diag = diag
    };
    *f = (struct bench_figures){ .count = 0 };
    int error = draw_loads(&d);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (error == LIM_OK)
            error = draw_kind(&d, &kinds[k]);
    if (error != LIM_OK)
        bench_figures_fini(f);
    return error;
}
