#include "sim/trace.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/rng.h"
#include "limiter/time.h"

static const char header[] = "TIMESTAMP,ContextTokens,GeneratedTokens";

/* What is left of the text, and where in it we are. */
struct cursor {
    const char *at, *end;
    int line;
};

/* Cuts the next line off, without its end; false: there is none. */
static bool next_line(struct cursor *c, struct cursor *line)
{
    if (c->at == c->end)
        return false;
    const char *stop = memchr(c->at, '\n', (size_t)(c->end - c->at));
    *line = (struct cursor){ c->at, stop != NULL ? stop : c->end, ++c->line };
    c->at = stop != NULL ? stop + 1 : c->end;
    if (line->end > line->at && line->end[-1] == '\r')
        line->end--;
    return true;
}

static bool take_char(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* Takes between `least` and `most` digits (at most 10) as a number. */
static bool take_digits(struct cursor *c, int least, int most, int64_t *out)
{
    int n = 0;
    *out = 0;
    for (; n < most && c->at < c->end && *c->at >= '0' && *c->at <= '9'; n++)
        *out = *out * 10 + (*c->at++ - '0');
    return n >= least;
}

static int days_in_month(int year, int month)
{
    int next_year = month == 12 ? year + 1 : year;
    lim_time next = lim_date(next_year, month % 12 + 1, 1);
    return (int)((next - lim_date(year, month, 1)) / LIM_DAY);
}

/* Years that a lim_time holds. */
static bool take_date(struct cursor *c, lim_time *out)
{
    int64_t year, month, day;
    if (!take_digits(c, 4, 4, &year) || !take_char(c, '-') ||
        !take_digits(c, 2, 2, &month) || !take_char(c, '-') ||
        !take_digits(c, 2, 2, &day))
        return false;
    if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 ||
        day > days_in_month((int)year, (int)month))
        return false;
    *out = lim_date((int)year, (int)month, (int)day);
    return true;
}

static bool take_fraction(struct cursor *c, int64_t *ns)
{
    const char *from = c->at;
    if (!take_digits(c, 1, 9, ns))
        return false;
    for (long n = c->at - from; n < 9; n++)
        *ns *= 10;
    return true;
}

static bool take_time(struct cursor *c, lim_time *out)
{
    int64_t hour, minute, second, ns = 0;
    if (!take_date(c, out) || !take_char(c, ' ') ||
        !take_digits(c, 2, 2, &hour) || !take_char(c, ':') ||
        !take_digits(c, 2, 2, &minute) || !take_char(c, ':') ||
        !take_digits(c, 2, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    if (take_char(c, '.') && !take_fraction(c, &ns))
        return false;
    *out += hour * LIM_HOUR + minute * LIM_MIN + second * LIM_SEC + ns;
    return true;
}

static bool take_tokens(struct cursor *c, int32_t *out)
{
    int64_t n;
    if (!take_digits(c, 1, 10, &n) || n > INT32_MAX)
        return false;
    *out = (int32_t)n;
    return true;
}

/* Reads one row; `at_ns` is still absolute. */
static int read_row(struct cursor line, struct sim_trace_row *row,
                    struct lim_diag *diag)
{
    if (!take_time(&line, &row->at_ns) || !take_char(&line, ','))
        return lim_fail(diag, LIM_EPARSE, line.line,
                        "expected a time such as "
                        "2023-11-16 18:17:03.9799600 and a comma");
    if (!take_tokens(&line, &row->prompt_tokens) || !take_char(&line, ','))
        return lim_fail(diag, LIM_EPARSE, line.line,
                        "ContextTokens: expected a whole number from 0 to "
                        "2147483647 and a comma");
    if (!take_tokens(&line, &row->completion_tokens) || line.at != line.end)
        return lim_fail(diag, LIM_EPARSE, line.line,
                        "GeneratedTokens: expected a whole number from 0 to "
                        "2147483647 and the end of the line");
    return LIM_OK;
}

static int read_header(struct cursor *c, struct lim_diag *diag)
{
    struct cursor line;
    size_t length = sizeof header - 1;
    if (!next_line(c, &line) || (size_t)(line.end - line.at) != length ||
        memcmp(line.at, header, length) != 0)
        return lim_fail(diag, LIM_EPARSE, 1, "expected the header line %s",
                        header);
    return LIM_OK;
}

static int read_rows(struct cursor c, struct sim_trace_row *rows, size_t *count,
                     struct lim_diag *diag)
{
    struct cursor line;
    lim_time first = 0;
    size_t n = 0;
    while (next_line(&c, &line)) {
        int error = read_row(line, &rows[n], diag);
        if (error != LIM_OK)
            return error;
        if (n == 0)
            first = rows[n].at_ns;
        rows[n].at_ns -= first;
        if (n > 0 && rows[n].at_ns < rows[n - 1].at_ns)
            return lim_fail(diag, LIM_EPARSE, line.line,
                            "the time is before that of the line above");
        n++;
    }
    *count = n;
    return LIM_OK;
}

static size_t count_lines(struct cursor c)
{
    struct cursor line;
    size_t n = 0;
    while (next_line(&c, &line))
        n++;
    return n;
}

int sim_trace_parse(const char *text, size_t length,
                    struct sim_trace_row **rows, size_t *count,
                    struct lim_diag *diag)
{
    struct cursor c = { text, text + length, 0 };
    int error = read_header(&c, diag);
    if (error != LIM_OK)
        return error;
    size_t lines = count_lines(c);
    if (lines == 0)
        return lim_fail(diag, LIM_EPARSE, 1, "no row follows the header");
    struct sim_trace_row *r = malloc(lines * sizeof *r);
    if (r == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    error = read_rows(c, r, count, diag);
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
