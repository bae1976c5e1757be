#define _GNU_SOURCE

#include "bench/replies.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "bench/log.h"
#include "bench/output.h"
#include "mockserver/jsontext.h"
#include "mockserver/text.h"

#define DEPTH_MAX 1000 /* of an answer's body: cJSON's own bound */
#define SENT_LINE 16   /* a hash in hexadecimal */

struct bench_replies {
    const struct bench_batch *batch;
    struct bench_log results, errors, sent;
    char *errors_path, *sent_path; /* owned; NULL: there are none */
    struct bench_batch_line request;
    struct mock_text line;
    int trouble; /* errno of what was not written; 0 */
};

static char *beside(const char *results, const char *end)
{
    char *path;
    size_t n = strlen(results);
    if (n > 6 && strcmp(results + n - 6, ".jsonl") == 0 && end[0] == '.')
        n -= 6;
    return asprintf(&path, "%.*s%s", (int)n, results, end) < 0 ? NULL : path;
}

static bool is_final(int status)
{
    return status == 400 || status == 413 || status == 415 || status == 422;
}

/* The request that a line answers, with its status (0: no answer came). */
static bool read_line(const struct bench_batch *batch, const char *line,
                      size_t length, size_t *request, int *status)
{
    cJSON *o = cJSON_ParseWithLength(line, length);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(o, "custom_id");
    const cJSON *response = cJSON_GetObjectItemCaseSensitive(o, "response");
    const cJSON *code =
        cJSON_GetObjectItemCaseSensitive(response, "status_code");
    bool found =
        cJSON_IsString(id) && bench_batch_find(batch, id->valuestring, request);
    *status = cJSON_IsNumber(code) ? code->valueint : 0;
    cJSON_Delete(o);
    return found;
}

/* A file that is read line by line. */
struct lines {
    FILE *in;
    char *line;
    size_t size;
    int number;
};

static bool next_line(struct lines *l, size_t *length)
{
    ssize_t n = getline(&l->line, &l->size, l->in);
    if (n <= 0)
        return false;
    l->number++;
    *length = (size_t)n - (l->line[n - 1] == '\n');
    return true;
}

static void close_lines(struct lines *l)
{
    fclose(l->in);
    free(l->line);
}

/* Results: each line is one of a request of this batch, and stands once. */
static int read_results(const struct bench_replies_config *c, const char *path,
                        struct bench_replies_before *before,
                        struct lim_diag *diag)
{
    struct lines l = { .in = fopen(path, "re") };
    size_t length, request;
    int status, error = LIM_OK;
    if (l.in == NULL)
        return lim_fail(diag, LIM_EINVAL, 0, "%s: %s", path, strerror(errno));
    while (error == LIM_OK && next_line(&l, &length)) {
        if (!read_line(c->batch, l.line, length, &request, &status))
            error = lim_fail(diag, LIM_EINVAL, l.number,
                             "%s:%d: answers none of these requests", path,
                             l.number);
        else if (c->done[request])
            error = lim_fail(diag, LIM_EINVAL, l.number,
                             "%s:%d: answers a request that is answered above",
                             path, l.number);
        else
            c->done[request] = true;
        before->answered += error == LIM_OK;
    }
    close_lines(&l);
    return error;
}

