#define _POSIX_C_SOURCE 200809L

#include "bench/figure.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/chart.h"
#include "bench/difference.h"
#include "bench/distribution.h"
#include "bench/dots.h"
#include "bench/finding.h"
#include "bench/grid.h"
#include "bench/heat.h"
#include "bench/lines.h"
#include "bench/timeline.h"
#include "bench/tradeoff.h"
#include "bench/words.h"

extern const char text_bench_figures_lines_gp[];
extern const char text_bench_figures_points_gp[];
extern const char text_bench_figures_timeline_gp[];
extern const char text_bench_figures_heat_gp[];
extern const char text_bench_figures_windows_gp[];
extern const char text_bench_figures_tradeoff_gp[];
extern const char text_bench_figures_difference_gp[];
extern const char text_bench_figures_dots_gp[];
extern const char text_bench_figures_distribution_gp[];

/* Combinations of a third and further parameters that get figures. */
#define SLICES_MAX 6
/* Share of attempts, in percent, from which a run that is refused is worth
   a timeline of its own. */
#define REFUSED_ENOUGH 1.0
/* Fewer variants are no choice. */
#define TRADEOFF_MIN 3

static const struct bench_kind kinds[] = {
    { .name = "throughput",
      .title = "Throughput",
      .bound = "bound_rpm",
      .unit = "",
      .panels = 1,
      .panel = { { "goodput_rpm", "requests succeeded a minute" } } },
    { .name = "latency",
      .title = "Latency",
      .time = true,
      .unit = "",
      .panels = 2,
      .panel = { { "latency_ms.p95", "p95 latency" },
                 { "latency_ms.p50", "p50 latency" } } },
    { .name = "refusals",
      .title = "Refusals",
      .unit = "",
      .panels = 1,
      .panel = { { "http_429%", "attempts answered 429, percent" } } },
};

static int no_memory(struct lim_diag *diag)
{
    return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
}

static void fini_figure(struct bench_figure *f)
{
    free(f->name);
    free(f->title);
    free(f->finding);
    free(f->reading);
}

void bench_figures_fini(struct bench_figures *f)
{
    for (size_t i = 0; i < f->count; i++)
        fini_figure(&f->list[i]);
    free(f->list);
    *f = (struct bench_figures){ .count = 0 };
}

int bench_figures_add(struct bench_figures *f, struct bench_figure figure,
                      struct bench_canvas canvas, const char *folder,
                      struct lim_diag *diag)
{
    struct bench_figure *more = NULL;
    int error = LIM_ENOMEM;
    canvas.folder = folder;
    canvas.name = figure.name;
    canvas.title = figure.title;
    canvas.finding = figure.finding;
    canvas.diag = diag;
    if (figure.name && figure.title && figure.finding && figure.reading)
        error = bench_canvas_draw(&canvas);
    else
        no_memory(diag);
    if (error == LIM_OK) {
        more = realloc(f->list, (f->count + 1) * sizeof *more);
        error = more != NULL ? LIM_OK : no_memory(diag);
    }
    if (error != LIM_OK) {
        fini_figure(&figure);
        return error;
    }
    f->list = more;
    f->list[f->count++] = figure;
    return LIM_OK;
}

/* What all figures of one result share. */
struct drawing {
    struct bench_figures *list;
    const struct bench_result *result;
    const struct bench_grid *grid;
    const char *folder, *prefix;
    struct lim_diag *diag;
};

static int add(const struct drawing *d, struct bench_figure figure,
               struct bench_canvas canvas)
{
    return bench_figures_add(d->list, figure, canvas, d->folder, d->diag);
}

static char *reading_of(const struct bench_lines *l)
{
    const struct bench_chart *c = l->chart;
    char *series = c->has_series
                       ? bench_words_path(c->grid->dims[c->series].path)
                       : strdup("");
    if (series == NULL)
        return NULL;
    char *s = bench_words(
        "%s%s%s%s%s%s", c->numeric ? "One line" : "One mark",
        *series ? " for each " : "", series,
        c->result->replications < 2 ? "; one replication, so no interval."
        : c->numeric
            ? ", the mean over replications; bands are 95 % t intervals."
            : ", the mean over replications; bars are 95 % t intervals.",
        l->kind->bound == NULL
            ? ""
            : " Dashed: the bound, the most that any policy could have had "
              "admitted.",
        c->slice_count > SLICES_MAX
            ? " Further combinations stand in the table only."
            : "");
    free(series);
    return s;
}

