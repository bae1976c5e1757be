#include "sim/trace.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/rng.h"
#include "sim/schema.h"

/* What is left of a text, and the number of the line before. */
struct cursor {
    struct sim_piece text;
    int line;
};

/* Cuts the next line off, without its end; false: there is none. */
static bool next_line(struct cursor *c, struct sim_piece *line)
{
    struct sim_piece *t = &c->text;
    if (t->at == t->end)
        return false;
    const char *stop = memchr(t->at, '\n', (size_t)(t->end - t->at));
    *line = (struct sim_piece){ t->at, stop != NULL ? stop : t->end };
    t->at = stop != NULL ? stop + 1 : t->end;
    c->line++;
    if (line->end > line->at && line->end[-1] == '\r')
        line->end--;
    return true;
}

static int read_rows(const struct sim_schema *s, struct cursor c,
                     struct sim_trace_row *rows, size_t *count,
                     struct lim_diag *diag)
{
    struct sim_piece line;
    int64_t first = 0;
    size_t n = 0;
    while (next_line(&c, &line)) {
        int error = sim_schema_row(s, line, c.line, &rows[n], diag);
        if (error != LIM_OK)
            return error;
        if (n == 0)
            first = rows[n].at_ns;
        rows[n].at_ns -= first;
        if (n > 0 && rows[n].at_ns < rows[n - 1].at_ns)
            return lim_fail(diag, LIM_EPARSE, c.line,
                            "the time is before that of the line above");
        n++;
    }
    *count = n;
    return LIM_OK;
}

static size_t count_lines(struct cursor c)
{
    struct sim_piece line;
    size_t n = 0;
    while (next_line(&c, &line))
        n++;
    return n;
}

int sim_trace_parse(const char *text, size_t length,
                    struct sim_trace_row **rows, size_t *count,
                    struct lim_diag *diag)
{
    struct cursor c = { { text, text + length }, 0 };
    struct cursor begin = c;
    struct sim_piece line = { text, text };
    struct sim_schema schema;
    next_line(&c, &line);
    int error = sim_schema_find(&schema, line, diag);
    if (error != LIM_OK)
        return error;
    if (!schema.header)
        c = begin;
    size_t lines = count_lines(c);
    if (lines == 0)
        return lim_fail(diag, LIM_EPARSE, 1, "no row follows the header");
    struct sim_trace_row *r = malloc(lines * sizeof *r);
    if (r == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    error = read_rows(&schema, c, r, count, diag);
    if (error != LIM_OK) {
        free(r);
        return error;
    }
    *rows = r;
    return LIM_OK;
}

/* Golden ratio: its multiples, less their whole parts, lie far apart. */
#define GOLDEN 0.61803398874989485

/* Where copy number `copy` of a row stands in a trace of that span. */
static int64_t shifted(int64_t at, uint64_t copy, int64_t span)
{
    double turns = (double)copy * GOLDEN;
    double share = turns - (double)(uint64_t)turns;
    int64_t moved = at + (int64_t)(share * (double)span);
    return moved < span ? moved : moved - span;
}

static bool kept(uint64_t row, double share)
{
    uint64_t stream = lim_rng_stream(0, LIM_DRAW_SHARE);
    return lim_rng_uniform(lim_rng_draw(stream, row, 0)) < share;
}

static int by_time(const void *a, const void *b)
{
    const struct sim_trace_row *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    if (x->prompt_tokens != y->prompt_tokens)
        return x->prompt_tokens < y->prompt_tokens ? -1 : 1;
    return (x->completion_tokens > y->completion_tokens) -
           (x->completion_tokens < y->completion_tokens);
}

int sim_trace_scale(struct sim_trace_row **rows, size_t *count, double scale)
{
    const struct sim_trace_row *from = *rows;
    size_t n = *count;
    uint64_t whole = (uint64_t)scale;
    struct sim_trace_row *to = malloc((n * (whole + 1) + 1) * sizeof *to);
    size_t made = 0;
    if (to == NULL)
        return LIM_ENOMEM;
    for (uint64_t copy = 0; copy <= whole; copy++) {
        for (size_t i = 0; i < n; i++) {
            if (copy == whole && !kept(i, scale - (double)whole))
                continue;
            to[made] = from[i];
            to[made++].at_ns =
                shifted(from[i].at_ns, copy, from[n - 1].at_ns + 1);
        }
    }
    qsort(to, made, sizeof *to, by_time);
    free(*rows);
    *rows = to;
    *count = made;
    return LIM_OK;
}
