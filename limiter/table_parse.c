/*
 * Reads tier tables from text in plain columns.  Strict: what is not
 * understood is an error with its line, because a limit that is misread is a
 * capacity plan that is wrong.
 */

#include "limiter/table.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS 10
#define SOURCES_MAX 32
#define DOLLARS_MAX INT64_C(1000000000)
#define DAYS_MAX 36500

struct source {
    const char *key, *words;
};

/* A line is cut into fields in place, in the table's own copy. */
struct parser {
    struct lim_table *table;
    struct lim_diag *diag;
    int line;
    const char *as_of;
    struct source sources[SOURCES_MAX];
    size_t source_count;
    bool tier_seen[LIM_TIERS];
};

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts the next field off `rest`; NULL at the end of the line. */
static char *next_field(char **rest)
{
    char *start = *rest;
    while (blank(*start))
        start++;
    if (*start == '\0')
        return NULL;
    char *end = start;
    while (*end != '\0' && !blank(*end))
        end++;
    *rest = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return start;
}

/* Fills up to `most` fields and returns how many there really are. */
static size_t split(char *rest, char **fields, size_t most)
{
    size_t n = 0;
    for (char *f = next_field(&rest); f != NULL; f = next_field(&rest), n++)
        if (n < most)
            fields[n] = f;
    return n;
}

static int parse_number(struct parser *p, const char *what, const char *text,
                        int64_t most, int64_t *out)
{
    int64_t value = 0;
    for (const char *c = text; *c != '\0' || c == text; c++) {
        if (*c < '0' || *c > '9')
            return lim_fail(p->diag, LIM_EPARSE, p->line,
                            "%s is '%.40s', not a whole number of digits", what,
                            text);
        if (value <= most)
            value = value * 10 + (*c - '0');
    }
    if (value > most)
        return lim_fail(p->diag, LIM_EPARSE, p->line,
                        "%s is %.40s, above the most, %lld", what, text,
                        (long long)most);
    *out = value;
    return LIM_OK;
}

static int parse_tier_name(struct parser *p, const char *text,
                           enum lim_tier *out)
{
    if (lim_tier_find(text, out))
        return LIM_OK;
    return lim_fail(p->diag, LIM_EPARSE, p->line,
                    "'%.40s' is no tier; tiers are free, tier1 to tier5", text);
}

static int check_name(struct parser *p, const char *what, const char *text)
{
    if (strlen(text) <= LIM_TABLE_NAME_MAX)
        return LIM_OK;
    return lim_fail(p->diag, LIM_EPARSE, p->line,
                    "%s '%.40s...' is longer than %d bytes", what, text,
                    LIM_TABLE_NAME_MAX);
}

static int check_model(struct parser *p, const char *model)
{
    const char *star = strchr(model, '*');
    if (star != NULL && star[1] != '\0')
        return lim_fail(p->diag, LIM_EPARSE, p->line,
                        "model '%.40s': '*' may only be the last character",
                        model);
    return check_name(p, "model", model);
}

/* '-' is the first source that was named. */
static int parse_source(struct parser *p, const char *key, const char **out)
{
    *out = p->source_count > 0 ? p->sources[0].words : "";
    if (strcmp(key, "-") == 0)
        return LIM_OK;
    for (size_t i = 0; i < p->source_count; i++) {
        if (strcmp(p->sources[i].key, key) == 0) {
            *out = p->sources[i].words;
            return LIM_OK;
        }
    }
    return lim_fail(p->diag, LIM_EPARSE, p->line,
                    "source '%.40s' is not named by a line '@source %.40s "
                    "...' before",
                    key, key);
}

/* "30d" behind a limit: its window is not as usual. */
static int parse_window(struct parser *p, char *text, int64_t *window_ns)
{
    size_t length = strlen(text);
    int64_t days = 0;
    int error = LIM_OK;
    if (length < 2 || text[length - 1] != 'd')
        return lim_fail(p->diag, LIM_EPARSE, p->line,
                        "'/%.40s' is no window: a number of days, '/30d'",
                        text);
    text[length - 1] = '\0';
    error = parse_number(p, "window", text, LIM_WINDOW_MAX / LIM_DAY, &days);
    if (error == LIM_OK && days == 0)
        error = lim_fail(p->diag, LIM_EPARSE, p->line, "a window of 0 days");
    *window_ns = days * LIM_DAY;
    return error;
}

