#define _GNU_SOURCE

#include "bench/batch.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "limiter/pool.h"
#include "limiter/rng.h"
#include "mockserver/json.h"
#include "mockserver/jsontext.h"

#define LINE_MAX_BYTES (256 << 20)
#define TOKENS_MAX 1e9
#define IMAGES_MAX 1000
#define PATHS_MAX 4096
#define REQUESTS_MAX UINT32_MAX

/* Reading one file. */
struct reading {
    struct bench_batch *batch;
    size_t room;
    int error;
    struct lim_diag *diag;
};

void bench_batch_fini(struct bench_batch *b)
{
    for (size_t i = 0; i < b->model_count; i++)
        free(b->models[i]);
    for (size_t i = 0; i < b->path_count; i++)
        free(b->paths[i]);
    free(b->models);
    free(b->paths);
    free(b->requests);
    free(b->by_id);
    if (b->file > 0)
        close(b->file);
    *b = (struct bench_batch){ 0 };
}

static uint64_t hash_of(const char *id)
{
    size_t n = strlen(id);
    uint64_t h = n;
    while (n > 0) {
        uint64_t part = 0;
        size_t k = n < sizeof part ? n : sizeof part;
        memcpy(&part, id, k);
        h = lim_rng_mix(h ^ part);
        id += k;
        n -= k;
    }
    return lim_rng_mix(h);
}

/* The estimate of all texts under a value: a text, or what holds some. */
static int64_t text_tokens(const cJSON *value)
{
    const cJSON *item;
    int64_t tokens = 0;
    if (cJSON_IsString(value))
        return lim_estimate_text(mock_jsontext_characters(value->valuestring));
    if (cJSON_IsNumber(value))
        return 1; /* a token of an array of tokens */
    cJSON_ArrayForEach(item, value)
    {
        bool named = item->string != NULL;
        bool text = !named || strcmp(item->string, "content") == 0 ||
                    strcmp(item->string, "text") == 0;
        if (text)
            tokens += text_tokens(item);
    }
    return tokens;
}

static int64_t number_of(const cJSON *body, const char *key, int64_t none)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(body, key);
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0) ||
        value->valuedouble > TOKENS_MAX)
        return none;
    return (int64_t)value->valuedouble;
}

static void estimate(const cJSON *body, const char *path,
                     struct bench_batch_request *q)
{
    static const char *const texts[] = { "messages", "input", "prompt",
                                         "instructions" };
    int64_t prompt = 0;
    if (strstr(path, "/images") != NULL) {
        int64_t n = number_of(body, "n", 1);
        q->images = (unsigned)(n < IMAGES_MAX ? n : IMAGES_MAX) & 0x3FF;
        return;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        prompt += text_tokens(cJSON_GetObjectItemCaseSensitive(body, texts[i]));
    int64_t reply =
        lim_estimate_reply(number_of(body, "max_tokens", -1),
                           number_of(body, "max_completion_tokens", -1));
    if (reply < 0)
        reply = number_of(body, "max_output_tokens", -1);
    int64_t tokens = lim_estimate_tokens(prompt, reply);
    q->tokens = (uint32_t)(tokens < UINT32_MAX ? tokens : UINT32_MAX);
}

struct lim_cost bench_batch_cost(const struct bench_batch_request *r)
{
    return (struct lim_cost){ { [LIM_REQUESTS] = 1,
                                [LIM_TOKENS] = r->tokens,
                                [LIM_IMAGES] = r->images } };
}

/* A path behind the base URL, which ends with the API's version. */
static const char *path_of(const cJSON *body, const char *url)
{
    if (url != NULL)
        return strncmp(url, "/v1/", 4) == 0 ? url + 3 : url;
    if (cJSON_HasObjectItem(body, "messages"))
        return "/chat/completions";
    if (cJSON_HasObjectItem(body, "input"))
        return "/embeddings";
    return "/completions";
}

/* The place of a name in a list, to which it comes if it is new. */
static unsigned intern(struct reading *r, char ***list, size_t *count,
                       const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp((*list)[i], name) == 0)
            return (unsigned)i;
    char **more = realloc(*list, (*count + 1) * sizeof *more);
    char *copy = strdup(name);
    if (more != NULL)
        *list = more;
    if (more == NULL || copy == NULL) {
        free(copy);
        r->error = LIM_ENOMEM;
        return 0;
    }
    more[*count] = copy;
    return (unsigned)(*count)++;
}

static struct bench_batch_request *add(struct reading *r)
{
    struct bench_batch *b = r->batch;
    if (b->count == r->room) {
        size_t room = r->room == 0 ? 256 : r->room + r->room / 2;
        struct bench_batch_request *more =
            realloc(b->requests, room * sizeof *more);
        if (more == NULL) {
            r->error = LIM_ENOMEM;
            return NULL;
        }
        b->requests = more;
        r->room = room;
    }
    b->requests[b->count] = (struct bench_batch_request){ .offset = 0 };
    return &b->requests[b->count++];
}

