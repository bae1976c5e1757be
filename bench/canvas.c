#define _POSIX_C_SOURCE 200809L

#include "bench/canvas.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/folder.h"
#include "bench/gnuplot.h"
#include "bench/output.h"
#include "bench/svg.h"
#include "bench/words.h"
#include "mockserver/file.h"

extern const char text_bench_figures_style_gp[];
extern const char text_bench_figures_head_gp[];

#define SVG_MAX (8 << 20)
#define LINE_MAX_BYTES 114

static int no_memory(struct lim_diag *diag)
{
    return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
}

/* "FOLDER/NAMEending"; the caller frees it. */
static char *path_of(const struct bench_canvas *c, const char *ending)
{
    char *file = bench_words("%s%s", c->name, ending);
    char *path = file == NULL ? NULL : bench_folder_join(c->folder, file);
    free(file);
    return path;
}

static int write_data(const struct bench_canvas *c)
{
    struct bench_output out;
    char *path = path_of(c, ".csv");
    if (path == NULL)
        return no_memory(c->diag);
    int error = bench_output_open(&out, path, c->diag);
    free(path);
    if (error != LIM_OK)
        return error;
    c->csv(c->data, out.file);
    return bench_output_commit(&out, c->diag);
}

/* The same figure for the page, at twice the density in points, and for a
   page of half the breadth. */
static const struct drawing {
    const char *ending; /* of the file's name */
    const char *terminal;
} drawings[] = {
    { ".png",
      "face = 'sans'\n"
      "if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n"
      "set terminal pngcairo size 1800,1080 noenhanced rounded "
      "font 'sans,10' fontscale 2 linewidth 2 pointscale 2 "
      "background '#ffffff'\n"
      "} else {\n"
      "set terminal png truecolor size 900,540 noenhanced font 'sans,10' "
      "background '#ffffff'\n"
      "}\n" },
    { ".svg", "face = 'sans-serif'\n"
              "set terminal svg size 900,540 dynamic noenhanced rounded "
              "font 'sans-serif,10' fontscale 1.3333 background '#ffffff'\n" },
    { "-narrow.svg",
      "face = 'sans-serif'\n"
      "narrow = 1\n"
      "height = 540 - 50 + hang + (legend > 0 ? 10 + 18 * legend : 0)\n"
      "x(v) = v < 0.5 ? v * 900 / 420 : 1 - (1 - v) * 900 / 420\n"
      "y(v) = 1 - ((1 - v) * 540 - 50) / height\n"
      "row(i) = (18.0 * (legend - i) - 4) / height\n"
      "set terminal svg size 420,height dynamic noenhanced rounded "
      "font 'sans-serif,10' fontscale 1.3333 background '#ffffff'\n" },
};

/* How many of them a figure has: the narrow one is the last. */
static size_t drawings_of(const struct bench_canvas *c)
{
    size_t n = sizeof drawings / sizeof drawings[0];
    return c->narrow ? n : n - 1;
}

void bench_canvas_legend(FILE *f, size_t i, size_t colour, const char *name)
{
    fprintf(f, "if (narrow) { set label %zu ", 200 + i);
    bench_gnuplot_string(f, colour > 0 ? name : "");
    fprintf(f, " at screen 0.06, screen row(%zu) offset character 1, -0.15 ",
            i);
    if (colour > 0)
        fprintf(f,
                "tc rgb ink[pick(%zu)] point pt mark[pick(%zu)] ps 1 "
                "lc rgb colour[pick(%zu)] }\n",
                colour, colour, colour);
    else
        fputs("}\n", f);
}

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

static void put_drawing(const struct bench_canvas *c, const struct drawing *d,
                        const char *data, FILE *f)
{
    fputs(d->terminal, f);
    fprintf(f, "set output '%s%s'\nset multiplot\n", c->name, d->ending);
    for (size_t p = 0; p < c->panels; p++) {
        c->panel(c->data, p, data, f);
        fputs(text_bench_figures_head_gp, f);
        fputs(c->script, f);
    }
    fputs("unset multiplot\nset output\n", f);
}

