#include "tests/ask.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "mockserver/json.h"

void ask_set_up(struct ask *f, const char *provider)
{
    struct mock_json j;
    struct lim_diag d = { 0 };
    int error = LIM_OK;
    cJSON *root = mock_json_parse(provider, strlen(provider), &d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    *f = (struct ask){ .now = ASK_START };
    mock_config_init(&f->config);
    mock_json_open(&j, root, "", &error, &d);
    mock_config_read(&f->config, &j, NULL);
    cJSON_Delete(root);
    CU_ASSERT_EQUAL_FATAL(error, LIM_OK);
    f->config.provider.seed = 1;
    const struct mock_api_config c = { .provider = f->config.provider,
                                       .manner = f->config.manner,
                                       .speed = 0,
                                       .version = "test" };
    f->api = mock_api_new(&c, &d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->api);
}

void ask_set_up_any(struct ask *f, const char *table, enum lim_tier tier,
                    bool one_organisation)
{
    struct lim_diag d = { 0 };
    *f = (struct ask){ .now = ASK_START };
    mock_config_init(&f->config);
    CU_ASSERT_EQUAL_FATAL(mock_config_table(table, NULL, &f->config.table, &d),
                          LIM_OK);
    f->config.provider.table = f->config.table;
    f->config.provider.start = ASK_START;
    f->config.provider.latency_source = SIM_LATENCY_GIVEN;
    f->config.provider.latency = sim_latency_constant(2);
    const struct mock_api_config c = { .provider = f->config.provider,
                                       .any_key = true,
                                       .one_organisation = one_organisation,
                                       .tier = tier,
                                       .speed = 1,
                                       .version = "test" };
    f->api = mock_api_new(&c, &d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->api);
}

void ask_tear_down(struct ask *f)
{
    CU_ASSERT_EQUAL(f->api->service.in_flight, 0);
    mock_answer_fini(&f->a);
    mock_text_fini(&f->events);
    mock_api_free(f->api);
    mock_config_fini(&f->config);
}

struct mock_slice ask_slice(const char *text)
{
    return (struct mock_slice){ text, text != NULL ? strlen(text) : 0 };
}

static void take_stream(struct ask *f)
{
    struct mock_stream *s = &f->a.stream;
    mock_text_clear(&f->events);
    f->cut = false;
    f->ended = f->a.at;
    if (s->next == NULL)
        return;
    CU_ASSERT_EQUAL(f->a.body.length, 0);
    lim_time next = f->a.at;
    while (next != LIM_NEVER && next != MOCK_STREAM_CUT) {
        f->ended = next;
        next = s->next(s->context, f->ended, &f->events);
        CU_ASSERT_TRUE_FATAL(next > f->ended || next == MOCK_STREAM_CUT);
    }
    f->cut = next == MOCK_STREAM_CUT;
    s->free(s->context);
    s->next = NULL;
}

int ask_question(struct ask *f, const struct mock_question *q)
{
    mock_api_answer(f->api, q, &f->a);
    take_stream(f);
    if (f->a.flight != NULL)
        mock_api_end(f->api, f->a.flight, f->ended);
    return f->a.status;
}

int ask_as(struct ask *f, const char *authorization, const char *method,
           const char *path, const char *body)
{
    const char *query = strchr(path, '?');
    struct mock_question q = { .method = ask_slice(method),
                               .path = ask_slice(path),
                               .query =
                                   ask_slice(query != NULL ? query + 1 : NULL),
                               .body = ask_slice(body),
                               .authorization = ask_slice(authorization),
                               .now = f->now };
    if (query != NULL)
        q.path.length = (size_t)(query - path);
    return ask_question(f, &q);
}

int ask(struct ask *f, const char *path, const char *body)
{
    return ask_as(f, "Bearer sk-mock-a-1", body[0] != '\0' ? "POST" : "GET",
                  path, body);
}

int ask_tokens(struct ask *f, const char *path, const char *body,
               const char *tokens)
{
    const struct mock_question q = { .method = ask_slice("POST"),
                                     .path = ask_slice(path),
                                     .body = ask_slice(body),
                                     .authorization =
                                         ask_slice("Bearer sk-mock-a-1"),
                                     .completion_tokens = ask_slice(tokens),
                                     .now = f->now };
    return ask_question(f, &q);
}

static bool holds(const struct mock_text *t, const char *text)
{
    return t->length > 0 && strstr(t->data, text) != NULL;
}

bool ask_says(const struct ask *f, const char *text)
{
    return holds(&f->a.body, text) || holds(&f->events, text);
}

bool ask_header(const struct ask *f, const char *text)
{
    return holds(&f->a.headers, text);
}

/* One event without the empty line at its end. */
static void add_event(cJSON *list, const char *at, size_t length, int *broken)
{
    static const char data[] = "data: ";
    const char *line = at;
    if (length > 7 && strncmp(at, "event: ", 7) == 0) {
        line = memchr(at, '\n', length);
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
        line++;
    }
    length -= (size_t)(line - at);
    CU_ASSERT_TRUE_FATAL(length > 6 && strncmp(line, data, 6) == 0);
    CU_ASSERT_PTR_NULL(memchr(line, '\n', length));
    if (length == 12 && strncmp(line + 6, "[DONE]", 6) == 0)
        return;
    cJSON *event = cJSON_ParseWithLength(line + 6, length - 6);
    *broken += event == NULL;
    if (event != NULL)
        cJSON_AddItemToArray(list, event);
}

cJSON *ask_events(const struct ask *f, int *broken)
{
    cJSON *list = cJSON_CreateArray();
    const char *at = f->events.length > 0 ? f->events.data : "";
    *broken = 0;
    while (*at != '\0') {
        const char *end = strstr(at, "\n\n");
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        add_event(list, at, (size_t)(end - at), broken);
        at = end + 2;
    }
    return list;
}

const cJSON *ask_at(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *ask_text(const cJSON *object, const char *key)
{
    const cJSON *value = ask_at(object, key);
    return cJSON_IsString(value) ? value->valuestring : "";
}

const cJSON *ask_message(const struct ask *f, int choice, cJSON **root)
{
    *root = cJSON_Parse(f->a.body.data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(*root);
    return ask_at(cJSON_GetArrayItem(ask_at(*root, "choices"), choice),
                  "message");
}

static void read_delta(const cJSON *delta, struct ask_told *t)
{
    const cJSON *call = cJSON_GetArrayItem(ask_at(delta, "tool_calls"), 0);
    const char *more = ask_text(delta, "content");
    if (call != NULL)
        more = ask_text(ask_at(call, "function"), "arguments");
    CU_ASSERT_TRUE_FATAL(strlen(t->text) + strlen(more) < sizeof t->text);
    strcat(t->text, more);
    t->roles += ask_at(delta, "role") != NULL;
}

struct ask_told ask_gather(const cJSON *events, int choice)
{
    struct ask_told t = { .chunks = 0 };
    const cJSON *event;
    cJSON_ArrayForEach(event, events)
    {
        const cJSON *c = cJSON_GetArrayItem(ask_at(event, "choices"), 0);
        CU_ASSERT_STRING_EQUAL(ask_text(event, "object"),
                               "chat.completion.chunk");
        if (c == NULL || ask_at(c, "index")->valueint != choice)
            continue;
        CU_ASSERT_EQUAL(t.reason[0], '\0');
        CU_ASSERT_TRUE(t.roles == 1 || t.chunks == 0);
        read_delta(ask_at(c, "delta"), &t);
        strcpy(t.reason, ask_text(c, "finish_reason"));
        t.chunks++;
    }
    CU_ASSERT_EQUAL(t.roles, 1);
    return t;
}

void ask_fault(struct ask *f, enum sim_fault fault)
{
    f->fault = (struct sim_fault_rule){
        .fault = fault, .share = 1, .from = 0, .until = LIM_NEVER
    };
    f->api->service.config.faults.rules = &f->fault;
    f->api->service.config.faults.count = 1;
}

void ask_play(struct ask *f, const struct ask_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ask_row *r = &rows[i];
        f->now += LIM_HOUR;
        int status = ask_as(f, r->authorization, r->method, r->path, r->body);
        CU_ASSERT_EQUAL(status, r->status);
        CU_ASSERT_TRUE(ask_says(f, r->words));
        CU_ASSERT_TRUE(ask_header(f, "x-request-id: req_"));
        if (status != r->status || !ask_says(f, r->words))
            printf("\n  row %zu: %d %s\n", i, status,
                   f->a.body.data != NULL ? f->a.body.data : "");
    }
}