static int fail(struct reading *r, uint32_t line, const char *why)
{
    r->error = lim_fail(r->diag, LIM_EPARSE, (int)line, "%s", why);
    return r->error;
}

/* The parts of a line; what is not there is NULL. */
struct parts {
    const char *custom_id, *method, *url;
    const cJSON *body;
};

static void read_parts(struct reading *r, const cJSON *root, uint32_t line,
                       struct parts *p)
{
    struct lim_diag why = { 0 };
    struct mock_json j;
    int error = LIM_OK;
    *p = (struct parts){ .body = root };
    if (!cJSON_HasObjectItem(root, "body"))
        return;
    mock_json_open(&j, root, "", &error, &why);
    mock_json_string(&j, "custom_id", &p->custom_id);
    mock_json_string(&j, "method", &p->method);
    mock_json_string(&j, "url", &p->url);
    p->body = mock_json_get(&j, "body");
    mock_json_close(&j);
    if (error != LIM_OK)
        fail(r, line, why.text);
    else if (p->custom_id == NULL)
        fail(r, line, "custom_id: missing");
    else if (p->url == NULL || p->url[0] != '/')
        fail(r, line, "url: expected a path such as /v1/chat/completions");
    else if (p->method != NULL && strcmp(p->method, "POST") != 0)
        fail(r, line, "method: only POST");
}

/* Answers of these are collected (bench/collect.h). */
static bool may_stream(const char *path)
{
    return strcmp(path, "/chat/completions") == 0 ||
           strcmp(path, "/completions") == 0 || strcmp(path, "/responses") == 0;
}

static void take_line(struct reading *r, const cJSON *root, uint32_t line,
                      struct bench_batch_request *q)
{
    struct bench_batch *b = r->batch;
    char made[32];
    struct parts p;
    read_parts(r, root, line, &p);
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(p.body, "model");
    if (r->error != LIM_OK)
        return;
    if (!cJSON_IsObject(p.body) || !cJSON_IsString(model)) {
        fail(r, line, "model: missing: which model is asked?");
        return;
    }
    const char *path = path_of(p.body, p.url);
    q->stream =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(p.body, "stream"));
    if (q->stream && !may_stream(path)) {
        fail(r, line,
             "stream: only answers of /chat/completions, /completions and "
             "/responses are collected, leave it out");
        return;
    }
    snprintf(made, sizeof made, "request-%u", line);
    q->id = hash_of(p.custom_id != NULL ? p.custom_id : made);
    q->model =
        intern(r, &b->models, &b->model_count, model->valuestring) & 0x1FF;
    q->path = intern(r, &b->paths, &b->path_count, path) & 0xFFF;
    estimate(p.body, path, q);
    if (b->model_count > LIM_GROUPS_MAX || b->path_count > PATHS_MAX)
        fail(r, line, "model: there are more than 256 of them");
}

static void read_line(struct reading *r, const char *line, int64_t offset,
                      size_t length, uint32_t number)
{
    struct lim_diag why = { 0 };
    char text[200];
    if (length > LINE_MAX_BYTES) {
        fail(r, number, "the line is too long");
        return;
    }
    struct bench_batch_request *q = add(r);
    if (q == NULL)
        return;
    q->offset = offset;
    q->length = (uint32_t)length;
    q->number = number;
    cJSON *root = mock_json_parse(line, length, &why);
    if (!cJSON_IsObject(root)) {
        snprintf(text, sizeof text, "%.180s",
                 root == NULL ? why.text : "expected an object");
        fail(r, number, text);
    } else {
        take_line(r, root, number, q);
    }
    cJSON_Delete(root);
}

static int by_hash(const void *a, const void *b, void *context)
{
    const struct bench_batch_request *q = context;
    const uint32_t *x = a, *y = b;
    if (q[*x].id != q[*y].id)
        return q[*x].id < q[*y].id ? -1 : 1;
    return (*x > *y) - (*x < *y);
}

/* An id names its answer. */
static void check_ids(struct reading *r)
{
    struct bench_batch *b = r->batch;
    char text[100];
    b->by_id = malloc((b->count + 1) * sizeof *b->by_id);
    if (b->by_id == NULL) {
        r->error = LIM_ENOMEM;
        return;
    }
    for (size_t i = 0; i < b->count; i++)
        b->by_id[i] = (uint32_t)i;
    qsort_r(b->by_id, b->count, sizeof *b->by_id, by_hash, b->requests);
    for (size_t i = 1; i < b->count && r->error == LIM_OK; i++) {
        const struct bench_batch_request *x = &b->requests[b->by_id[i - 1]];
        const struct bench_batch_request *y = &b->requests[b->by_id[i]];
        if (x->id != y->id)
            continue;
        snprintf(text, sizeof text, "custom_id: is that of line %u, too",
                 x->number);
        fail(r, y->number, text);
    }
}