/* Failures: those that are to be sent again go. */
static int read_errors(const struct bench_replies_config *c, const char *path,
                       struct bench_replies_before *before,
                       struct lim_diag *diag)
{
    struct lines l = { .in = fopen(path, "re") };
    struct bench_output out;
    size_t length, request;
    int status;
    if (l.in == NULL)
        return errno == ENOENT ? LIM_OK
                               : lim_fail(diag, LIM_EINVAL, 0, "%s: %s", path,
                                          strerror(errno));
    int error = bench_output_open(&out, path, diag);
    while (error == LIM_OK && next_line(&l, &length)) {
        if (!read_line(c->batch, l.line, length, &request, &status) ||
            c->done[request])
            continue;
        before->failed++;
        if (is_final(status)) {
            c->done[request] = true;
            fwrite(l.line, 1, length, out.file);
            fputc('\n', out.file);
        } else {
            before->again++;
        }
    }
    close_lines(&l);
    return error == LIM_OK ? bench_output_commit(&out, diag) : error;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* What was sent and has no answer, each once. */
static void read_sent(const struct bench_replies_config *c, const char *path,
                      struct bench_replies_before *before)
{
    struct lines l = { .in = fopen(path, "re") };
    size_t length, request, count = 0, room = 0;
    uint64_t *lost = NULL;
    while (l.in != NULL && next_line(&l, &length)) {
        if (!bench_batch_find_hash(c->batch, strtoull(l.line, NULL, 16),
                                   &request) ||
            c->done[request])
            continue;
        if (count == room) {
            uint64_t *more =
                realloc(lost, (room = 2 * room + 64) * sizeof *more);
            if (more == NULL)
                break;
            lost = more;
        }
        lost[count++] = request;
    }
    if (count > 0)
        qsort(lost, count, sizeof *lost, by_number);
    for (size_t i = 0; i < count; i++)
        before->lost += i == 0 || lost[i] != lost[i - 1];
    if (l.in != NULL)
        close_lines(&l);
    free(lost);
}

static int open_files(struct bench_replies *r,
                      const struct bench_replies_config *c,
                      struct bench_replies_before *before,
                      struct lim_diag *diag)
{
    int error = bench_log_open(&r->results, c->results, c->resume, diag);
    if (error != LIM_OK || strcmp(c->results, "-") == 0)
        return error;
    r->errors_path = c->errors != NULL ? strdup(c->errors)
                                       : beside(c->results, ".errors.jsonl");
    r->sent_path = beside(c->results, ".sent");
    if (r->errors_path == NULL || r->sent_path == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    if (c->resume) {
        error = read_results(c, c->results, before, diag);
        if (error == LIM_OK)
            error = read_errors(c, r->errors_path, before, diag);
        if (error == LIM_OK)
            read_sent(c, r->sent_path, before);
    } else if (access(r->errors_path, F_OK) == 0) {
        error = lim_fail(diag, LIM_EINVAL, 0, "cannot write %s: it is there",
                         r->errors_path);
    } else {
        unlink(r->sent_path);
    }
    return error != LIM_OK ? error
                           : bench_log_open(&r->sent, r->sent_path, true, diag);
}

struct bench_replies *bench_replies_open(const struct bench_replies_config *c,
                                         struct bench_replies_before *before,
                                         struct lim_diag *diag)
{
    struct bench_replies *r = calloc(1, sizeof *r);
    *before = (struct bench_replies_before){ 0 };
    if (r == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        return NULL;
    }
    r->batch = c->batch;
    r->results.file = r->errors.file = r->sent.file = -1;
    if (strcmp(c->results, "-") == 0 && c->resume)
        lim_fail(diag, LIM_EINVAL, 0, "standard output cannot be gone on with");
    else if (open_files(r, c, before, diag) == LIM_OK)
        return r;
    if (!c->resume)
        bench_replies_drop(r);
    bench_replies_close(r, false, &(struct lim_diag){ 0 });
    return NULL;
}

/* A body as it came; between the tokens of JSON a line's end is a blank. */
static void put_body(struct mock_text *line, const char *body, size_t length)
{
    struct lim_diag why;
    size_t at = line->length;
    if (!mock_jsontext_check(body, length, DEPTH_MAX, &why)) {
        mock_text_json(line, body, length);
        return;
    }
    mock_text_add(line, body, length);
    for (; at < line->length; at++)
        if (line->data[at] == '\n' || line->data[at] == '\r')
            line->data[at] = ' ';
}

static void put_response(struct mock_text *line, const struct bench_reply *y)
{
    if (y->status == 0) {
        mock_text_puts(line, ",\"response\":null");
        return;
    }
    mock_text_puts(line, ",\"response\":{\"status_code\":");
    mock_text_int(line, y->status);
    if (y->request_id != NULL && y->request_id[0] != '\0') {
        mock_text_puts(line, ",\"request_id\":");
        mock_text_json_or_null(line, y->request_id);
    }
    mock_text_puts(line, ",\"body\":");
    put_body(line, y->body, y->length);
    mock_text_puts(line, "}");
}

static void make_line(struct bench_replies *r, const struct bench_reply *y)
{
    struct mock_text *line = &r->line;
    mock_text_clear(line);
    mock_text_puts(line, "{\"id\":\"batch_req_");
    mock_text_int(line, r->batch->requests[y->request].number);
    mock_text_puts(line, "\",\"custom_id\":");
    mock_text_add(line, r->request.custom_id.at, r->request.custom_id.length);
    put_response(line, y);
    mock_text_puts(line, ",\"error\":");
    if (y->code != NULL) {
        mock_text_puts(line, "{\"code\":");
        mock_text_json_or_null(line, y->code);
        mock_text_puts(line, ",\"message\":");
        mock_text_json_or_null(line, y->message);
        mock_text_puts(line, "}}");
    } else {
        mock_text_puts(line, "null}");
    }
}

/* The file of failures is made with the first of them. */
static struct bench_log *log_for(struct bench_replies *r, bool good)
{
    struct lim_diag diag;
    if (good || r->errors_path == NULL)
        return &r->results;
    if (r->errors.file < 0 &&
        bench_log_open(&r->errors, r->errors_path, true, &diag) != LIM_OK)
        return NULL;
    return &r->errors;
}

bool bench_replies_add(struct bench_replies *r, const struct bench_reply *y)
{
    struct bench_log *log = log_for(r, y->good);
    if (log == NULL || !bench_batch_get(r->batch, y->request, &r->request)) {
        r->trouble = log == NULL ? (errno != 0 ? errno : EIO) : ESTALE;
        return false;
    }
    make_line(r, y);
    if (r->line.failed) {
        r->trouble = ENOMEM;
        return false;
    }
    bool written = bench_log_add(log, r->line.data, r->line.length);
    r->trouble = log->trouble;
    return written;
}

bool bench_replies_sent(struct bench_replies *r, size_t request)
{
    char line[SENT_LINE + 1];
    if (r->sent.file < 0)
        return true;
    snprintf(line, sizeof line, "%016" PRIx64, r->batch->requests[request].id);
    if (bench_log_add(&r->sent, line, SENT_LINE))
        return true;
    r->trouble = r->sent.trouble;
    return false;
}

void bench_replies_sync(struct bench_replies *r)
{
    bench_log_sync(&r->results);
    bench_log_sync(&r->errors);
}

const char *bench_replies_trouble(const struct bench_replies *r)
{
    if (r->trouble == ESTALE)
        return "the file of requests has changed";
    return r->trouble != 0 ? strerror(r->trouble) : NULL;
}

const char *bench_replies_errors(const struct bench_replies *r)
{
    return r->errors.file >= 0 ? r->errors_path : NULL;
}

void bench_replies_drop(struct bench_replies *r)
{
    if (r->results.regular && r->results.whole == 0)
        unlink(r->results.path);
}

size_t bench_replies_unsaid(const struct bench_replies *r)
{
    return bench_log_unsaid(&r->results) + bench_log_unsaid(&r->errors);
}

int bench_replies_close(struct bench_replies *r, bool settled,
                        struct lim_diag *diag)
{
    int error = LIM_OK;
    const char *trouble = bench_replies_trouble(r);
    bench_log_flush(&r->results);
    bench_log_flush(&r->errors);
    size_t unsaid = bench_replies_unsaid(r);
    bool good = bench_log_close(&r->results);
    good = bench_log_close(&r->errors) && good;
    bench_log_close(&r->sent);
    if (settled && good && r->sent_path != NULL)
        unlink(r->sent_path);
    if (!good)
        error = lim_fail(diag, LIM_EINVAL, 0,
                         "%zu answer%s could not be written: %s; --resume "
                         "sends these requests again",
                         unsaid, unsaid == 1 ? "" : "s",
                         trouble != NULL ? trouble : "write failed");
    bench_batch_line_fini(&r->request);
    mock_text_fini(&r->line);
    free(r->errors_path);
    free(r->sent_path);
    free(r);
    return error;
}
