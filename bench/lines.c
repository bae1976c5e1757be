#include "bench/lines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/canvas.h"
#include "bench/gnuplot.h"
#include "bench/scale.h"
#include "bench/words.h"

/* Of the figure, in pixels of 900 x 540. */
#define WIDTH 900.0
#define LINE 140 /* characters of ticks that have room in a line, */
#define LINE_NARROW 54
#define LEFT 0.075
#define RIGHT_NARROW 0.985
#define TOP 0.825
#define BOTTOM 0.125
#define BETWEEN 0.095
#define CHARACTER 7.4
#define LABEL_HEIGHT 17.0
#define HEIGHT 540.0
/* Points in a figure up to which each has its value beside it. */
#define VALUES_MAX 14
#define VALUES_NARROW 5
#define ENDS_MAX 24
/* Times that span more than so many powers of ten have a log axis. */
#define DECADES 1.2

static double bound_of(const struct bench_lines *l, size_t number)
{
    if (l->kind->bound == NULL)
        return NAN;
    struct bench_estimate e =
        bench_aggregate(l->chart->result, number, l->kind->bound);
    return e.n > 0 ? e.mean : NAN;
}

/* Names have their series side by side. */
static double beside(const struct bench_chart *c, size_t series)
{
    size_t n = bench_chart_series(c);
    if (c->numeric || n < 2)
        return 0;
    return 0.5 * ((double)series / (double)(n - 1) - 0.5);
}

static void add_row(struct bench_lines *l, size_t series, size_t value)
{
    const struct bench_chart *c = l->chart;
    size_t i;
    if (!bench_chart_find(c, l->slice, series, value, &i))
        return;
    struct bench_row *row = &l->rows[l->count++];
    *row = (struct bench_row){ .series = series,
                               .value = value,
                               .variant = i,
                               .at = c->at[value] + beside(c, series),
                               .apart = c->apart[value],
                               .bound = bound_of(l, c->grid->numbers[i]) };
    for (size_t p = 0; p < l->kind->panels; p++)
        row->mean[p] = bench_aggregate(c->result, c->grid->numbers[i],
                                       l->kind->panel[p].metric);
}

/* The largest mean and, up to twice that, interval or bound. */
static double largest(const struct bench_lines *l, size_t panel)
{
    double mean = 0, more = 0;
    for (size_t i = 0; i < l->count; i++) {
        struct bench_estimate e = l->rows[i].mean[panel];
        if (e.n == 0)
            continue;
        mean = fmax(mean, e.mean);
        more = fmax(more, e.mean + fmax(e.ci95, 0));
        if (isfinite(l->rows[i].bound))
            more = fmax(more, fmin(l->rows[i].bound, 3 * e.mean));
    }
    return fmax(mean, fmin(more, 3 * mean));
}

static double smallest(const struct bench_lines *l, size_t panel)
{
    double mean = INFINITY;
    for (size_t i = 0; i < l->count; i++)
        if (l->rows[i].mean[panel].n > 0)
            mean = fmin(mean, l->rows[i].mean[panel].mean);
    return mean;
}

int bench_lines_init(struct bench_lines *l, const struct bench_chart *c,
                     const struct bench_kind *kind, size_t slice)
{
    size_t values = c->grid->dims[c->x].count;
    *l = (struct bench_lines){ .chart = c, .kind = kind, .slice = slice };
    l->rows = calloc(values * bench_chart_series(c) + 1, sizeof *l->rows);
    if (l->rows == NULL)
        return LIM_ENOMEM;
    for (size_t s = 0; s < bench_chart_series(c); s++)
        for (size_t v = 0; v < values; v++)
            add_row(l, s, c->order[v]);
    for (size_t p = 0; p < kind->panels; p++) {
        l->least[p] = smallest(l, p);
        l->most[p] = largest(l, p);
    }
    return LIM_OK;
}

void bench_lines_fini(struct bench_lines *l)
{
    free(l->rows);
    *l = (struct bench_lines){ .count = 0 };
}