static char *title_of(const struct bench_lines *l)
{
    const struct bench_chart *c = l->chart;
    char *words = bench_words_path(c->grid->dims[c->x].path);
    char *slice = bench_chart_slice_name(c, l->slice);
    char *s = NULL;
    if (words != NULL && slice != NULL) {
        words[strcspn(words, ":")] = 0;
        s = bench_words("%s %s the %s%s%s", l->kind->title,
                        c->numeric ? "against" : "by", words,
                        *slice ? ": " : "", slice);
    }
    free(words);
    free(slice);
    return s;
}

static int widen(struct bench_lines *l, size_t slice)
{
    struct bench_lines other;
    int error = bench_lines_init(&other, l->chart, l->kind, slice);
    if (error == LIM_OK)
        bench_lines_widen(l, &other);
    bench_lines_fini(&other);
    return error;
}

/* "Goodput by strategy and cap: limits known". */
static char *heat_title(const struct bench_lines *l)
{
    const struct bench_chart *c = l->chart;
    char *row = bench_words_path(c->grid->dims[c->series].path);
    char *column = bench_words_path(c->grid->dims[c->x].path);
    char *slice = bench_chart_slice_name(c, l->slice);
    char *s = NULL;
    if (row != NULL && column != NULL && slice != NULL) {
        row[strcspn(row, ":")] = 0;
        column[strcspn(column, ":")] = 0;
        s = bench_words("Goodput by %s and %s%s%s", row, column,
                        *slice ? ": " : "", slice);
    }
    free(row);
    free(column);
    free(slice);
    return s;
}

static int draw_heat(const struct drawing *d, const struct bench_lines *l,
                     const char *number)
{
    const struct bench_figure figure = {
        .name = bench_words("%sheat%s", d->prefix, number),
        .title = heat_title(l),
        .finding = bench_finding_heat(l),
        .reading = strdup("A cell for each pair: requests that succeeded a "
                          "minute, the mean over replications; the darker, "
                          "the more.")
    };
    const struct bench_canvas canvas = { .data = l,
                                         .csv = bench_heat_csv,
                                         .panel = bench_heat_panel,
                                         .panels = 1,
                                         .script = text_bench_figures_heat_gp,
                                         .narrow = true,
                                         .hang = bench_heat_hang(l) };
    return add(d, figure, canvas);
}

static int draw_kind(const struct drawing *d, const struct bench_chart *c,
                     size_t kind, size_t slice)
{
    char *(*const findings[])(const struct bench_lines *l) = {
        bench_finding_throughput, bench_finding_latency, bench_finding_refusals
    };
    struct bench_lines lines;
    if (bench_lines_init(&lines, c, &kinds[kind], slice) != LIM_OK)
        return no_memory(d->diag);
    for (size_t s = 0; s < c->slice_count && s < SLICES_MAX; s++)
        if (s != slice && widen(&lines, s) != LIM_OK) {
            bench_lines_fini(&lines);
            return no_memory(d->diag);
        }
    char number[24] = "";
    if (slice > 0)
        snprintf(number, sizeof number, "-%zu", slice + 1);
    const struct bench_figure figure = {
        .name = bench_words("%s%s%s", d->prefix, kinds[kind].name, number),
        .title = title_of(&lines),
        .finding = findings[kind](&lines),
        .reading = reading_of(&lines)
    };
    const struct bench_canvas canvas = { .data = &lines,
                                         .csv = bench_lines_csv,
                                         .panel = bench_lines_panel,
                                         .panels = kinds[kind].panels,
                                         .script =
                                             c->numeric
                                                 ? text_bench_figures_lines_gp
                                                 : text_bench_figures_points_gp,
                                         .narrow = true,
                                         .legend = bench_lines_legend(&lines),
                                         .hang = bench_lines_hang(&lines) };
    int error = add(d, figure, canvas);
    if (error == LIM_OK && kind == 0 && bench_heat_worth(&lines))
        error = draw_heat(d, &lines, number);
    bench_lines_fini(&lines);
    return error;
}

static int draw_charts(const struct drawing *d)
{
    struct bench_chart c;
    if (bench_chart_init(&c, d->result, d->grid) != LIM_OK)
        return no_memory(d->diag);
    int error = LIM_OK;
    size_t n = sizeof kinds / sizeof kinds[0];
    for (size_t k = 0; c.any && k < n; k++)
        for (size_t s = 0; s < c.slice_count && s < SLICES_MAX; s++)
            if (error == LIM_OK)
                error = draw_kind(d, &c, k, s);
    bench_chart_fini(&c);
    return error;
}

