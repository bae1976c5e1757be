#define _POSIX_C_SOURCE 200809L

#include "bench/empirical.h"

#include <stdlib.h>
#include <string.h>

#include "bench/folder.h"
#include "mockserver/config.h"
#include "mockserver/file.h"

#define FILE_MAX (256 << 20)
#define SIZE_MAX_TOKENS 1e8
#define SHOWN 30 /* of what is wrong, in bytes */

struct piece {
    const char *at, *end;
};

/* The values of a file or of its column. */
struct column {
    const char *file, *name; /* NULL: not empirical; NULL: a bare list */
    double *values;
    size_t count;
};

static bool next_line(struct piece *text, struct piece *line)
{
    if (text->at == text->end)
        return false;
    const char *stop = memchr(text->at, '\n', (size_t)(text->end - text->at));
    *line = (struct piece){ text->at, stop != NULL ? stop : text->end };
    text->at = stop != NULL ? stop + 1 : text->end;
    if (line->end > line->at && line->end[-1] == '\r')
        line->end--;
    return true;
}

/* Cuts the next field off, without the quotes around it. */
static bool next_field(struct piece *line, struct piece *field)
{
    if (line->at == NULL)
        return false;
    size_t left = (size_t)(line->end - line->at);
    bool quoted = left > 0 && *line->at == '"';
    const char *quote = quoted ? memchr(line->at + 1, '"', left - 1) : NULL;
    const char *from = quote != NULL ? quote : line->at;
    const char *comma = memchr(from, ',', (size_t)(line->end - from));
    *field = quote != NULL
                 ? (struct piece){ line->at + 1, quote }
                 : (struct piece){ line->at, comma ? comma : line->end };
    line->at = comma != NULL ? comma + 1 : NULL;
    return true;
}

/* The number of a field that must be all of it. */
static bool number_of(struct piece field, double *out)
{
    char *end;
    if (field.at == field.end || strchr("0123456789", *field.at) == NULL ||
        *field.at == 0)
        return false;
    *out = strtod(field.at, &end);
    return end == field.end && *out <= SIZE_MAX_TOKENS;
}

/* Which field of the header line has that name; -1: none. */
static int find_field(struct piece header, const char *name)
{
    struct piece field;
    for (int i = 0; next_field(&header, &field); i++)
        if ((size_t)(field.end - field.at) == strlen(name) &&
            memcmp(field.at, name, strlen(name)) == 0)
            return i;
    return -1;
}

static bool field_at(struct piece line, int index, struct piece *field)
{
    for (int i = 0; i <= index; i++)
        if (!next_field(&line, field))
            return false;
    return true;
}

static size_t count_lines(struct piece text)
{
    struct piece line;
    size_t n = 0;
    while (next_line(&text, &line))
        n++;
    return n;
}

static void wrong_value(struct mock_json *j, const struct column *c, int number,
                        struct piece found)
{
    long n = found.end - found.at;
    mock_json_wrong(j, "empirical",
                    "%s:%d: expected a number from 0 to 100000000, found "
                    "'%.*s'%s",
                    c->file, number, (int)(n < SHOWN ? n : SHOWN), found.at,
                    c->name == NULL && number == 1
                        ? "; for a CSV file, name the \"column\""
                        : "");
}

/* Reads the values of the lines that are left; `number`: of the line before
   them. */
static void read_values(struct mock_json *j, struct column *c,
                        struct piece text, int number, int index)
{
    struct piece line, field;
    c->values = malloc((count_lines(text) + 1) * sizeof *c->values);
    if (c->values == NULL) {
        mock_json_wrong(j, "empirical", "out of memory");
        return;
    }
    while (next_line(&text, &line)) {
        number++;
        field = line;
        if (c->name != NULL && !field_at(line, index, &field))
            field = (struct piece){ line.end, line.end };
        if (!number_of(field, &c->values[c->count])) {
            wrong_value(j, c, number, field);
            return;
        }
        c->count++;
    }
    if (c->count == 0)
        mock_json_wrong(j, "empirical", "%s: no value", c->file);
}

