#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/gnuplot.h"
#include "bench/plan_figures.h"
#include "bench/scale.h"
#include "bench/words.h"

#define ROWS_MAX 14
#define ROWS_LARGE 8 /* more are written smaller */
#define ABOVE 2.5    /* times the objective: longer waits leave the axis */
#define LEFT 0.115   /* of the width, at least for names */
#define NAME_WIDTH 0.0084
#define COST_SHARE 0.4
#define BAR_ROOM 1.65 /* right of the longest bar, for what it says */

/* How a plan is drawn; the numbers are those of the script. */
enum look { MISSED, CLOSE, MET, RULED_OUT };

struct view {
    const struct bench_plan_option *rows[ROWS_MAX]; /* the cheapest first */
    size_t count;
    struct bench_scale usd, wait;
    struct bench_unit unit;                /* of waits */
    double bound_ms;                       /* of wait_ms.p95; NAN: none */
    const struct bench_plan_option *naive; /* the spreadsheet's */
};

static enum look look_of(const struct bench_plan_option *o)
{
    if (o->why != BENCH_PLAN_TRIED_IT)
        return RULED_OUT;
    return o->verdict == BENCH_MET_IT      ? MET
           : o->verdict == BENCH_TOO_CLOSE ? CLOSE
                                           : MISSED;
}

/* Those that could be had, tried or too small by arithmetic. */
static bool is_drawn(const struct bench_plan_option *o)
{
    return o->why == BENCH_PLAN_TOO_SMALL ||
           (o->why == BENCH_PLAN_TRIED_IT && o->wait_p95.n > 0);
}

static int by_usd(const void *a, const void *b)
{
    const struct bench_plan_option *const *x = a, *const *y = b;
    if ((*x)->month_microusd != (*y)->month_microusd)
        return (*x)->month_microusd < (*y)->month_microusd ? -1 : 1;
    if ((*x)->deposit_microusd != (*y)->deposit_microusd)
        return (*x)->deposit_microusd < (*y)->deposit_microusd ? -1 : 1;
    for (int t = LIM_TIERS - 1; t >= 0; t--)
        if ((*x)->mix.of[t] != (*y)->mix.of[t])
            return (*x)->mix.of[t] < (*y)->mix.of[t] ? -1 : 1;
    return 0;
}

static double bound_of(const struct bench_plan *p)
{
    struct bench_check checks[BENCH_PLAN_CHECKS];
    struct lim_diag why;
    size_t n = 0;
    bench_plan_checks(p->question, checks, &n, &why);
    for (size_t i = 0; i < n; i++)
        if (strcmp(checks[i].metric, "wait_ms.p95") == 0 &&
            checks[i].relation <= BENCH_AT_MOST)
            return checks[i].bound;
    return NAN;
}

/* The objective is always in sight, and whatever meets it. */
static void find_scales(struct view *v)
{
    double usd = 0, wait = 0, met = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct bench_plan_option *o = v->rows[i];
        usd = fmax(usd, (double)o->month_microusd / 1e6);
        if (look_of(o) != RULED_OUT)
            wait = fmax(wait, o->wait_p95.mean);
        if (look_of(o) == MET)
            met = fmax(met, o->wait_p95.mean);
    }
    if (isfinite(v->bound_ms))
        wait =
            fmax(fmax(met, 1.3 * v->bound_ms), fmin(wait, ABOVE * v->bound_ms));
    v->unit = bench_scale_unit(wait, false);
    v->wait = bench_scale_make(0, wait / v->unit.size, 5, INFINITY);
    v->usd = bench_scale_make(0, usd, 3, INFINITY);
    v->usd.high = usd > 0 ? BAR_ROOM * usd : 1;
}

/* What meets everything comes first in a plan, so that no more than what
   misses is left out. */
static struct view view_of(const struct bench_plan *p)
{
    struct view v = { .bound_ms = bound_of(p), .naive = &p->naive };
    for (size_t i = 0; i < p->option_count && v.count < ROWS_MAX; i++)
        if (is_drawn(&p->options[i]))
            v.rows[v.count++] = &p->options[i];
    qsort(v.rows, v.count, sizeof v.rows[0], by_usd);
    find_scales(&v);
    return v;
}