/* Latency from the median to one in ten thousand. */
static int draw_distribution(const struct drawing *d)
{
    struct bench_distribution x;
    if (bench_distribution_init(&x, d->result, d->grid) != LIM_OK)
        return no_memory(d->diag);
    int error = LIM_OK;
    if (x.count > 0) {
        const struct bench_figure figure = {
            .name = bench_words("%sdistribution", d->prefix),
            .title = strdup("Latency, from the median to the tail"),
            .finding = bench_finding_distribution(&x),
            .reading = strdup("A line for the best variant of each series, "
                              "means over replications; each step to the "
                              "right is ten times rarer. Lines end where a "
                              "run has too few requests to tell.")
        };
        const struct bench_canvas canvas = {
            .data = &x,
            .csv = bench_distribution_csv,
            .panel = bench_distribution_panel,
            .panels = 1,
            .script = text_bench_figures_distribution_gp,
            .narrow = true,
            .legend = x.count
        };
        error = add(d, figure, canvas);
    }
    bench_distribution_fini(&x);
    return error;
}

/* What goodput costs in latency, over all variants. */
static int draw_tradeoff(const struct drawing *d)
{
    struct bench_tradeoff t;
    if (bench_tradeoff_init(&t, d->result, d->grid) != LIM_OK)
        return no_memory(d->diag);
    int error = LIM_OK;
    if (t.count >= TRADEOFF_MIN) {
        const struct bench_figure figure = {
            .name = bench_words("%stradeoff", d->prefix),
            .title = strdup("Goodput against latency"),
            .finding = bench_finding_tradeoff(&t),
            .reading = strdup("A mark for each variant, means over "
                              "replications; right and low is good. Blue: no "
                              "other variant has both more goodput and a "
                              "lower p95.")
        };
        const struct bench_canvas canvas = { .data = &t,
                                             .csv = bench_tradeoff_csv,
                                             .panel = bench_tradeoff_panel,
                                             .panels = 1,
                                             .script =
                                                 text_bench_figures_tradeoff_gp,
                                             .narrow = true };
        error = add(d, figure, canvas);
    }
    bench_tradeoff_fini(&t);
    return error;
}

/* The first run of a variant that has moments, or NULL. */
static const struct bench_run *run_of(const struct drawing *d, size_t i)
{
    for (size_t r = 0; r < d->result->run_count; r++) {
        const struct bench_run *run = &d->result->runs[r];
        if (run->variant == d->grid->numbers[i] && run->moment_count > 0)
            return run;
    }
    return NULL;
}

/* The organisations' windows over the same time, where they are known. */
static int draw_windows(const struct drawing *d, const struct bench_timeline *t,
                        const char *name, const char *settings)
{
    if (t->gauges == 0)
        return LIM_OK;
    const struct bench_figure figure = {
        .name = bench_words("%s%s-windows", d->prefix, name),
        .title = bench_words("Windows over time%s%s%s",
                             t->believed ? ", as the pool believes" : "",
                             *settings ? ": " : "", settings),
        .finding = bench_finding_windows(t),
        .reading = bench_words(
            "A row for each of the first 16 organisations: how far its "
            "scarcest window is used, %s; orange is the end.",
            t->believed ? "as the pool believes from limits and answers, since "
                          "the provider's own count is not told over HTTP"
                        : "as the provider counts")
    };
    const struct bench_canvas canvas = { .data = t,
                                         .csv = bench_timeline_windows_csv,
                                         .panel = bench_timeline_windows_panel,
                                         .panels = 1,
                                         .script =
                                             text_bench_figures_windows_gp,
                                         .narrow = true };
    return add(d, figure, canvas);
}

static int draw_timeline(const struct drawing *d, size_t variant,
                         const char *name)
{
    struct bench_timeline t;
    const struct bench_run *run = run_of(d, variant);
    if (run == NULL)
        return LIM_OK;
    if (bench_timeline_init(&t, run, strcmp(d->result->on, "sim") != 0) !=
        LIM_OK)
        return no_memory(d->diag);
    char *settings = bench_grid_name(d->grid, variant);
    const struct bench_figure figure = {
        .name = bench_words("%s%s", d->prefix, name),
        .title = settings == NULL ? NULL
                 : *settings == 0
                     ? strdup("One run over time")
                     : bench_words("One run over time: %s", settings),
        .finding = bench_finding_timeline(run),
        .reading = strdup("Top: arrivals in grey, goodput as the blue line, "
                          "dashed the bound. Below, over the same time: "
                          "requests that wait, requests in flight, and "
                          "answers 429.")
    };
    const struct bench_canvas canvas = { .data = &t,
                                         .csv = bench_timeline_csv,
                                         .panel = bench_timeline_panel,
                                         .panels = 1,
                                         .script =
                                             text_bench_figures_timeline_gp,
                                         .narrow = true };
    int error = add(d, figure, canvas);
    if (error == LIM_OK)
        error = draw_windows(d, &t, name, settings != NULL ? settings : "");
    free(settings);
    bench_timeline_fini(&t);
    return error;
}