void bench_lines_widen(struct bench_lines *l, const struct bench_lines *other)
{
    for (size_t p = 0; p < l->kind->panels; p++) {
        l->least[p] = fmin(l->least[p], other->least[p]);
        l->most[p] = fmax(l->most[p], other->most[p]);
    }
}

static void put_number(FILE *f, double x)
{
    if (isfinite(x))
        fprintf(f, ",%.10g", x);
    else
        fputs(",NaN", f);
}

static void put_estimate(FILE *f, struct bench_estimate e)
{
    put_number(f, e.n > 0 ? e.mean : NAN);
    put_number(f, e.n > 1 ? e.mean - e.ci95 : NAN);
    put_number(f, e.n > 1 ? e.mean + e.ci95 : NAN);
}

static void put_heading(const struct bench_lines *l, FILE *f)
{
    const struct bench_grid *g = l->chart->grid;
    const char *series =
        l->chart->has_series ? g->dims[l->chart->series].path : "series";
    bench_gnuplot_csv(f, series);
    fputc(',', f);
    bench_gnuplot_csv(f, g->dims[l->chart->x].path);
    fputs(",position,n", f);
    for (size_t p = 0; p < l->kind->panels; p++) {
        const char *metric = l->kind->panel[p].metric;
        fprintf(f, ",%s,%s low,%s high", metric, metric, metric);
    }
    if (l->kind->bound != NULL)
        fprintf(f, ",%s", l->kind->bound);
    fputc('\n', f);
}

void bench_lines_csv(const void *lines, FILE *f)
{
    const struct bench_lines *l = lines;
    const struct bench_dimension *x = &l->chart->grid->dims[l->chart->x];
    put_heading(l, f);
    for (size_t i = 0; i < l->count; i++) {
        const struct bench_row *row = &l->rows[i];
        bench_gnuplot_csv(f, bench_chart_series_name(l->chart, row->series));
        fputc(',', f);
        bench_gnuplot_csv(f, x->labels[row->value]);
        put_number(f, row->at);
        fprintf(f, ",%zu", row->mean[0].n);
        for (size_t p = 0; p < l->kind->panels; p++)
            put_estimate(f, row->mean[p]);
        if (l->kind->bound != NULL)
            put_number(f, row->bound);
        fputc('\n', f);
    }
}

static bool is_log(const struct bench_lines *l, size_t panel)
{
    return l->kind->time && log10(l->most[panel] / l->least[panel]) > DECADES;
}

/* One unit for all panels. */
static struct bench_unit unit_of(const struct bench_lines *l)
{
    double max = 0;
    bool log = false;
    for (size_t p = 0; p < l->kind->panels; p++) {
        max = fmax(max, l->most[p]);
        log = log || is_log(l, p);
    }
    if (!l->kind->time)
        return (struct bench_unit){ 1, l->kind->unit };
    return bench_scale_unit(max, log);
}

/* The bounds are one line unless they differ between the series. */
static size_t bounds(const struct bench_lines *l)
{
    const struct bench_row *r = l->rows;
    bool any = false;
    for (size_t i = 0; i < l->count; i++) {
        any = any || isfinite(r[i].bound);
        for (size_t j = 0; j < i; j++)
            if (r[i].value == r[j].value &&
                fabs(r[i].bound - r[j].bound) > 0.02 * fabs(r[i].bound))
                return bench_chart_series(l->chart);
    }
    return any ? 1 : 0;
}

/* Rows of a series, numbered from 0 as gnuplot does.  One without rows has
   that after the last of all, which is not there. */
struct range {
    size_t first, last, end; /* last: of the numbers; end: of all */
};

static struct range range_of(const struct bench_lines *l, size_t series)
{
    size_t first = 0, end, last;
    while (first < l->count && l->rows[first].series != series)
        first++;
    end = first;
    while (end + 1 < l->count && l->rows[end + 1].series == series)
        end++;
    last = end;
    while (last > first && l->rows[last].apart)
        last--;
    return (struct range){ first, last, end };
}