static int parse_limit(struct parser *p, char *text, enum lim_limit limit,
                       struct lim_limits *l)
{
    char *window = strchr(text, '/');
    if (strcmp(text, "-") == 0)
        return LIM_OK;
    if (window != NULL)
        *window++ = '\0';
    int error = parse_number(p, lim_limit_name(limit), text, LIM_LIMIT_MAX,
                             &l->max[limit]);
    if (error == LIM_OK && window != NULL)
        error = parse_window(p, window, &l->window_ns[limit]);
    return error;
}

static int parse_limits(struct parser *p, char **fields, struct lim_limits *l)
{
    int error = LIM_OK;
    *l = lim_limits_none();
    for (int i = 0; i < LIM_WINDOWS && error == LIM_OK; i++)
        error = parse_limit(p, fields[i], (enum lim_limit)i, l);
    return error;
}

/* model tier group rpm rpd tpm tpd ipm as_of source */
static int parse_row(struct parser *p, char *line)
{
    char *f[FIELDS];
    size_t n = split(line, f, FIELDS);
    if (n != FIELDS)
        return lim_fail(p->diag, LIM_EPARSE, p->line,
                        "%zu columns, not the %d of: model tier group rpm rpd "
                        "tpm tpd ipm as_of source",
                        n, FIELDS);
    struct lim_tier_row row = {
        .table = p->table->name,
        .model = f[0],
        .group = strcmp(f[2], "-") != 0 ? f[2] : f[0],
        .as_of = strcmp(f[8], "-") != 0 ? f[8] : p->as_of,
    };
    int error = check_model(p, row.model);
    if (error == LIM_OK)
        error = parse_tier_name(p, f[1], &row.tier);
    if (error == LIM_OK)
        error = check_name(p, "group", row.group);
    if (error == LIM_OK)
        error = parse_limits(p, f + 3, &row.limits);
    if (error == LIM_OK)
        error = check_name(p, "as_of", row.as_of);
    if (error == LIM_OK)
        error = parse_source(p, f[9], &row.source);
    if (error != LIM_OK)
        return error;
    error = lim_table_add(p->table, &row, p->line);
    if (error == LIM_EFULL)
        return lim_fail(p->diag, LIM_EPARSE, p->line, "more than %d rows",
                        LIM_TABLE_ROWS_MAX);
    if (error != LIM_OK)
        return lim_fail(p->diag, error, 0, "out of memory");
    return LIM_OK;
}

/* @as_of DATE */
static int parse_as_of(struct parser *p, char *rest)
{
    char *f[1];
    if (split(rest, f, 1) != 1)
        return lim_fail(p->diag, LIM_EPARSE, p->line,
                        "@as_of takes one date without blanks");
    if (p->as_of[0] != '\0')
        return lim_fail(p->diag, LIM_EPARSE, p->line,
                        "@as_of stands here a second time");
    p->as_of = f[0];
    return check_name(p, "as_of", p->as_of);
}

/* @source KEY words to the end of the line */
static int parse_source_line(struct parser *p, char *rest)
{
    const char *key = next_field(&rest);
    while (blank(*rest))
        rest++;
    if (key == NULL || *rest == '\0')
        return lim_fail(p->diag, LIM_EPARSE, p->line,
                        "@source takes a key and words about the source");
    for (size_t i = 0; i < p->source_count; i++)
        if (strcmp(p->sources[i].key, key) == 0)
            return lim_fail(p->diag, LIM_EPARSE, p->line,
                            "source '%.40s' is named a second time", key);
    if (p->source_count == SOURCES_MAX)
        return lim_fail(p->diag, LIM_EPARSE, p->line, "more than %d sources",
                        SOURCES_MAX);
    p->sources[p->source_count++] = (struct source){ key, rest };
    return LIM_OK;
}

