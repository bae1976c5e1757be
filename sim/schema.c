#include "sim/schema.h"

#include <string.h>

#include "limiter/time.h"

#define SECONDS_MAX INT64_C(9000000000) /* in ns still below 2^63 */

enum part { TIME, PROMPT, COMPLETION, PARTS };

static const char *const names_of[][PARTS] = {
    [SIM_AZURE] = { "TIMESTAMP", "ContextTokens", "GeneratedTokens" },
    [SIM_BURSTGPT] = { "Timestamp", "Request tokens", "Response tokens" },
    [SIM_VIDUR] = { "arrived_at", "num_prefill_tokens", "num_decode_tokens" },
    [SIM_MOONCAKE] = { "timestamp", "input_length", "output_length" },
};

static bool take_char(struct sim_piece *p, char wanted)
{
    if (p->at == p->end || *p->at != wanted)
        return false;
    p->at++;
    return true;
}

/* Takes between `least` and `most` digits (at most 18) as a number. */
static bool take_digits(struct sim_piece *p, int least, int most, int64_t *out)
{
    int n = 0;
    *out = 0;
    for (; n < most && p->at < p->end && *p->at >= '0' && *p->at <= '9'; n++)
        *out = *out * 10 + (*p->at++ - '0');
    return n >= least;
}

static int days_in_month(int year, int month)
{
    int next_year = month == 12 ? year + 1 : year;
    lim_time next = lim_date(next_year, month % 12 + 1, 1);
    return (int)((next - lim_date(year, month, 1)) / LIM_DAY);
}

/* Years that a lim_time holds. */
static bool take_date(struct sim_piece *p, lim_time *out)
{
    int64_t year, month, day;
    if (!take_digits(p, 4, 4, &year) || !take_char(p, '-') ||
        !take_digits(p, 2, 2, &month) || !take_char(p, '-') ||
        !take_digits(p, 2, 2, &day))
        return false;
    if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 ||
        day > days_in_month((int)year, (int)month))
        return false;
    *out = lim_date((int)year, (int)month, (int)day);
    return true;
}

static bool take_fraction(struct sim_piece *p, int64_t *ns)
{
    const char *from = p->at;
    if (!take_digits(p, 1, 9, ns))
        return false;
    for (long n = p->at - from; n < 9; n++)
        *ns *= 10;
    return true;
}

/* The traces of 2024 say that they mean UTC; those of 2023 do not. */
static void take_utc(struct sim_piece *p)
{
    static const char utc[] = "+00:00";
    size_t n = sizeof utc - 1;
    if ((size_t)(p->end - p->at) == n && memcmp(p->at, utc, n) == 0)
        p->at = p->end;
}