/* The best variant, and the one that is refused most if it is another. */
static int draw_timelines(const struct drawing *d)
{
    size_t best, refused;
    double percent;
    if (!bench_finding_best(d->result, d->grid, &best))
        return LIM_OK;
    int error = draw_timeline(d, best, "timeline");
    if (error == LIM_OK &&
        bench_finding_refused(d->result, d->grid, &refused, &percent) &&
        percent >= REFUSED_ENOUGH && refused != best)
        error = draw_timeline(d, refused, "timeline-refused");
    return error;
}

/* How much of its limits each organisation used, in the best variant. */
static int draw_utilisation(const struct drawing *d)
{
    struct bench_dots dots;
    size_t best;
    if (!bench_finding_best(d->result, d->grid, &best))
        return LIM_OK;
    if (bench_dots_utilisation(&dots, d->result, d->grid->numbers[best]) !=
        LIM_OK)
        return no_memory(d->diag);
    int error = LIM_OK;
    if (dots.count >= 2 && dots.series_count > 0) {
        char *settings = bench_grid_name(d->grid, best);
        const struct bench_figure figure = {
            .name = bench_words("%sutilisation", d->prefix),
            .title =
                settings == NULL ? NULL
                : *settings == 0
                    ? strdup("Limits used, by organisation")
                    : bench_words("Limits used, by organisation: %s", settings),
            .finding = bench_finding_utilisation(&dots),
            .reading = bench_words(
                "A mark for each limit: what was admitted of what it lets "
                "through in the run, the mean over replications.%s",
                dots.left_out > 0 ? " Further organisations are left out." : "")
        };
        const struct bench_canvas canvas = { .data = &dots,
                                             .csv = bench_dots_csv,
                                             .panel = bench_dots_panel,
                                             .panels = 1,
                                             .script =
                                                 text_bench_figures_dots_gp,
                                             .narrow = true,
                                             .legend = dots.series_count };
        free(settings);
        error = add(d, figure, canvas);
    }
    bench_dots_fini(&dots);
    return error;
}

int bench_figures_difference(const struct bench_comparison *c,
                             const char *folder, struct lim_diag *diag)
{
    struct bench_figures list = { .count = 0 };
    struct bench_difference_plot plot;
    const struct drawing d = {
        .list = &list, .folder = folder, .prefix = "", .diag = diag
    };
    if (bench_difference_init(&plot, c) != LIM_OK)
        return no_memory(diag);
    const struct bench_figure figure = {
        .name = strdup("difference"),
        .title = plot.rows == c->variant_count
                     ? strdup("New against base")
                     : bench_words("New against base: %zu of %zu variants",
                                   plot.rows, c->variant_count),
        .finding = bench_finding_difference(c),
        .reading = strdup("A panel for each figure that differs; marks are "
                          "differences of means, bars their intervals, which "
                          "hold together. Blue is better, orange worse.")
    };
    const struct bench_canvas canvas = { .data = &plot,
                                         .csv = bench_difference_csv,
                                         .panel = bench_difference_panel,
                                         .panels = plot.panels,
                                         .script =
                                             text_bench_figures_difference_gp };
    int error = add(&d, figure, canvas);
    bench_difference_fini(&plot);
    bench_figures_fini(&list);
    return error;
}

int bench_figures_draw(struct bench_figures *f, const struct bench_result *r,
                       const char *folder, const char *prefix,
                       struct lim_diag *diag)
{
    struct bench_grid grid;
    *f = (struct bench_figures){ .count = 0 };
    if (bench_grid_init(&grid, r) != LIM_OK)
        return no_memory(diag);
    const struct drawing d = { .list = f,
                               .result = r,
                               .grid = &grid,
                               .folder = folder,
                               .prefix = prefix,
                               .diag = diag };
    int error = draw_charts(&d);
    if (error == LIM_OK)
        error = draw_distribution(&d);
    if (error == LIM_OK)
        error = draw_tradeoff(&d);
    if (error == LIM_OK)
        error = draw_utilisation(&d);
    if (error == LIM_OK)
        error = draw_timelines(&d);
    bench_grid_fini(&grid);
    if (error != LIM_OK)
        bench_figures_fini(f);
    return error;
}