static void put_ranges(const struct bench_lines *l, FILE *f)
{
    const char *names[] = { "first", "last", "ends" };
    size_t n = bench_chart_series(l->chart);
    for (size_t k = 0; k < 3; k++) {
        fprintf(f, "array %s[%zu] = [", names[k], n);
        for (size_t s = 0; s < n; s++) {
            struct range r = range_of(l, s);
            fprintf(f, "%s%zu", s > 0 ? ", " : "",
                    k == 0   ? r.first
                    : k == 1 ? r.last
                             : r.end);
        }
        fputs("]\n", f);
    }
}

/* The number of {"per_organisation": 5}; its key goes to the axis. */
static const cJSON *inner(const struct bench_chart *c, size_t value)
{
    const cJSON *v = c->grid->dims[c->x].values[value];
    return c->numeric && cJSON_IsObject(v) ? v->child : NULL;
}

static void put_tick(const struct bench_lines *l, size_t value, FILE *f)
{
    const struct bench_chart *c = l->chart;
    const cJSON *number = inner(c, value);
    char *label = number == NULL ? NULL : bench_words_value(number);
    bench_gnuplot_string(f, label == NULL ? c->grid->dims[c->x].labels[value]
                                          : label);
    free(label);
}

/* Names that have no room beside each other are slanted: the characters of
   the longest one, or 0. */
static size_t slanted(const struct bench_chart *c, bool narrow)
{
    size_t line = narrow ? LINE_NARROW : LINE;
    const struct bench_dimension *x = &c->grid->dims[c->x];
    size_t longest = 0;
    for (size_t v = 0; v < x->count; v++) {
        size_t length = strlen(x->labels[v]);
        longest = length > longest ? length : longest;
    }
    return !c->numeric && x->count * (longest + 2) > line ? longest : 0;
}

static void put_ticks(const struct bench_lines *l, bool named, bool narrow,
                      FILE *f)
{
    const struct bench_chart *c = l->chart;
    const struct bench_dimension *x = &c->grid->dims[c->x];
    double last = -1;
    fprintf(f, "set xtics %s (",
            slanted(c, narrow) == 0 ? "norotate"
            : narrow                ? "rotate by 60 right"
                                    : "rotate by 30 right");
    for (size_t v = 0; v < x->count; v++) {
        size_t i = c->order[v], length = inner(c, i) ? 3 : strlen(x->labels[i]);
        double needs = c->numeric ? 0.012 * (double)length + 0.012 : 0;
        needs *= narrow ? LINE / (double)LINE_NARROW : 1;
        bool room = c->at[i] - last >= needs || c->apart[i];
        fputs(v > 0 ? ", " : "", f);
        if (named && room)
            put_tick(l, i, f);
        else
            fputs("''", f);
        fprintf(f, " %.6g", c->at[i]);
        last = room ? c->at[i] : last;
    }
    fputs(")\n", f);
}

/* "cap: requests in flight (client.cap), log scale"; the caller frees it. */
static char *x_label(const struct bench_chart *c)
{
    const struct bench_dimension *x = &c->grid->dims[c->x];
    const cJSON *number = inner(c, c->order[0]);
    char *path = number == NULL ? bench_words("%s", x->path)
                                : bench_words("%s.%s", x->path, number->string);
    char *words = path == NULL ? NULL : bench_words_path(path), *label = NULL;
    const char *log = c->log ? ", log scale" : "";
    if (words != NULL && strcmp(words, path) != 0)
        label = bench_words("%s (%s)%s", words, path, log);
    else if (words != NULL)
        label = bench_words("%s%s", path, log);
    free(path);
    free(words);
    return label;
}

static void put_x(const struct bench_lines *l, bool lowest, FILE *f)
{
    const struct bench_chart *c = l->chart;
    char *label = x_label(c);
    fputs("set xlabel ", f);
    bench_gnuplot_string(f, lowest && label != NULL ? label : "");
    fputs(" tc rgb '#333333'\n", f);
    if (c->numeric)
        fputs("set xrange [-0.03:1.03]\n", f);
    else
        fprintf(f, "set xrange [-0.5:%.1f]\n",
                (double)c->grid->dims[c->x].count - 0.5);
    free(label);
}

/* A label at the right end of a line. */
struct end {
    const char *text;
    double height; /* of the line's end */
    size_t colour; /* from 1; 0: grey */
};

