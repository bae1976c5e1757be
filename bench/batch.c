#define _GNU_SOURCE

#include "bench/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/file.h"
#include "mockserver/json.h"
#include "mockserver/jsontext.h"

#define FILE_MAX_BYTES (1 << 30)
#define TOKENS_MAX 1e9
#define IMAGES_MAX 1000

/* Reading one file. */
struct reading {
    struct bench_batch *batch;
    size_t room;
    int error;
    struct lim_diag *diag;
};

void bench_batch_fini(struct bench_batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        free(b->requests[i].custom_id);
        free(b->requests[i].path);
    }
    for (size_t i = 0; i < b->model_count; i++)
        free(b->models[i]);
    free(b->requests);
    free(b->models);
    free(b->text);
    *b = (struct bench_batch){ 0 };
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

static struct lim_cost cost_of(const cJSON *body, const char *path)
{
    static const char *const texts[] = { "messages", "input", "prompt",
                                         "instructions" };
    struct lim_cost cost = { { [LIM_REQUESTS] = 1 } };
    int64_t prompt = 0;
    if (strstr(path, "/images") != NULL) {
        cost.amount[LIM_IMAGES] = number_of(body, "n", 1);
        return cost;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        prompt += text_tokens(cJSON_GetObjectItemCaseSensitive(body, texts[i]));
    int64_t reply =
        lim_estimate_reply(number_of(body, "max_tokens", -1),
                           number_of(body, "max_completion_tokens", -1));
    if (reply < 0)
        reply = number_of(body, "max_output_tokens", -1);
    cost.amount[LIM_TOKENS] = lim_estimate_tokens(prompt, reply);
    return cost;
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

static const char *find_model(struct reading *r, const char *name)
{
    struct bench_batch *b = r->batch;
    for (size_t i = 0; i < b->model_count; i++)
        if (strcmp(b->models[i], name) == 0)
            return b->models[i];
    char **more = realloc(b->models, (b->model_count + 1) * sizeof *more);
    char *copy = strdup(name);
    if (more != NULL)
        b->models = more;
    if (more == NULL || copy == NULL) {
        free(copy);
        r->error = LIM_ENOMEM;
        return NULL;
    }
    return b->models[b->model_count++] = copy;
}

static struct bench_batch_request *add(struct reading *r)
{
    struct bench_batch *b = r->batch;
    if (b->count == r->room) {
        size_t room = r->room == 0 ? 256 : 2 * r->room;
        struct bench_batch_request *more =
            realloc(b->requests, room * sizeof *more);
        if (more == NULL) {
            r->error = LIM_ENOMEM;
            return NULL;
        }
        b->requests = more;
        r->room = room;
    }
    b->requests[b->count] = (struct bench_batch_request){ .line = NULL };
    return &b->requests[b->count++];
}

static int fail(struct reading *r, int line, const char *why)
{
    r->error = lim_fail(r->diag, LIM_EPARSE, line, "%s", why);
    return r->error;
}

/* The parts of a line; what is not there is NULL. */
struct parts {
    const char *custom_id, *method, *url;
    const cJSON *body;
};

static void read_parts(struct reading *r, const cJSON *root, int line,
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

static void take_line(struct reading *r, const cJSON *root, int line,
                      struct bench_batch_request *q)
{
    struct parts p;
    read_parts(r, root, line, &p);
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(p.body, "model");
    if (r->error != LIM_OK)
        return;
    if (!cJSON_IsObject(p.body) || !cJSON_IsString(model)) {
        fail(r, line, "model: missing: which model is asked?");
        return;
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(p.body, "stream"))) {
        fail(r, line, "stream: answers are taken whole, leave it out");
        return;
    }
    const char *path = path_of(p.body, p.url);
    q->path = strdup(path);
    if (p.custom_id != NULL)
        q->custom_id = strdup(p.custom_id);
    else if (asprintf(&q->custom_id, "request-%d", line) < 0)
        q->custom_id = NULL;
    q->model = find_model(r, model->valuestring);
    q->cost = cost_of(p.body, path);
    if (q->path == NULL || q->custom_id == NULL)
        r->error = LIM_ENOMEM;
}

static void read_line(struct reading *r, const char *line, size_t length,
                      int number)
{
    struct lim_diag why = { 0 };
    char text[200];
    struct bench_batch_request *q = add(r);
    if (q == NULL)
        return;
    q->line = line;
    q->length = length;
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

static int by_id(const void *a, const void *b)
{
    const struct bench_batch_request *const *x = a, *const *y = b;
    int order = strcmp((*x)->custom_id, (*y)->custom_id);
    return order != 0
               ? order
               : ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

/* An id names its answer. */
static void check_ids(struct reading *r)
{
    const struct bench_batch *b = r->batch;
    const struct bench_batch_request **sorted =
        calloc(b->count + 1, sizeof(const struct bench_batch_request *));
    if (sorted == NULL) {
        r->error = LIM_ENOMEM;
        return;
    }
    for (size_t i = 0; i < b->count; i++)
        sorted[i] = &b->requests[i];
    qsort(sorted, b->count, sizeof(const struct bench_batch_request *), by_id);
    for (size_t i = 1; i < b->count && r->error == LIM_OK; i++)
        if (strcmp(sorted[i - 1]->custom_id, sorted[i]->custom_id) == 0)
            fail(r, sorted[i]->number, "custom_id: is that of a line above");
    free(sorted);
}

int bench_batch_read(struct bench_batch *b, const char *path,
                     struct lim_diag *diag)
{
    size_t length;
    int number = 0;
    *b = (struct bench_batch){ 0 };
    struct reading r = { .batch = b, .diag = diag };
    b->text = mock_read_file(path, FILE_MAX_BYTES, &length, diag);
    if (b->text == NULL)
        return LIM_EINVAL;
    const char *at = b->text, *end = b->text + length;
    while (at < end && r.error == LIM_OK) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        number++;
        if (strspn(at, " \t\r") < (size_t)(stop - at))
            read_line(&r, at, (size_t)(stop - at), number);
        at = stop + 1;
    }
    if (r.error == LIM_OK && b->count == 0)
        fail(&r, number, "there is no request");
    if (r.error == LIM_OK)
        check_ids(&r);
    if (r.error == LIM_ENOMEM)
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    if (r.error != LIM_OK)
        bench_batch_fini(b);
    return r.error;
}

char *bench_batch_body(const struct bench_batch_request *r)
{
    cJSON *root = mock_json_parse(r->line, r->length, NULL);
    const cJSON *body = cJSON_GetObjectItemCaseSensitive(root, "body");
    char *text = cJSON_PrintUnformatted(body != NULL ? body : root);
    cJSON_Delete(root);
    return text;
}

size_t bench_batch_model(const struct bench_batch *b,
                         const struct bench_batch_request *r)
{
    size_t i = 0;
    while (b->models[i] != r->model)
        i++;
    return i;
}