static void put_script(const struct bench_canvas *c, FILE *f)
{
    char *data = bench_words("%s.csv", c->name);
    fputs("title = ", f);
    bench_gnuplot_string(f, c->title);
    put_finding(c->finding, f);
    fprintf(f,
            "narrow = 0\nlegend = %zu\nhang = %zu\nx(v) = v\ny(v) = v\nrow(i) "
            "= 0\n",
            c->legend, c->hang);
    fputs(text_bench_figures_style_gp, f);
    for (size_t i = 0; i < drawings_of(c) && data != NULL; i++)
        put_drawing(c, &drawings[i], data, f);
    free(data);
}

static int run_script(const struct bench_canvas *c)
{
    char *text = NULL;
    size_t length;
    FILE *f = open_memstream(&text, &length);
    if (f == NULL)
        return no_memory(c->diag);
    put_script(c, f);
    if (fclose(f) != 0) {
        free(text);
        return no_memory(c->diag);
    }
    int error = bench_gnuplot_run(NULL, c->folder, text, length, c->diag);
    free(text);
    return error;
}

static int remove_old(const struct bench_canvas *c, const char *ending)
{
    char *path = path_of(c, ending);
    if (path == NULL)
        return no_memory(c->diag);
    unlink(path);
    free(path);
    return LIM_OK;
}

/* Whether a file ends with the mark of its kind, blank lines aside. */
static bool is_whole(const char *path, const char *ending)
{
    const char *mark =
        strstr(ending, "svg") != NULL ? "</svg>" : "IEND\xae\x42\x60\x82";
    size_t n = strlen(mark);
    char end[12] = "";
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return false;
    size_t got = fseek(f, -(long)sizeof end, SEEK_END) == 0
                     ? fread(end, 1, sizeof end, f)
                     : 0;
    fclose(f);
    while (got > n && end[got - 1] == '\n')
        got--;
    return got >= n && memcmp(end + got - n, mark, n) == 0;
}

/* gnuplot may end well and have written nothing, or a part: it does not look
   whether the disk is full. */
static int came_out(const struct bench_canvas *c, const char *ending)
{
    char *path = path_of(c, ending);
    if (path == NULL)
        return no_memory(c->diag);
    int error = LIM_OK;
    if (!is_whole(path, ending)) {
        error = lim_fail(c->diag, LIM_EINVAL, 0,
                         "gnuplot did not write all of %.200s; is the disk "
                         "full?",
                         path);
        unlink(path);
    }
    free(path);
    return error;
}

/* One id for each drawing in a page. */
static int rewrite_svg(const struct bench_canvas *c, const struct drawing *d)
{
    struct bench_output out;
    size_t length;
    char *name =
        bench_words("%s%.*s", c->name, (int)strcspn(d->ending, "."), d->ending);
    char *path = path_of(c, d->ending);
    char *text = path == NULL || name == NULL
                     ? NULL
                     : mock_read_file(path, SVG_MAX, &length, c->diag);
    int error = path == NULL || name == NULL ? no_memory(c->diag)
                : text == NULL               ? LIM_EINVAL
                               : bench_output_open(&out, path, c->diag);
    if (error == LIM_OK) {
        const struct bench_svg svg = { .name = name,
                                       .title = c->title,
                                       .description = c->finding };
        bench_svg_write(&svg, text, length, out.file);
        error = bench_output_commit(&out, c->diag);
    }
    free(text);
    free(path);
    free(name);
    return error;
}

int bench_canvas_draw(const struct bench_canvas *c)
{
    size_t all = sizeof drawings / sizeof drawings[0], n = drawings_of(c);
    int error = LIM_OK;
    for (size_t i = 0; i < all && error == LIM_OK; i++)
        error = remove_old(c, drawings[i].ending);
    if (error == LIM_OK)
        error = write_data(c);
    if (error == LIM_OK)
        error = run_script(c);
    for (size_t i = 0; i < n && error == LIM_OK; i++)
        error = came_out(c, drawings[i].ending);
    for (size_t i = 0; i < n && error == LIM_OK; i++)
        if (strstr(drawings[i].ending, "svg") != NULL)
            error = rewrite_svg(c, &drawings[i]);
    return error;
}
