#include "bench/sketch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/grid.h"
#include "bench/words.h"

#define WIDTH 79
#define NAME_MAX_WIDTH 44
#define NUMBER 9 /* columns behind the bar */

/* Bytes that begin a character of UTF-8. */
static int width_of(const char *text)
{
    int n = 0;
    for (const char *p = text; *p != 0; p++)
        n += ((unsigned char)*p & 0xc0) != 0x80;
    return n;
}

static double mean_of(const struct bench_result *r, size_t variant,
                      const char *metric)
{
    struct bench_estimate e = bench_aggregate(r, variant, metric);
    return e.n > 0 ? e.mean : NAN;
}

struct sketch {
    const struct bench_result *result;
    const struct bench_grid *grid;
    int name, bar; /* widths */
    double most;
};

/* The last characters of a long name tell most: what varies fastest. */
static void put_name(const struct sketch *s, const char *name, FILE *f)
{
    int over = width_of(name) - s->name;
    for (; over > 0; name++)
        over -= ((unsigned char)name[1] & 0xc0) != 0x80;
    fprintf(f, "%s%*s ", name, s->name - width_of(name), "");
}

static void put_bar(const struct sketch *s, size_t i, FILE *f)
{
    size_t variant = s->grid->numbers[i];
    double goodput = mean_of(s->result, variant, "goodput_rpm");
    double bound = mean_of(s->result, variant, "bound_rpm");
    double cells = s->most > 0 ? s->bar / s->most : 0;
    int full = isfinite(goodput) ? (int)(goodput * cells + 0.5) : 0;
    int mark =
        isfinite(bound) && bound <= s->most ? (int)(bound * cells + 0.5) : -1;
    for (int c = 1; c <= s->bar; c++)
        fputs(c == mark ? "|" : c <= full ? "#" : " ", f);
    char *number = isfinite(goodput) ? bench_words_number(goodput) : NULL;
    fprintf(f, " %s\n", number != NULL ? number : "-");
    free(number);
}

static int measure(struct sketch *s)
{
    for (size_t i = 0; i < s->grid->variants; i++) {
        char *name = bench_grid_name(s->grid, i);
        if (name == NULL)
            return LIM_ENOMEM;
        int width = width_of(name);
        free(name);
        s->name = width > s->name ? width : s->name;
        s->most = fmax(s->most,
                       mean_of(s->result, s->grid->numbers[i], "goodput_rpm"));
    }
    s->name = s->name < NAME_MAX_WIDTH ? s->name : NAME_MAX_WIDTH;
    s->bar = WIDTH - s->name - 1 - NUMBER;
    for (size_t i = 0; i < s->grid->variants; i++) {
        double bound = mean_of(s->result, s->grid->numbers[i], "bound_rpm");
        if (bound < 2 * s->most) /* else it is far off */
            s->most = fmax(s->most, bound);
    }
    return LIM_OK;
}

static int put_all(struct sketch *s, FILE *f)
{
    if (measure(s) != LIM_OK)
        return LIM_ENOMEM;
    fprintf(f, "%s on %s: requests succeeded a minute; | the bound\n",
            *s->result->name ? s->result->name : "an experiment",
            s->result->on);
    for (size_t i = 0; i < s->grid->variants; i++) {
        char *name = bench_grid_name(s->grid, i);
        if (name == NULL)
            return LIM_ENOMEM;
        put_name(s, name, f);
        put_bar(s, i, f);
        free(name);
    }
    return LIM_OK;
}

int bench_sketch(const struct bench_result *r, FILE *f, struct lim_diag *diag)
{
    struct bench_grid grid;
    int error = bench_grid_init(&grid, r);
    if (error == LIM_OK) {
        struct sketch s = { .result = r, .grid = &grid };
        error = put_all(&s, f);
        bench_grid_fini(&grid);
    }
    if (error != LIM_OK)
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    return error;
}