static bool take_moment(struct sim_piece *p, int64_t *out)
{
    int64_t hour, minute, second, ns = 0;
    if (!take_date(p, out) || !take_char(p, ' ') ||
        !take_digits(p, 2, 2, &hour) || !take_char(p, ':') ||
        !take_digits(p, 2, 2, &minute) || !take_char(p, ':') ||
        !take_digits(p, 2, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    if (take_char(p, '.') && !take_fraction(p, &ns))
        return false;
    take_utc(p);
    *out += hour * LIM_HOUR + minute * LIM_MIN + second * LIM_SEC + ns;
    return true;
}

/* A number of units of `unit` ns, with any fraction: what is below a ns is
   cut off. */
static bool take_amount(struct sim_piece *p, int64_t unit, int64_t *ns)
{
    int64_t whole, digit;
    if (!take_digits(p, 1, 18, &whole) ||
        whole / (LIM_SEC / unit) > SECONDS_MAX)
        return false;
    *ns = whole * unit;
    if (!take_char(p, '.'))
        return true;
    if (!take_digits(p, 1, 1, &digit))
        return false;
    do {
        unit /= 10;
        *ns += digit * unit;
    } while (take_digits(p, 1, 1, &digit));
    return true;
}

static bool take_tokens(struct sim_piece *p, int32_t *out)
{
    int64_t n;
    if (!take_digits(p, 1, 10, &n) || n > INT32_MAX)
        return false;
    *out = (int32_t)n;
    return true;
}

static bool take_time(enum sim_schema_form form, struct sim_piece *p,
                      int64_t *out)
{
    if (form == SIM_AZURE)
        return take_moment(p, out);
    return take_amount(p, form == SIM_MOONCAKE ? LIM_MSEC : LIM_SEC, out);
}

static int wrong_time(const struct sim_schema *s, int number,
                      struct lim_diag *diag)
{
    static const char *const examples[] = {
        [SIM_AZURE] = "2023-11-16 18:17:03.9799600",
        [SIM_BURSTGPT] = "342.5, in seconds",
        [SIM_VIDUR] = "342.5, in seconds",
        [SIM_MOONCAKE] = "27482, in milliseconds",
    };
    return lim_fail(diag, LIM_EPARSE, number, "%s: expected a time such as %s",
                    s->names[TIME], examples[s->form]);
}

/* Reads a part of a row from a text that must hold it and nothing else. */
static int read_part(const struct sim_schema *s, enum part part,
                     struct sim_piece text, int number,
                     struct sim_trace_row *row, struct lim_diag *diag)
{
    bool good = part == TIME     ? take_time(s->form, &text, &row->at_ns)
                : part == PROMPT ? take_tokens(&text, &row->prompt_tokens)
                                 : take_tokens(&text, &row->completion_tokens);
    if (good && text.at == text.end)
        return LIM_OK;
    if (part == TIME)
        return wrong_time(s, number, diag);
    return lim_fail(diag, LIM_EPARSE, number,
                    "%s: expected a whole number from 0 to 2147483647",
                    s->names[part]);
}

/* Cuts the next field off a line; the comma after it too. */
static struct sim_piece cut_field(struct sim_piece *line, bool *last)
{
    const char *comma = memchr(line->at, ',', (size_t)(line->end - line->at));
    struct sim_piece field = { line->at, comma != NULL ? comma : line->end };
    *last = comma == NULL;
    line->at = comma != NULL ? comma + 1 : line->end;
    return field;
}

static int read_csv(const struct sim_schema *s, struct sim_piece line,
                    int number, struct sim_trace_row *row,
                    struct lim_diag *diag)
{
    unsigned n = 0;
    bool last = false;
    for (; !last; n++) {
        struct sim_piece field = cut_field(&line, &last);
        for (int part = 0; part < PARTS; part++) {
            if (s->at[part] != n)
                continue;
            int error = read_part(s, (enum part)part, field, number, row, diag);
            if (error != LIM_OK)
                return error;
        }
    }
    if (n != s->columns)
        return lim_fail(diag, LIM_EPARSE, number,
                        "%u field%s, but the header names %u", n,
                        n == 1 ? "" : "s", s->columns);
    return LIM_OK;
}

static void skip_space(struct sim_piece *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t'))
        p->at++;
}

/* Cuts a string off, without its quotes; its escapes stay as they are. */
static bool cut_string(struct sim_piece *p, struct sim_piece *out)
{
    if (!take_char(p, '"'))
        return false;
    out->at = p->at;
    while (p->at < p->end && *p->at != '"')
        p->at += *p->at == '\\' && p->end - p->at > 1 ? 2 : 1;
    out->end = p->at;
    return take_char(p, '"');
}

/* Cuts a value off: up to the comma or the bracket that ends it. */
static bool cut_value(struct sim_piece *p, struct sim_piece *out)
{
    struct sim_piece string;
    int depth = 0;
    out->at = p->at;
    while (p->at < p->end) {
        char c = *p->at;
        if (depth == 0 && (c == ',' || c == '}'))
            break;
        if (c == '"' && !cut_string(p, &string))
            return false;
        if (c == '"')
            continue;
        depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        if (depth < 0)
            return false;
        p->at++;
    }
    out->end = p->at;
    while (out->end > out->at && (out->end[-1] == ' ' || out->end[-1] == '\t'))
        out->end--;
    return depth == 0 && out->end > out->at;
}

/* Cuts a member of an object off, and what stands before the next one;
   `*last`: it was the last, and the line ends behind it. */
static bool cut_member(struct sim_piece *p, struct sim_piece *name,
                       struct sim_piece *value, bool *last)
{
    skip_space(p);
    if (!cut_string(p, name))
        return false;
    skip_space(p);
    if (!take_char(p, ':'))
        return false;
    skip_space(p);
    if (!cut_value(p, value))
        return false;
    if (take_char(p, ','))
        return true;
    *last = take_char(p, '}');
    skip_space(p);
    return *last && p->at == p->end;
}

static bool is(struct sim_piece text, const char *name)
{
    size_t n = strlen(name);
    return (size_t)(text.end - text.at) == n && memcmp(text.at, name, n) == 0;
}

static int read_object(const struct sim_schema *s, struct sim_piece line,
                       int number, struct sim_trace_row *row,
                       struct lim_diag *diag)
{
    struct sim_piece name, value;
    bool last = false, found[PARTS] = { false };
    skip_space(&line);
    bool good = take_char(&line, '{');
    while (good && !last) {
        good = cut_member(&line, &name, &value, &last);
        for (int part = 0; good && part < PARTS; part++) {
            if (!is(name, s->names[part]))
                continue;
            int error = read_part(s, (enum part)part, value, number, row, diag);
            if (error != LIM_OK)
                return error;
            found[part] = true;
        }
    }
    if (!good)
        return lim_fail(diag, LIM_EPARSE, number,
                        "expected a JSON object on a line of its own");
    for (int part = 0; part < PARTS; part++)
        if (!found[part])
            return lim_fail(diag, LIM_EPARSE, number, "\"%s\" is missing",
                            s->names[part]);
    return LIM_OK;
}

int sim_schema_row(const struct sim_schema *s, struct sim_piece line,
                   int number, struct sim_trace_row *row, struct lim_diag *diag)
{
    return s->form == SIM_MOONCAKE ? read_object(s, line, number, row, diag)
                                   : read_csv(s, line, number, row, diag);
}

/* Tells whether a header line has the three columns of a form, once each, and
   where. */
static bool fits(struct sim_schema *s, enum sim_schema_form form,
                 struct sim_piece line)
{
    unsigned found[PARTS] = { 0 };
    bool last = false;
    *s = (struct sim_schema){ .form = form, .header = true };
    memcpy(s->names, names_of[form], sizeof s->names);
    while (!last) {
        struct sim_piece field = cut_field(&line, &last);
        for (unsigned part = 0; part < PARTS; part++) {
            if (!is(field, s->names[part]))
                continue;
            s->at[part] = s->columns;
            found[part]++;
        }
        s->columns++;
    }
    return found[TIME] == 1 && found[PROMPT] == 1 && found[COMPLETION] == 1;
}

int sim_schema_find(struct sim_schema *s, struct sim_piece first,
                    struct lim_diag *diag)
{
    struct sim_piece line = first;
    skip_space(&line);
    if (line.at < line.end && *line.at == '{') {
        *s = (struct sim_schema){ .form = SIM_MOONCAKE };
        memcpy(s->names, names_of[SIM_MOONCAKE], sizeof s->names);
        return LIM_OK;
    }
    for (int form = 0; form < SIM_MOONCAKE; form++)
        if (fits(s, (enum sim_schema_form)form, first))
            return LIM_OK;
    return lim_fail(diag, LIM_EPARSE, 1,
                    "expected a header line with the columns "
                    "TIMESTAMP,ContextTokens,GeneratedTokens (Azure), "
                    "Timestamp,Request tokens,Response tokens (BurstGPT) or "
                    "arrived_at,num_prefill_tokens,num_decode_tokens (Vidur), "
                    "or JSON objects with timestamp, input_length and "
                    "output_length (Mooncake)");
}
