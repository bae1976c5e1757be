#define _POSIX_C_SOURCE 200809L

#include "bench/figure.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/chart.h"
#include "bench/finding.h"
#include "bench/folder.h"
#include "bench/gnuplot.h"
#include "bench/grid.h"
#include "bench/lines.h"
#include "bench/output.h"
#include "bench/svg.h"
#include "bench/timeline.h"
#include "bench/words.h"
#include "mockserver/file.h"

extern const char text_bench_figures_style_gp[];
extern const char text_bench_figures_head_gp[];
extern const char text_bench_figures_lines_gp[];
extern const char text_bench_figures_points_gp[];
extern const char text_bench_figures_timeline_gp[];

/* Combinations of a third and further parameters that get figures. */
#define SLICES_MAX 6
#define SVG_MAX (8 << 20)
#define LINE_MAX_BYTES 114
/* Share of attempts, in percent, from which a run that is refused is worth
   a timeline of its own. */
#define REFUSED_ENOUGH 1.0

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

/* One figure on its way. */
struct work {
    const char *folder;
    const struct bench_lines *lines;       /* or */
    const struct bench_timeline *timeline; /* the other */
    struct bench_figure *figure;
    struct lim_diag *diag;
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

/* "FOLDER/NAME.ending"; the caller frees it. */
static char *path_of(const struct work *w, const char *ending)
{
    char *file = bench_words("%s.%s", w->figure->name, ending);
    char *path = file == NULL ? NULL : bench_folder_join(w->folder, file);
    free(file);
    return path;
}

static int write_data(const struct work *w)
{
    struct bench_output out;
    char *path = path_of(w, "csv");
    if (path == NULL)
        return no_memory(w->diag);
    int error = bench_output_open(&out, path, w->diag);
    free(path);
    if (error != LIM_OK)
        return error;
    if (w->lines != NULL)
        bench_lines_csv(w->lines, out.file);
    else
        bench_timeline_csv(w->timeline, out.file);
    return bench_output_commit(&out, w->diag);
}

static void put_panels(const struct work *w, const char *data, FILE *f)
{
    if (w->timeline != NULL) {
        bench_timeline_panels(w->timeline, data, f);
        fputs(text_bench_figures_head_gp, f);
        fputs(text_bench_figures_timeline_gp, f);
        return;
    }
    for (size_t p = 0; p < w->lines->kind->panels; p++) {
        bench_lines_panel(w->lines, p, data, f);
        fputs(text_bench_figures_head_gp, f);
        fputs(w->lines->chart->numeric ? text_bench_figures_lines_gp
                                       : text_bench_figures_points_gp,
              f);
    }
}

/* The same figure for the page and, at twice the density, in points. */
static const char svg_terminal[] =
    "face = 'sans-serif'\n"
    "set terminal svg size 900,540 dynamic noenhanced rounded "
    "font 'sans-serif,10' fontscale 1.3333 background '#ffffff'\n";
static const char png_terminal[] =
    "face = 'sans'\n"
    "if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n"
    "set terminal pngcairo size 1800,1080 noenhanced rounded "
    "font 'sans,10' fontscale 2 linewidth 2 pointscale 2 "
    "background '#ffffff'\n"
    "} else {\n"
    "set terminal png truecolor size 900,540 noenhanced font 'sans,10' "
    "background '#ffffff'\n"
    "}\n";

/* A finding that is too long for one line goes on in a second. */
static void put_finding(const char *finding, FILE *f)
{
    size_t n = strlen(finding), cut = n;
    if (n > LINE_MAX_BYTES)
        for (cut = LINE_MAX_BYTES; cut > 0 && finding[cut] != ' ';)
            cut--;
    if (cut == 0)
        cut = n;
    char *first = bench_words("%.*s", (int)cut, finding);
    fputs("\nfinding = ", f);
    bench_gnuplot_string(f, first != NULL ? first : "");
    fputs("\nfinding_goes_on = ", f);
    bench_gnuplot_string(f, finding + (cut < n ? cut + 1 : n));
    fputc('\n', f);
    free(first);
}

static void put_script(const struct work *w, FILE *f)
{
    const char *endings[] = { "svg", "png" };
    const char *terminals[] = { svg_terminal, png_terminal };
    char *data = bench_words("%s.csv", w->figure->name);
    fputs("title = ", f);
    bench_gnuplot_string(f, w->figure->title);
    put_finding(w->figure->finding, f);
    fputs(text_bench_figures_style_gp, f);
    for (size_t i = 0; i < 2 && data != NULL; i++) {
        fputs(terminals[i], f);
        fprintf(f, "set output '%s.%s'\nset multiplot\n", w->figure->name,
                endings[i]);
        put_panels(w, data, f);
        fputs("unset multiplot\nset output\n", f);
    }
    free(data);
}

static int run_script(const struct work *w)
{
    char *text = NULL;
    size_t length;
    FILE *f = open_memstream(&text, &length);
    if (f == NULL)
        return no_memory(w->diag);
    put_script(w, f);
    if (fclose(f) != 0) {
        free(text);
        return no_memory(w->diag);
    }
    int error = bench_gnuplot_run(NULL, w->folder, text, length, w->diag);
    free(text);
    return error;
}

static int remove_old(const struct work *w, const char *ending)
{
    char *path = path_of(w, ending);
    if (path == NULL)
        return no_memory(w->diag);
    unlink(path);
    free(path);
    return LIM_OK;
}

/* gnuplot may end well and have written nothing. */
static int came_out(const struct work *w, const char *ending)
{
    struct stat st;
    char *path = path_of(w, ending);
    if (path == NULL)
        return no_memory(w->diag);
    bool good = stat(path, &st) == 0 && st.st_size > 0;
    int error = good ? LIM_OK
                     : lim_fail(w->diag, LIM_EINVAL, 0,
                                "gnuplot did not write %s", path);
    free(path);
    return error;
}

static int rewrite_svg(const struct work *w)
{
    struct bench_output out;
    size_t length;
    char *path = path_of(w, "svg");
    if (path == NULL)
        return no_memory(w->diag);
    char *text = mock_read_file(path, SVG_MAX, &length, w->diag);
    int error =
        text == NULL ? LIM_EINVAL : bench_output_open(&out, path, w->diag);
    free(path);
    if (error == LIM_OK) {
        const struct bench_svg svg = { .name = w->figure->name,
                                       .title = w->figure->title,
                                       .description = w->figure->finding };
        bench_svg_write(&svg, text, length, out.file);
        error = bench_output_commit(&out, w->diag);
    }
    free(text);
    return error;
}

static int draw(const struct work *w)
{
    int error = remove_old(w, "svg");
    if (error == LIM_OK)
        error = remove_old(w, "png");
    if (error == LIM_OK)
        error = write_data(w);
    if (error == LIM_OK)
        error = run_script(w);
    if (error == LIM_OK)
        error = came_out(w, "png");
    if (error == LIM_OK)
        error = came_out(w, "svg");
    return error == LIM_OK ? rewrite_svg(w) : error;
}

/* Takes the strings of `figure`, also when it fails. */
static int add(struct bench_figures *list, struct bench_figure figure,
               struct work *w)
{
    struct bench_figure *more = NULL;
    int error = LIM_ENOMEM;
    w->figure = &figure;
    if (figure.name && figure.title && figure.finding && figure.reading)
        error = draw(w);
    else
        no_memory(w->diag);
    if (error == LIM_OK) {
        more = realloc(list->list, (list->count + 1) * sizeof *more);
        error = more != NULL ? LIM_OK : no_memory(w->diag);
    }
    if (error != LIM_OK) {
        fini_figure(&figure);
        return error;
    }
    list->list = more;
    list->list[list->count++] = figure;
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
    struct work w = { .folder = d->folder, .lines = &lines, .diag = d->diag };
    int error = add(d->list, figure, &w);
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

static int draw_timeline(const struct drawing *d, size_t variant,
                         const char *name)
{
    struct bench_timeline t;
    const struct bench_run *run = run_of(d, variant);
    if (run == NULL)
        return LIM_OK;
    if (bench_timeline_init(&t, run) != LIM_OK)
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
    struct work w = { .folder = d->folder, .timeline = &t, .diag = d->diag };
    free(settings);
    int error = add(d->list, figure, &w);
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
        error = draw_timelines(&d);
    bench_grid_fini(&grid);
    if (error != LIM_OK)
        bench_figures_fini(f);
    return error;
}