static size_t find_ends(const struct bench_lines *l, size_t panel,
                        const struct bench_scale *y, double unit,
                        struct end *ends)
{
    size_t n = 0;
    for (size_t s = 0; l->chart->has_series && l->chart->numeric &&
                       s < bench_chart_series(l->chart) && n < ENDS_MAX - 1;
         s++) {
        double value = NAN;
        for (size_t i = 0; i < l->count; i++)
            if (l->rows[i].series == s && l->rows[i].mean[panel].n > 0)
                value = l->rows[i].mean[panel].mean;
        if (isfinite(value))
            ends[n++] = (struct end){ bench_chart_series_name(l->chart, s),
                                      bench_scale_at(y, value / unit), s + 1 };
    }
    for (size_t i = l->count; i-- > 0 && bounds(l) == 1;)
        if (isfinite(l->rows[i].bound)) {
            ends[n++] =
                (struct end){ "bound",
                              bench_scale_at(y, l->rows[i].bound / unit), 0 };
            break;
        }
    return n;
}

/* A narrow figure has them below. */
static void put_ends(const struct end *ends, size_t n, double gap, FILE *f)
{
    double heights[ENDS_MAX];
    fputs("if (!narrow) {\n", f);
    for (size_t i = 0; i < n; i++)
        heights[i] = ends[i].height;
    bench_scale_spread(heights, n, gap);
    for (size_t i = 0; i < n; i++) {
        if (ends[i].height > 1 + 1e-9)
            continue;
        fprintf(f,
                "set arrow %zu from graph 1, graph %.4f to graph 1.018, "
                "graph %.4f nohead lw 0.8 lc rgb ",
                10 + i, ends[i].height, heights[i]);
        fprintf(f, ends[i].colour ? "colour[pick(%zu)]\n" : "grey\n",
                ends[i].colour);
        fprintf(f, "set label %zu ", 10 + i);
        bench_gnuplot_string(f, ends[i].text);
        fprintf(f, " at graph 1.024, graph %.4f tc rgb ", heights[i]);
        fprintf(f, ends[i].colour ? "ink[pick(%zu)]\n" : "grey\n",
                ends[i].colour);
    }
    fputs("}\n", f);
}

size_t bench_lines_legend(const struct bench_lines *l)
{
    size_t n = l->chart->has_series ? bench_chart_series(l->chart) : 0;
    return n < ENDS_MAX ? n : ENDS_MAX;
}

static void put_legend(const struct bench_lines *l, FILE *f)
{
    for (size_t s = 0; s < bench_lines_legend(l); s++)
        bench_canvas_legend(f, s, s + 1, bench_chart_series_name(l->chart, s));
}

static double right_margin(const struct bench_lines *l, bool narrow)
{
    if (narrow)
        return RIGHT_NARROW;
    double characters = l->kind->bound != NULL ? 5 : 0;
    if (l->chart->numeric && l->chart->has_series)
        for (size_t s = 0; s < bench_chart_series(l->chart); s++)
            characters =
                fmax(characters,
                     (double)strlen(bench_chart_series_name(l->chart, s)));
    return 1 - (characters * CHARACTER + 34) / WIDTH;
}

/* Few points have their values beside them. */
static void put_values(const struct bench_lines *l, size_t panel, double unit,
                       FILE *f)
{
    if (l->chart->numeric || l->chart->has_series || l->count > VALUES_MAX)
        return;
    fprintf(f, "if (!narrow || %d) {\n", l->count <= VALUES_NARROW);
    for (size_t i = 0; i < l->count; i++) {
        struct bench_estimate e = l->rows[i].mean[panel];
        char *number = e.n > 0 ? bench_words_number(e.mean / unit) : NULL;
        if (number == NULL)
            continue;
        fprintf(f,
                "set label %zu '%s' at first %.6g, first %.9g "
                "offset character 0.7, 0.55 tc rgb '#333333'\n",
                100 + i, number, l->rows[i].at, e.mean / unit);
        free(number);
    }
    fputs("}\n", f);
}

