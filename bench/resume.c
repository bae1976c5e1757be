#include "bench/resume.h"

#include <stdlib.h>
#include <string.h>

#include "bench/path.h"
#include "mockserver/file.h"
#include "mockserver/json.h"

#define RESULT_MAX (1 << 30)

/* The next line with its end; false: none is whole. */
static bool next_line(const char **at, const char *end, const char **line,
                      size_t *length)
{
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    if (stop == NULL)
        return false;
    *line = *at;
    *length = (size_t)(stop - *at);
    *at = stop + 1;
    return true;
}

/* What a line is, as far as it matters here. */
struct record {
    bool run, timeline;
    size_t number; /* of the run */
    size_t replication;
};

static bool read_record(const char *line, size_t length, struct record *out)
{
    double number = 0, replication = 0;
    cJSON *o = mock_json_parse(line, length, NULL);
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(o, "kind");
    const char *name = cJSON_IsString(kind) ? kind->valuestring : "";
    bool cut = cJSON_IsTrue(bench_path_get(o, "summary.partial"));
    *out = (struct record){ .run = strcmp(name, "run") == 0 && !cut,
                            .timeline = strcmp(name, "timeline") == 0 };
    bool good =
        (out->run || out->timeline) && bench_path_number(o, "run", &number) &&
        number >= 0 &&
        (bench_path_number(o, "replication", &replication) || out->timeline);
    out->number = (size_t)number;
    out->replication = (size_t)replication;
    cJSON_Delete(o);
    return good;
}

/* Goes through the runs behind the head as long as they are whole. */
static void count_runs(const char *text, const char *at, const char *end,
                       struct bench_share share, struct bench_resume *out)
{
    const char *line;
    size_t length;
    struct record r;
    while (next_line(&at, end, &line, &length)) {
        if (!read_record(line, length, &r) || !r.run ||
            r.number != bench_share_run(share, out->runs))
            return;
        if (r.replication == 0 &&
            (!next_line(&at, end, &line, &length) ||
             !read_record(line, length, &r) || !r.timeline))
            return;
        out->runs++;
        out->length = at - text;
    }
}

static int read_text(const char *text, size_t size, const char *head,
                     struct bench_share share, struct bench_resume *out,
                     struct lim_diag *diag)
{
    const char *at = text, *line = text;
    size_t length = 0;
    bool whole = next_line(&at, text + size, &line, &length);
    if (!whole || length != strlen(head) || memcmp(line, head, length) != 0)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "it is of another experiment, or another version");
    out->length = at - text;
    count_runs(text, at, text + size, share, out);
    return LIM_OK;
}

int bench_resume_read(const char *path, const struct bench_head *head,
                      struct bench_share share, struct bench_resume *out,
                      struct lim_diag *diag)
{
    size_t size;
    struct lim_diag why = { 0 };
    char *line = bench_head_line(head);
    char *text = mock_read_file(path, RESULT_MAX, &size, &why);
    int error = LIM_ENOMEM;
    *out = (struct bench_resume){ .runs = 0 };
    if (text == NULL)
        error = lim_fail(&why, LIM_EINVAL, 0, "%s", why.text);
    else if (line != NULL)
        error = read_text(text, size, line, share, out, &why);
    free(text);
    cJSON_free(line);
    if (error != LIM_OK)
        lim_fail(diag, error, 0, "cannot go on with %s: %.160s", path,
                 error == LIM_ENOMEM ? "out of memory" : why.text);
    return error;
}