static void read_text(struct mock_json *j, struct column *c, struct piece text)
{
    struct piece header = text;
    int index = 0;
    if (c->name == NULL) {
        read_values(j, c, text, 0, 0);
        return;
    }
    if (next_line(&text, &header))
        index = find_field(header, c->name);
    if (index < 0)
        mock_json_wrong(j, "column", "%s:1: the header line has no '%.80s'",
                        c->file, c->name);
    else
        read_values(j, c, text, 1, index);
}

static void read_file(struct mock_json *j, const char *folder, struct column *c)
{
    struct lim_diag diag = { 0 };
    size_t length = 0;
    bool bare = folder == NULL || c->file[0] == '/';
    char *path = bare ? strdup(c->file) : bench_folder_join(folder, c->file);
    char *text =
        path == NULL ? NULL : mock_read_file(path, FILE_MAX, &length, &diag);
    if (path == NULL)
        mock_json_wrong(j, "empirical", "out of memory");
    else if (text == NULL)
        mock_json_wrong(j, "empirical", "%s: %s", path, diag.text);
    else
        read_text(j, c, (struct piece){ text, text + length });
    free(text);
    free(path);
}

static bool is_empirical(struct mock_json *j, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(mock_json_get(j, key),
                                            "empirical") != NULL;
}

static void read_column(struct mock_json *parent, const char *key,
                        const char *folder, struct column *c)
{
    struct mock_json j;
    mock_json_enter(&j, parent, key);
    mock_json_string(&j, "empirical", &c->file);
    mock_json_string(&j, "column", &c->name);
    mock_json_close(&j);
    if (*j.error == LIM_OK)
        read_file(&j, folder, c);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct pair {
    double prompt, completion;
};

static int by_pair(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = by_value(&x->prompt, &y->prompt);
    return order != 0 ? order : by_value(&x->completion, &y->completion);
}

static void sort(struct column *c)
{
    if (c->count > 0)
        qsort(c->values, c->count, sizeof *c->values, by_value);
}

/* Puts the rows in order, whole. */
static int sort_pairs(struct column *prompt, struct column *completion)
{
    size_t n = prompt->count;
    struct pair *pairs = malloc(n * sizeof *pairs);
    if (pairs == NULL)
        return LIM_ENOMEM;
    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct pair){ prompt->values[i], completion->values[i] };
    qsort(pairs, n, sizeof *pairs, by_pair);
    for (size_t i = 0; i < n; i++) {
        prompt->values[i] = pairs[i].prompt;
        completion->values[i] = pairs[i].completion;
    }
    free(pairs);
    return LIM_OK;
}

static void use(const struct column *c, struct sim_dist *out)
{
    if (c->file != NULL)
        *out = sim_dist_empirical(c->values, c->count);
}

void bench_sizes_read(struct mock_json *j, const char *folder,
                      struct sim_workload *w, struct bench_sizes *sizes)
{
    struct column prompt = { .file = NULL }, completion = { .file = NULL };
    if (is_empirical(j, "prompt_tokens"))
        read_column(j, "prompt_tokens", folder, &prompt);
    else
        mock_config_dist(j, "prompt_tokens", false, &w->prompt_tokens);
    if (is_empirical(j, "completion_tokens"))
        read_column(j, "completion_tokens", folder, &completion);
    else
        mock_config_dist(j, "completion_tokens", false, &w->completion_tokens);
    *sizes = (struct bench_sizes){ prompt.values, completion.values };
    if (*j->error != LIM_OK)
        return;
    w->paired = prompt.file != NULL && completion.file != NULL &&
                strcmp(prompt.file, completion.file) == 0;
    if (!w->paired) {
        sort(&prompt);
        sort(&completion);
    } else if (sort_pairs(&prompt, &completion) != LIM_OK) {
        mock_json_wrong(j, "prompt_tokens", "out of memory");
    }
    use(&prompt, &w->prompt_tokens);
    use(&completion, &w->completion_tokens);
}

void bench_sizes_fini(struct bench_sizes *sizes)
{
    free(sizes->prompt);
    free(sizes->completion);
    *sizes = (struct bench_sizes){ NULL, NULL };
}