/* At 60 degrees a character is nearly as high as it is long. */
size_t bench_lines_hang(const struct bench_lines *l)
{
    return (size_t)(0.866 * CHARACTER * (double)slanted(l->chart, true));
}

/* Slanted names stand below; each character is half as high as it is long. */
static double bottom(const struct bench_lines *l, bool narrow)
{
    if (narrow)
        return BOTTOM;
    double room = 0.006 * (double)slanted(l->chart, narrow);
    return BOTTOM + (room < 0.2 ? room : 0.2);
}

/* The first of them begins left of the axis. */
static double left(const struct bench_lines *l, bool narrow)
{
    return slanted(l->chart, narrow) > 16 ? LEFT + 0.05 : LEFT;
}

static void put_margins(const struct bench_lines *l, size_t panel, bool narrow,
                        FILE *f)
{
    double n = (double)l->kind->panels;
    double height = (TOP - bottom(l, narrow) - (n - 1) * BETWEEN) / n;
    double top = TOP - (double)panel * (height + BETWEEN);
    fprintf(f, "set lmargin at screen x(%.4f)\nset rmargin at screen x(%.4f)\n",
            left(l, narrow), right_margin(l, narrow));
    fprintf(f, "set tmargin at screen y(%.4f)\nset bmargin at screen y(%.4f)\n",
            top, top - height);
}

static void put_names(const struct bench_lines *l, FILE *f)
{
    size_t n = bench_chart_series(l->chart);
    fprintf(f, "series = %zu\narray name[%zu] = [", n, n);
    for (size_t s = 0; s < n; s++) {
        fputs(s > 0 ? ", " : "", f);
        bench_gnuplot_string(f, bench_chart_series_name(l->chart, s));
    }
    fputs("]\n", f);
}

static struct bench_scale scale_of(const struct bench_lines *l, size_t panel,
                                   double max, double unit)
{
    double decades = is_log(l, panel) ? DECADES : INFINITY;
    struct bench_scale y =
        bench_scale_make(l->least[panel] / unit, max / unit,
                         l->kind->panels > 1 ? 4 : 6, decades);
    if (strchr(l->kind->panel[panel].metric, '%') != NULL)
        y.high = fmin(y.high, 100);
    return y;
}

void bench_lines_panel(const void *lines, size_t panel, const char *csv,
                       FILE *f)
{
    const struct bench_lines *l = lines;
    struct end ends[ENDS_MAX];
    double max = l->most[panel];
    struct bench_unit unit = unit_of(l);
    struct bench_scale y = scale_of(l, panel, max, unit.size);
    double share = (TOP - bottom(l, false)) / (double)l->kind->panels;
    fprintf(f, "unset label\nunset arrow\npanel = %zu\n", panel + 1);
    fputs("data = ", f);
    bench_gnuplot_string(f, csv);
    fprintf(f, "\nmean = %zu\nunit = %.9g\nbound = %zu\nbounds = %zu\n",
            5 + 3 * panel, unit.size, 5 + 3 * l->kind->panels, bounds(l));
    fprintf(f, "low = %.9g\ndash = %.4f\n", y.low,
            bounds(l) > 1 ? 0.3 / (double)bounds(l) : 0.4);
    fprintf(f, "unit_name = '%s%s%s%s'\n", l->kind->panel[panel].what,
            unit.name[0] ? ", " : "", unit.name, y.log ? " (log scale)" : "");
    put_names(l, f);
    put_ranges(l, f);
    put_x(l, panel + 1 == l->kind->panels, f);
    for (int narrow = 0; narrow <= 1; narrow++) {
        fprintf(f, "if (narrow == %d) {\n", narrow);
        put_margins(l, panel, narrow, f);
        put_ticks(l, panel + 1 == l->kind->panels, narrow, f);
        fputs("}\n", f);
    }
    if (panel == 0)
        put_legend(l, f);
    bench_scale_write(&y, 'y', f);
    size_t n = find_ends(l, panel, &y, unit.size, ends);
    put_ends(ends, n, LABEL_HEIGHT / HEIGHT / (share - BETWEEN / 2), f);
    put_values(l, panel, unit.size, f);
}