/* What stands beside the mark of a wait, if there is something to say. */
static char *note_of(const struct view *v, const struct bench_plan_option *o)
{
    if (look_of(o) == RULED_OUT)
        return bench_words("ruled out, %s",
                           o->limit < 0
                               ? "no access"
                               : lim_limit_name((enum lim_limit)o->limit));
    if (o->wait_p95.mean / v->unit.size > v->wait.high)
        return bench_words_ms(o->wait_p95.mean);
    return strdup("");
}

void bench_plan_cost_csv(const void *plan, FILE *f)
{
    struct view v = view_of(plan);
    static const char *const words[] = { "missed", "too close to call", "met",
                                         "ruled out" };
    fputs("row,first month usd,to pay for tiers usd,look,wait_ms.p95,ci95,"
          "note,verdict,plan\n",
          f);
    for (size_t i = 0; i < v.count; i++) {
        const struct bench_plan_option *o = v.rows[i];
        char *note = note_of(&v, o);
        bool tried = o->wait_p95.n > 0;
        fprintf(f, "%zu,%.10g,%.10g,%d,", i, (double)o->month_microusd / 1e6,
                (double)o->deposit_microusd / 1e6, (int)look_of(o));
        if (tried)
            fprintf(f, "%.10g,%.10g,", o->wait_p95.mean,
                    fmax(0, o->wait_p95.ci95));
        else
            fputs("NaN,NaN,", f);
        bench_gnuplot_csv(f, note != NULL ? note : "");
        char plan_name[BENCH_PLAN_NAME_SIZE];
        fprintf(f, ",%s,%s\n", words[look_of(o)],
                bench_plan_mix_name(&o->mix, plan_name));
        free(note);
    }
}

/* So that the longest name has room: "1 of tier4 + 3 of tier1". */
static void put_margins(const struct view *v, FILE *f)
{
    size_t longest = 0;
    for (size_t i = 0; i < v->count; i++) {
        char name[BENCH_PLAN_NAME_SIZE];
        size_t n = strlen(bench_plan_mix_name(&v->rows[i]->mix, name)) + 2;
        longest = n > longest ? n : longest;
    }
    double left = fmax(LEFT, NAME_WIDTH * (double)longest);
    fprintf(f, "left = %.4f\nmiddle = %.4f\nbelow = %.4f\n", left,
            left + COST_SHARE * (1 - left), BENCH_PLAN_COST_BELOW / 540.0);
}

static void put_names(const struct view *v, FILE *f)
{
    fputs("set ytics nomirror (", f);
    for (size_t i = 0; i < v->count; i++) {
        const struct bench_plan_option *o = v->rows[i];
        char plan_name[BENCH_PLAN_NAME_SIZE];
        char *name = bench_words(
            "%s%s", bench_plan_mix_is(&o->mix, &v->naive->mix) ? "* " : "",
            bench_plan_mix_name(&o->mix, plan_name));
        bench_gnuplot_tic(f, name != NULL ? name : "", i);
        free(name);
    }
    fprintf(f, ") font face.',%s' tc rgb '#333333'\n",
            v->count > ROWS_LARGE ? "10" : "11.5");
}

void bench_plan_cost_panel(const void *plan, size_t panel, const char *csv,
                           FILE *f)
{
    struct view v = view_of(plan);
    fprintf(f, "unset label\nunset arrow\npanel = %zu\ndata = ", panel + 1);
    bench_gnuplot_string(f, csv);
    fprintf(f, "\nunit = %g\nhighest = %.12g\nthick = %.2f\n", v.unit.size,
            v.wait.high, fmin(0.27, 0.05 * (double)v.count));
    fprintf(f, "set yrange [%.1f:-0.5]\n", (double)v.count - 0.5);
    put_margins(&v, f);
    if (panel == 0) {
        put_names(&v, f);
        fputs("unit_name = 'first month, and of it (dark) for tiers'\n", f);
        bench_scale_write(&v.usd, 'x', f);
        return;
    }
    fprintf(f, "unit_name = 'p95 wait, %s'\n", v.unit.name);
    bench_scale_write(&v.wait, 'x', f);
    if (!isfinite(v.bound_ms))
        return;
    double at = v.bound_ms / v.unit.size;
    fprintf(f,
            "set arrow 1 from %.12g, graph 0 to %.12g, graph 1 nohead dt 2 "
            "lw 2 lc rgb colour[2]\n"
            "set label 11 'objective' at %.12g, graph 0 right offset "
            "character -0.5, 0.8 tc rgb ink[2]\n",
            at, at, at);
}
