#define _DEFAULT_SOURCE /* flock */

#include "bench/replies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "bench/output.h"
#include "mockserver/file.h"
#include "mockserver/json.h"

#define FILE_MAX_BYTES (1 << 30)

struct bench_replies {
    FILE *file;
    char *path;
    size_t lines;
    bool failed;
};

static struct bench_replies *open_as(const char *path, const char *mode,
                                     struct lim_diag *diag)
{
    struct bench_replies *r = calloc(1, sizeof *r);
    char *copy = strdup(path);
    FILE *f = r != NULL && copy != NULL ? fopen(path, mode) : NULL;
    if (f != NULL && flock(fileno(f), LOCK_EX | LOCK_NB) == 0) {
        *r = (struct bench_replies){ .file = f, .path = copy };
        return r;
    }
    if (r == NULL || copy == NULL)
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    else if (f != NULL)
        lim_fail(diag, LIM_EINVAL, 0, "%s: another process is writing it now",
                 path);
    else
        lim_fail(diag, LIM_EINVAL, 0, "cannot write %s: %s%s", path,
                 strerror(errno),
                 errno == EEXIST ? " (go on with it by --resume)" : "");
    if (f != NULL)
        fclose(f);
    free(copy);
    free(r);
    return NULL;
}

struct bench_replies *bench_replies_open(const char *path,
                                         struct lim_diag *diag)
{
    return open_as(path, "wx", diag);
}

/* Requests by their id. */
struct index {
    const struct bench_batch_request **sorted; /* owned */
    const struct bench_batch *batch;
};

static int by_id(const void *a, const void *b)
{
    const struct bench_batch_request *const *x = a, *const *y = b;
    return strcmp((*x)->custom_id, (*y)->custom_id);
}

static int index_init(struct index *x, const struct bench_batch *batch)
{
    x->batch = batch;
    x->sorted =
        calloc(batch->count + 1, sizeof(const struct bench_batch_request *));
    if (x->sorted == NULL)
        return LIM_ENOMEM;
    for (size_t i = 0; i < batch->count; i++)
        x->sorted[i] = &batch->requests[i];
    qsort(x->sorted, batch->count, sizeof x->sorted[0], by_id);
    return LIM_OK;
}

static bool find(const struct index *x, char *id, size_t *out)
{
    const struct bench_batch_request wanted = { .custom_id = id };
    const struct bench_batch_request *key = &wanted;
    const struct bench_batch_request **found =
        bsearch(&key, x->sorted, x->batch->count, sizeof x->sorted[0], by_id);
    if (found != NULL)
        *out = (size_t)(*found - x->batch->requests);
    return found != NULL;
}

/* The request that a line answers; false: it is no answer of the API. */
static bool read_reply(const struct index *x, const char *line, size_t length,
                       size_t *out)
{
    cJSON *o = mock_json_parse(line, length, NULL);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(o, "custom_id");
    const cJSON *response = cJSON_GetObjectItemCaseSensitive(o, "response");
    bool answered = cJSON_IsString(id) && cJSON_IsObject(response) &&
                    find(x, id->valuestring, out);
    cJSON_Delete(o);
    return answered;
}

/* Copies the lines that stay. */
static void keep(const struct index *x, const char *text, size_t length,
                 bool *done, FILE *to)
{
    const char *at = text, *end = text + length;
    const char *stop;
    size_t request;
    while ((stop = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        if (read_reply(x, at, (size_t)(stop - at), &request) &&
            !done[request]) {
            done[request] = true;
            fwrite(at, 1, (size_t)(stop + 1 - at), to);
        }
        at = stop + 1;
    }
}

static int rewrite(const char *path, const struct index *x, bool *done,
                   struct lim_diag *diag)
{
    struct bench_output out;
    size_t length;
    char *text = mock_read_file(path, FILE_MAX_BYTES, &length, diag);
    if (text == NULL)
        return LIM_EINVAL;
    int error = bench_output_open(&out, path, diag);
    if (error == LIM_OK) {
        keep(x, text, length, done, out.file);
        error = bench_output_commit(&out, diag);
    }
    free(text);
    return error;
}

struct bench_replies *bench_replies_resume(const char *path,
                                           const struct bench_batch *batch,
                                           bool *done, struct lim_diag *diag)
{
    int error = LIM_OK;
    if (access(path, F_OK) != 0)
        return bench_replies_open(path, diag);
    struct index x;
    if (index_init(&x, batch) != LIM_OK)
        error = lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    if (error == LIM_OK)
        error = rewrite(path, &x, done, diag);
    free(x.sorted);
    return error == LIM_OK ? open_as(path, "a", diag) : NULL;
}

static void write_line(struct bench_replies *r, cJSON *o)
{
    char *line = cJSON_PrintUnformatted(o);
    if (line == NULL || fprintf(r->file, "%s\n", line) < 0 ||
        fflush(r->file) != 0)
        r->failed = true;
    cJSON_free(line);
    cJSON_Delete(o);
}

static cJSON *line_of(struct bench_replies *r,
                      const struct bench_batch_request *request)
{
    char id[40];
    cJSON *o = cJSON_CreateObject();
    snprintf(id, sizeof id, "batch_req_%d", request->number);
    cJSON_AddStringToObject(o, "id", id);
    cJSON_AddStringToObject(o, "custom_id", request->custom_id);
    r->lines++;
    return o;
}

void bench_replies_add(struct bench_replies *r,
                       const struct bench_batch_request *request, int status,
                       const char *body, size_t length)
{
    cJSON *o = line_of(r, request);
    cJSON *response = cJSON_AddObjectToObject(o, "response");
    cJSON *json = cJSON_ParseWithLength(body, length);
    cJSON_AddNumberToObject(response, "status_code", status);
    if (json != NULL) {
        cJSON_AddItemToObject(response, "body", json);
    } else {
        char *text = strndup(body, length);
        cJSON_AddStringToObject(response, "body", text != NULL ? text : "");
        free(text);
    }
    cJSON_AddNullToObject(o, "error");
    write_line(r, o);
}

void bench_replies_fail(struct bench_replies *r,
                        const struct bench_batch_request *request,
                        const char *code, const char *message)
{
    cJSON *o = line_of(r, request);
    cJSON_AddNullToObject(o, "response");
    cJSON *error = cJSON_AddObjectToObject(o, "error");
    cJSON_AddStringToObject(error, "code", code);
    cJSON_AddStringToObject(error, "message", message);
    write_line(r, o);
}

int bench_replies_close(struct bench_replies *r, struct lim_diag *diag)
{
    bool good = !r->failed && fsync(fileno(r->file)) == 0;
    good = fclose(r->file) == 0 && good;
    if (!good)
        lim_fail(diag, LIM_EINVAL, 0, "cannot write %s", r->path);
    free(r->path);
    free(r);
    return good ? LIM_OK : LIM_EINVAL;
}