/* @tier NAME PAID DAYS MONTH */
static int parse_tier_line(struct parser *p, char *rest)
{
    char *f[4];
    enum lim_tier tier = LIM_TIER_FREE;
    int64_t paid = 0, days = 0, month = LIM_UNLIMITED;
    size_t n = split(rest, f, 4);
    if (n != 4)
        return lim_fail(p->diag, LIM_EPARSE, p->line,
                        "@tier has %zu columns, not the 4 of: tier, dollars "
                        "paid, days since, dollars a month",
                        n);
    int error = parse_tier_name(p, f[0], &tier);
    if (error == LIM_OK)
        error = parse_number(p, "paid", f[1], DOLLARS_MAX, &paid);
    if (error == LIM_OK)
        error = parse_number(p, "days", f[2], DAYS_MAX, &days);
    if (error == LIM_OK && strcmp(f[3], "-") != 0)
        error = parse_number(p, "month", f[3], DOLLARS_MAX, &month);
    if (error != LIM_OK)
        return error;
    if (p->tier_seen[tier])
        return lim_fail(p->diag, LIM_EPARSE, p->line,
                        "@tier %s stands here a second time", f[0]);
    p->tier_seen[tier] = true;
    struct lim_qualification *q = &p->table->qualifications[tier];
    q->paid_microusd = paid * 1000000;
    q->days = (int)days;
    q->month_microusd = month >= 0 ? month * 1000000 : LIM_UNLIMITED;
    return LIM_OK;
}

static int parse_directive(struct parser *p, char *line)
{
    const char *name = next_field(&line);
    if (strcmp(name, "@as_of") == 0)
        return parse_as_of(p, line);
    if (strcmp(name, "@source") == 0)
        return parse_source_line(p, line);
    if (strcmp(name, "@tier") == 0)
        return parse_tier_line(p, line);
    return lim_fail(p->diag, LIM_EPARSE, p->line,
                    "'%.40s' is none of @as_of, @source, @tier", name);
}

/* What names may hold goes into headers, JSON and terminals as it stands. */
static int check_characters(struct parser *p, const char *line)
{
    for (const char *c = line; *c != '\0'; c++) {
        unsigned char u = (unsigned char)*c;
        if ((u < 0x20 && u != '\t') || u >= 0x7f)
            return lim_fail(p->diag, LIM_EPARSE, p->line,
                            "byte 0x%02x outside of a comment", (unsigned)u);
    }
    return LIM_OK;
}

static int parse_line(struct parser *p, char *line, size_t length)
{
    if (memchr(line, '\0', length) != NULL)
        return lim_fail(p->diag, LIM_EPARSE, p->line, "a NUL byte");
    if (length > LIM_TABLE_LINE_MAX)
        return lim_fail(p->diag, LIM_EPARSE, p->line,
                        "a line of more than %d bytes", LIM_TABLE_LINE_MAX);
    if (length > 0 && line[length - 1] == '\r')
        length--;
    while (length > 0 && blank(line[length - 1]))
        length--;
    line[length] = '\0';
    while (blank(*line))
        line++;
    if (*line == '\0' || *line == '#')
        return LIM_OK;
    int error = check_characters(p, line);
    if (error != LIM_OK)
        return error;
    return *line == '@' ? parse_directive(p, line) : parse_row(p, line);
}

static int parse_text(struct parser *p, const char *text, size_t length)
{
    if (length > LIM_TABLE_TEXT_MAX)
        return lim_fail(p->diag, LIM_EPARSE, 0, "a table of more than %d bytes",
                        LIM_TABLE_TEXT_MAX);
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return lim_fail(p->diag, LIM_ENOMEM, 0, "out of memory");
    p->table->text = copy;
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\n';
    for (size_t at = 0; at < length;) {
        const char *end = memchr(copy + at, '\n', length + 1 - at);
        size_t line = (size_t)(end - (copy + at));
        p->line++;
        int error = parse_line(p, copy + at, line);
        if (error != LIM_OK)
            return error;
        at += line + 1;
    }
    return lim_table_index(p->table, p->diag);
}

struct lim_table *lim_table_parse(const char *name, const char *text,
                                  size_t length, struct lim_diag *diag)
{
    struct parser p = { .diag = diag, .as_of = "" };
    p.table = lim_table_new(name);
    if (p.table == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        return NULL;
    }
    if (parse_text(&p, text, length) != LIM_OK) {
        lim_table_free(p.table);
        return NULL;
    }
    return p.table;
}
