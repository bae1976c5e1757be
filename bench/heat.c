#include "bench/heat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/gnuplot.h"
#include "bench/words.h"

#define NAME_WIDTH 0.009
#define LEFT 0.05
#define RIGHT 0.975
#define BOTTOM 0.13
#define CHARACTER 0.0082 /* of a name or a number, of the width */
/* Columns that have no room for numbers side by side, and none at all. */
#define UPRIGHT_FROM 17
#define UPRIGHT_NARROW 7
#define NARROWER 0.5333 /* 480 of 900 pixels */
#define COLUMNS_MAX 56

bool bench_heat_worth(const struct bench_lines *l)
{
    const struct bench_chart *c = l->chart;
    return c->has_series && c->grid->dims[c->x].count >= 2 &&
           bench_chart_series(c) >= 2;
}

/* How many values of x stand left of this one. */
static size_t column_of(const struct bench_chart *c, size_t value)
{
    size_t i = 0;
    while (c->order[i] != value)
        i++;
    return i;
}

void bench_heat_csv(const void *lines, FILE *f)
{
    const struct bench_lines *l = lines;
    const struct bench_chart *c = l->chart;
    const struct bench_dimension *x = &c->grid->dims[c->x];
    bool room = x->count < COLUMNS_MAX;
    fprintf(f, "column,row,%s,label,", l->kind->panel[0].metric);
    bench_gnuplot_csv(f, x->path);
    fputc(',', f);
    bench_gnuplot_csv(f, c->grid->dims[c->series].path);
    fputc('\n', f);
    for (size_t i = 0; i < l->count; i++) {
        const struct bench_row *r = &l->rows[i];
        if (r->mean[0].n == 0)
            continue;
        char *label = room ? bench_words_number(r->mean[0].mean) : NULL;
        fprintf(f, "%zu,%zu,%.10g,%s,", column_of(c, r->value), r->series,
                r->mean[0].mean, label != NULL ? label : "");
        bench_gnuplot_csv(f, x->labels[r->value]);
        fputc(',', f);
        bench_gnuplot_csv(f, bench_chart_series_name(c, r->series));
        fputc('\n', f);
        free(label);
    }
}

static double longest_label(const struct bench_dimension *d)
{
    double longest = 0;
    for (size_t i = 0; i < d->count; i++)
        longest = fmax(longest, (double)strlen(d->labels[i]));
    return longest;
}

/* Names that are broader than their columns are slanted, and need height. */
static bool slanted(const struct bench_chart *c, double left, bool narrow)
{
    const struct bench_dimension *x = &c->grid->dims[c->x];
    double width = RIGHT - left - (narrow ? NARROWER : 0);
    return longest_label(x) + 1 > width / (double)x->count / CHARACTER;
}

/* Where the axes begin, behind the names of rows. */
static double left_of(const struct bench_chart *c)
{
    double longest = 0;
    for (size_t s = 0; s < bench_chart_series(c); s++)
        longest = fmax(longest, (double)strlen(bench_chart_series_name(c, s)));
    return LEFT + NAME_WIDTH * fmin(longest, 32);
}

size_t bench_heat_hang(const struct bench_lines *l)
{
    const struct bench_chart *c = l->chart;
    double longest = longest_label(&c->grid->dims[c->x]);
    return slanted(c, left_of(c), true) ? (size_t)(longest * 6.5) : 0;
}

static void put_columns(const struct bench_chart *c, double left, bool narrow,
                        FILE *f)
{
    const struct bench_dimension *x = &c->grid->dims[c->x];
    double longest = longest_label(x);
    bool slant = slanted(c, left, narrow);
    double more = slant && !narrow ? fmin(0.006 * longest + 0.01, 0.2) : 0;
    fprintf(f, "set xtics %s (",
            !slant        ? "norotate"
            : longest < 7 ? "rotate by 90 right"
            : narrow      ? "rotate by 60 right"
                          : "rotate by 30 right");
    for (size_t i = 0; i < x->count; i++)
        bench_gnuplot_tic(f, x->labels[c->order[i]], i);
    fprintf(f, ")\nset bmargin at screen y(%.4f)\n", BOTTOM + more);
}

void bench_heat_panel(const void *lines, size_t panel, const char *csv, FILE *f)
{
    const struct bench_lines *l = lines;
    (void)panel;
    const struct bench_chart *c = l->chart;
    size_t columns = c->grid->dims[c->x].count, rows = bench_chart_series(c);
    double least = INFINITY, most = -INFINITY, left = left_of(c);
    for (size_t i = 0; i < l->count; i++)
        if (l->rows[i].mean[0].n > 0) {
            least = fmin(least, l->rows[i].mean[0].mean);
            most = fmax(most, l->rows[i].mean[0].mean);
        }
    if (!(most > least)) { /* also of none */
        least = isfinite(least) ? least - 1 : 0;
        most = least + 1;
    }
    fputs("unset label\nunset arrow\npanel = 1\ndata = ", f);
    bench_gnuplot_string(f, csv);
    fprintf(f, "\nunit_name = '%s'\n", l->kind->panel[0].what);
    fprintf(f, "least = %.9g\nmost = %.9g\n", least, most);
    fprintf(f, "set xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\n",
            columns - 1, rows - 1);
    for (int narrow = 0; narrow <= 1; narrow++) {
        fprintf(f, "if (narrow == %d) {\n", narrow);
        put_columns(c, left, narrow, f);
        fputs("}\n", f);
    }
    fputs("set ytics (", f);
    for (size_t s = 0; s < rows; s++)
        bench_gnuplot_tic(f, bench_chart_series_name(c, s), s);
    fputs(")\n", f);
    fprintf(f, "set lmargin at screen x(%.4f)\nupright = narrow ? %d : %d\n",
            left, columns >= UPRIGHT_NARROW, columns >= UPRIGHT_FROM);
    char *words = bench_words_path(c->grid->dims[c->x].path);
    fputs("set xlabel ", f);
    bench_gnuplot_string(f, words != NULL ? words : "");
    fputs(" tc rgb '#333333'\n", f);
    free(words);
}