static void read_lines(struct reading *r, FILE *in)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    int64_t offset = 0;
    uint32_t number = 0;
    while (r->error == LIM_OK && (n = getline(&line, &size, in)) > 0) {
        size_t length = (size_t)n - (line[n - 1] == '\n');
        if (++number == REQUESTS_MAX)
            fail(r, number, "there are too many lines");
        else if (strspn(line, " \t\r\n") < length)
            read_line(r, line, offset, length, number);
        offset += n;
    }
    if (r->error == LIM_OK && ferror(in))
        r->error = lim_fail(r->diag, LIM_EINVAL, 0, "%s", strerror(errno));
    free(line);
    if (r->error == LIM_OK && r->batch->count == 0)
        fail(r, number, "there is no request");
}

/* What cannot be read twice is kept in a file without a name. */
static FILE *copy_of(FILE *in)
{
    char piece[65536];
    size_t n;
    FILE *out = tmpfile();
    while (out != NULL && (n = fread(piece, 1, sizeof piece, in)) > 0)
        if (fwrite(piece, 1, n, out) != n)
            break;
    if (out != NULL && !ferror(in) && fflush(out) == 0 && !ferror(out)) {
        rewind(out);
        return out;
    }
    if (out != NULL)
        fclose(out);
    return NULL;
}

static FILE *open_file(const char *path, struct lim_diag *diag)
{
    struct stat s;
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re"), *file = in;
    errno = in == NULL ? errno : 0;
    if (in != NULL && (fstat(fileno(in), &s) != 0 || S_ISDIR(s.st_mode))) {
        errno = errno != 0 ? errno : EISDIR;
        file = NULL;
    } else if (in != NULL && (!S_ISREG(s.st_mode) || in == stdin)) {
        file = copy_of(in);
    }
    if (in != NULL && in != stdin && in != file)
        fclose(in);
    if (file == NULL)
        lim_fail(diag, LIM_EINVAL, 0, "cannot be read: %s",
                 strerror(errno != 0 ? errno : EIO));
    return file;
}

int bench_batch_read(struct bench_batch *b, const char *path,
                     struct lim_diag *diag)
{
    *b = (struct bench_batch){ 0 };
    struct reading r = { .batch = b, .diag = diag };
    FILE *in = open_file(path, diag);
    if (in == NULL)
        return LIM_EINVAL;
    read_lines(&r, in);
    if (r.error == LIM_OK)
        check_ids(&r);
    b->file = dup(fileno(in));
    fclose(in);
    if (r.error == LIM_OK && b->file < 0)
        r.error = LIM_ENOMEM;
    if (r.error == LIM_ENOMEM)
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    if (r.error != LIM_OK)
        bench_batch_fini(b);
    return r.error;
}

void bench_batch_line_fini(struct bench_batch_line *line)
{
    free(line->text);
    *line = (struct bench_batch_line){ 0 };
}

static bool read_text(const struct bench_batch *b,
                      const struct bench_batch_request *q,
                      struct bench_batch_line *line)
{
    if (line->size <= q->length) {
        char *more = realloc(line->text, q->length + 1u);
        if (more == NULL)
            return false;
        line->text = more;
        line->size = q->length + 1u;
    }
    for (size_t at = 0; at < q->length;) {
        ssize_t n = pread(b->file, line->text + at, q->length - at,
                          (off_t)q->offset + (off_t)at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    line->text[q->length] = '\0';
    return true;
}

/* The hash of a custom_id as it stands in JSON. */
static bool is_hash_of(struct bench_span quoted, uint64_t hash)
{
    cJSON *id = cJSON_ParseWithLength(quoted.at, quoted.length);
    bool same = cJSON_IsString(id) && hash_of(id->valuestring) == hash;
    cJSON_Delete(id);
    return same;
}

bool bench_batch_get(const struct bench_batch *b, size_t request,
                     struct bench_batch_line *line)
{
    const struct bench_batch_request *q = &b->requests[request];
    if (!read_text(b, q, line))
        return false;
    if (!bench_span_find(line->text, q->length, "body", &line->body)) {
        line->body = (struct bench_span){ line->text, q->length };
        snprintf(line->made_id, sizeof line->made_id, "\"request-%u\"",
                 q->number);
        line->custom_id =
            (struct bench_span){ line->made_id, strlen(line->made_id) };
    } else if (!bench_span_find(line->text, q->length, "custom_id",
                                &line->custom_id)) {
        return false;
    }
    return bench_span_find(line->body.at, line->body.length, "model",
                           &line->model) &&
           is_hash_of(line->custom_id, q->id);
}

bool bench_batch_find_hash(const struct bench_batch *b, uint64_t id,
                           size_t *request)
{
    size_t low = 0, high = b->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (b->requests[b->by_id[middle]].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == b->count || b->requests[b->by_id[low]].id != id)
        return false;
    *request = b->by_id[low];
    return true;
}

bool bench_batch_find(const struct bench_batch *b, const char *custom_id,
                      size_t *request)
{
    return bench_batch_find_hash(b, hash_of(custom_id), request);
}
