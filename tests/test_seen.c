/*
 * Every error body seen in the wild can be written: from the numbers that it
 * holds, byte by byte but for ids.
 */
#define _DEFAULT_SOURCE

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/azure.h"
#include "mockserver/json.h"
#include "mockserver/kinds.h"
#include "mockserver/words.h"
#include "tests/ask.h"
#include "tests/seen_errors.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

enum how {
    REFUSED,  /* a rate limit, by the numbers of what was seen */
    QUOTA,    /* the month's money is spent */
    KIND,     /* under a name: `model` */
    BAD_KEY_, /* 401 of the key `model` */
    NO_MODEL, /* 404 */
    NO_PROJECT_MODEL,
    AZURE,
    CONTEXT,  /* 400 to so many tokens of messages: `current` */
    TOOL_NAME /* 400 */
};

enum extent {
    ALL,   /* the body, or its sentence where no more was shown */
    START, /* the same, which was shown cut */
    PART,  /* somewhere in the sentence */
    VALUE, /* the same JSON, in another layout */
    PRINT  /* as the SDK prints it: the status, then the error */
};

/* How the row of seen[] in the same place comes about. */
struct made {
    enum how how;
    enum extent extent;
    enum mock_era era;
    const char *model, *group, *organisation;
    int64_t current; /* used and asked for, as the old forms tell it */
    bool free, images;
};

#define E22 MOCK_ERA_2022
#define E23S MOCK_ERA_2023_SPRING
#define E23 MOCK_ERA_2023
#define NOW MOCK_ERA_NOW
#define TURBO "gpt-3.5-turbo"
#define OLD_IMAGES "global-with-image-limits"

static const struct made made[] = {
    { REFUSED, ALL, E23, TURBO, NULL, NULL, 0, true, false },
    { REFUSED, ALL, E23S, TURBO, NULL, NULL, 30, true, false },
    { REFUSED, ALL, E23S, TURBO, NULL, NULL, 0, true, false },
    { REFUSED, ALL, E23S, TURBO, NULL, NULL, 0, true, false },
    { REFUSED, ALL, E22, OLD_IMAGES, NULL, NULL, 70, true, false },
    { REFUSED, ALL, E22, OLD_IMAGES, NULL, NULL, 80, false, false },
    { REFUSED, START, E22, "text-davinci-002", NULL, "org-{id}", 24, false,
      false },
    { REFUSED, ALL, E23, TURBO, NULL, "", 0, true, false },
    { REFUSED, ALL, E23, "text-embedding-ada-002", NULL, NULL, 0, true, false },
    { REFUSED, ALL, E23, "text-embedding-ada-002", NULL, NULL, 1, false,
      false },
    { REFUSED, ALL, E22, "text-davinci-003", NULL, NULL, 152160, true, false },
    { REFUSED, ALL, NOW, "gpt-4.1", NULL, NULL, 0, false, false },
    { REFUSED, ALL, E22, NULL, NULL, NULL, 176000, false, false },
    { REFUSED, ALL, NOW, "gpt-5.4", NULL, NULL, 0, false, false },
    { REFUSED, ALL, NOW, "gpt-4", "gpt-4", NULL, 0, false, false },
    { REFUSED, ALL, E23, TURBO "-16k-0613", TURBO "-16k", NULL, 0, true,
      false },
    { REFUSED, ALL, NOW, "gpt-4o", NULL, NULL, 0, false, false },
    { REFUSED, ALL, E23, TURBO "-16k", NULL, NULL, 0, true, false },
    { REFUSED, ALL, NOW, TURBO, NULL, NULL, 0, true, false },
    { REFUSED, START, NOW, "gpt-4o-mini", NULL, "<>", 0, false, false },
    { REFUSED, START, NOW, "gpt-4o-mini", NULL, NULL, 0, false, false },
    { REFUSED, ALL, E23, TURBO, NULL, NULL, 0, false, false },
    { REFUSED, ALL, E23, "gpt-4", "10KTPM-200RPM", NULL, 0, false, false },
    { REFUSED, ALL, NOW, "gpt-4o-mini", NULL, NULL, 0, false, false },
    { REFUSED, PART, NOW, "gpt-4-vision-preview", NULL, NULL, 0, false, false },
    { REFUSED, ALL, NOW, "gpt-4o-mini", NULL, NULL, 0, true, false },
    { REFUSED, PART, NOW, TURBO, NULL, NULL, 0, true, false },
    { REFUSED, ALL, NOW, TURBO, NULL, NULL, 0, false, false },
    { REFUSED, ALL, NOW, "gpt-4o-mini", NULL, NULL, 0, true, false },
    { REFUSED, ALL, NOW, "gpt-4-vision-preview", NULL, NULL, 0, false, false },
    { REFUSED, ALL, NOW, "gpt-4o", NULL, NULL, 0, false, false },
    { REFUSED, START, NOW, "gpt-5", NULL, NULL, 0, false, false },
    { REFUSED, ALL, NOW, "gpt-4o", NULL, NULL, 0, false, false },
    { REFUSED, ALL, NOW, "gpt-4o", NULL, NULL, 0, false, false },
    { REFUSED, START, NOW, "dall-e-3", NULL, NULL, 1, false, true },
    { KIND, ALL, NOW, "images_slow_down", NULL, NULL, 0, false, false },
    { REFUSED, PART, NOW, "gpt-image-1", NULL, NULL, 0, false, true },
    { REFUSED, START, NOW, "gpt-image-2-codex", "gpt-image", "org", 0, false,
      true },
    { QUOTA, ALL, NOW, TURBO, NULL, NULL, 0, false, false },
    { QUOTA, ALL, E23, TURBO, NULL, NULL, 0, false, false },
    { KIND, ALL, NOW, "usage_limit", NULL, NULL, 0, false, false },
    { QUOTA, ALL, NOW, "dall-e-3", NULL, NULL, 0, false, true },
    { KIND, ALL, NOW, "cloudflare", NULL, NULL, 0, false, false },
    { KIND, PRINT, NOW, "slow_down_edge", NULL, NULL, 0, false, false },
    { BAD_KEY_, ALL, NOW, "sk-mock-password", NULL, NULL, 0, false, false },
    { BAD_KEY_, ALL, NOW, "sk-mock-fake1-key", NULL, NULL, 0, false, false },
    { KIND, ALL, NOW, "unsupported_country", NULL, NULL, 0, false, false },
    { KIND, ALL, NOW, "project_no_model", NULL, NULL, 0, false, false },
    { NO_PROJECT_MODEL, ALL, NOW, "gpt-4.1-2025-04-14", NULL, NULL, 0, false,
      false },
    { NO_MODEL, ALL, E23, "gpt-4", NULL, NULL, 0, false, false },
    { NO_MODEL, ALL, NOW, "o1-mini", NULL, NULL, 0, false, false },
    { CONTEXT, ALL, NOW, "gpt-4", NULL, NULL, 8227, false, false },
    { CONTEXT, ALL, NOW, TURBO "-0613", NULL, NULL, 4301, false, false },
    { TOOL_NAME, ALL, NOW, "gpt-4o-mini", NULL, NULL, 0, false, false },
    { KIND, ALL, NOW, "server_error", NULL, NULL, 0, false, false },
    { KIND, VALUE, NOW, "server_error_in_stream", NULL, NULL, 0, false, false },
    { KIND, VALUE, NOW, "response_failed_in_stream", NULL, NULL, 0, false,
      false },
    { KIND, ALL, NOW, "overloaded_2023", NULL, NULL, 0, false, false },
    { KIND, ALL, NOW, "overloaded", NULL, NULL, 0, false, false },
    { KIND, ALL, NOW, "slow_down", NULL, NULL, 0, false, false },
    { KIND, PRINT, NOW, "flex_resource_unavailable", NULL, NULL, 0, false,
      false },
    { KIND, VALUE, NOW, "batch_expired", NULL, NULL, 0, false, false },
    { AZURE, PART, NOW, NULL, NULL, NULL, 0, false, false },
    { AZURE, VALUE, NOW, NULL, NULL, NULL, 0, false, false },
};

static struct sim_verdict verdict_of(const struct made *m,
                                     const struct seen_error *s)
{
    struct sim_verdict v = {
        .answer = s->class == LIM_CLASS_TOO_LARGE && s->limit != LIM_IPM
                      ? SIM_TOO_LARGE
                      : SIM_RATE_LIMITED,
        .limit = s->limit >= 0 ? (enum lim_limit)s->limit : LIM_RPM,
        .max = s->max,
        .window_ns = lim_limit_window(s->limit >= 0 ? (enum lim_limit)s->limit
                                                    : LIM_RPM),
        .used = s->used >= 0 ? s->used : 0,
        .requested = s->requested,
        .shown = lim_feedback_none(),
    };
    if (m->how == QUOTA)
        v.answer = SIM_QUOTA;
    if (m->current > 0)
        v.requested = m->current - v.used;
    if (s->hint_ms >= 0)
        v.shown.hint_ns = s->hint_ms * LIM_MSEC;
    else if (m->current == 1)
        v.shown.hint_ns = 0; /* less than 1 ms */
    return v;
}

static int write_refusal(struct mock_text *body, const struct made *m,
                         const struct seen_error *s)
{
    const struct sim_verdict v = verdict_of(m, s);
    const struct mock_manner manner = { .era = m->era };
    const struct mock_refused r = {
        .model = m->model,
        .group = m->group,
        .organisation = m->organisation != NULL ? m->organisation : "org-1",
        .free_tier = m->free,
        .images = m->images,
    };
    return mock_words_refusal(body, &manner, &r, &v);
}

static int write_kind(struct mock_text *body, const struct made *m,
                      const struct seen_error *s)
{
    const struct mock_manner manner = { .era = m->era };
    const struct mock_kind *kind = mock_kinds_find(m->model);
    bool old = strcmp(m->model, "overloaded_2023") == 0;
    const struct mock_kinds_names names = { .model = "gpt-4o-mini",
                                            .organisation = "org-1",
                                            .project = "proj_1",
                                            .request_id = old ? "1" : "req_1" };
    (void)s;
    CU_ASSERT_PTR_NOT_NULL_FATAL(kind);
    mock_kinds_write(body, kind, &manner, &names);
    return kind->status;
}

static int write_azure(struct mock_text *body, const struct seen_error *s)
{
    const struct mock_azure_refused r = { "ChatCompletions_Create",
                                          "2024-08-01-preview" };
    struct sim_verdict v = { .answer = SIM_RATE_LIMITED,
                             .limit = LIM_TPM,
                             .shown = lim_feedback_none() };
    v.shown.hint_ns = s->hint_ms * LIM_MSEC;
    mock_azure_refusal(body, &r, &v);
    return 429;
}

/* floor(chars / 4 + 1/2) + 2 tokens. */
static int ask_for(struct mock_text *body, const struct made *m)
{
    struct ask f;
    struct mock_text question = { 0 };
    ask_set_up(&f, "{\"table\":\"none\",\"organisations\":[{\"name\":\"a\"}]}");
    mock_text_printf(&question, "{\"model\":\"%s\",", m->model);
    if (m->how == TOOL_NAME)
        mock_text_puts(&question, "\"tools\":[{\"type\":\"function\","
                                  "\"function\":{\"name\":\"a b\"}}],");
    mock_text_puts(&question, "\"messages\":[{\"role\":\"user\",\"content\":"
                              "\"");
    for (int64_t i = 0; i < 4 * (m->current - 2) || i < 1; i++)
        mock_text_puts(&question, "x");
    mock_text_puts(&question, "\"}]}");
    int status = ask(&f, "/v1/chat/completions", question.data);
    mock_text_add(body, f.a.body.data, f.a.body.length);
    mock_text_fini(&question);
    ask_tear_down(&f);
    return status;
}

static int write_body(struct mock_text *body, const struct made *m,
                      const struct seen_error *s)
{
    switch (m->how) {
    case REFUSED:
    case QUOTA:
        return write_refusal(body, m, s);
    case KIND:
        return write_kind(body, m, s);
    case BAD_KEY_:
        mock_words_bad_key(body, m->era, m->model, strlen(m->model));
        return 401;
    case NO_MODEL:
        mock_words_no_model(body, m->era, m->model);
        return 404;
    case NO_PROJECT_MODEL:
        mock_words_no_project_model(body, "proj_1", m->model);
        return 403;
    case AZURE:
        return write_azure(body, s);
    case CONTEXT:
    case TOOL_NAME:
    default:
        return ask_for(body, m);
    }
}

/* The JSON of a body, or of the data of its one event. */
static cJSON *parse(const char *body)
{
    const char *data = strstr(body, "data: ");
    cJSON *root = cJSON_Parse(data != NULL ? data + 6 : body);
    cJSON *error = cJSON_GetObjectItemCaseSensitive(root, "error");
    cJSON *inner = NULL;
    if (data != NULL && error != NULL) {
        inner = cJSON_DetachItemViaPointer(root, error);
        cJSON_Delete(root);
    }
    return inner != NULL ? inner : root;
}

/* The sentence of a body; the body where it has none.  To be freed. */
static char *sentence_of(const char *body)
{
    cJSON *root = cJSON_Parse(body);
    const cJSON *e = cJSON_GetObjectItemCaseSensitive(root, "error");
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(e, "message");
    const char *text = cJSON_IsString(m)   ? m->valuestring
                       : cJSON_IsString(e) ? e->valuestring
                                           : body;
    char *copy = strdup(text);
    cJSON_Delete(root);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    return copy;
}

/* "..." in what was seen stands for anything. */
static bool fits(const char *seen_text, const char *text, enum extent extent)
{
    bool anywhere = extent == PART;
    for (;;) {
        const char *gap = strstr(seen_text, "...");
        size_t n = gap != NULL ? (size_t)(gap - seen_text) : strlen(seen_text);
        while (n > 0 && gap != NULL && seen_text[n - 1] == ' ')
            n--;
        while (anywhere && *text != '\0' && strncmp(text, seen_text, n) != 0)
            text++;
        if (strncmp(text, seen_text, n) != 0)
            return false;
        text += n;
        if (gap == NULL)
            return extent != ALL || *text == '\0';
        seen_text = gap + 3;
        anywhere = true;
    }
}

/* Every member of what was seen is in what was written, strings as they were
   shown, in the same order where they stand side by side. */
static bool holds(const cJSON *written, const cJSON *was)
{
    const cJSON *member;
    if (cJSON_IsString(was))
        return cJSON_IsString(written) &&
               fits(was->valuestring, written->valuestring, START);
    if (!cJSON_IsObject(was))
        return cJSON_IsNumber(was) || cJSON_Compare(written, was, true);
    cJSON_ArrayForEach(member, was) if (!holds(cJSON_GetObjectItemCaseSensitive(
                                                   written, member->string),
                                               member)) return false;
    return true;
}

static bool same_value(const char *was, const char *body)
{
    cJSON *a = parse(body);
    cJSON *b = parse(was);
    bool same = a != NULL && b != NULL && holds(a, b);
    cJSON_Delete(a);
    cJSON_Delete(b);
    return same;
}

static bool same_print(const char *was, int status, const char *body)
{
    char print[200];
    char *sentence = sentence_of(body);
    bool text = strstr(body, "message") == NULL;
    snprintf(print, sizeof print, text ? "%d \"%s\"" : "%d %s", status,
             sentence);
    free(sentence);
    return strcmp(print, was) == 0;
}

/* AIServices and OpenAI are two resources that say it alike. */
#define AZURE_PARTS                                                            \
    "Requests to the ChatCompletions_Create Operation under Azure OpenAI API " \
    "version 2024-08-01-preview have exceeded token rate limit of your "       \
    "current ... S0 pricing tier. Please retry after 2 seconds. Please ... "   \
    "if you would like to further increase the default rate limit."

static bool is_as_seen(const struct made *m, const struct seen_error *s,
                       int status, const char *body)
{
    if (m->extent == VALUE)
        return same_value(s->body, body);
    if (m->extent == PRINT)
        return same_print(s->body, status, body);
    if (s->body[0] == '{')
        return fits(s->body, body, ALL);
    char *sentence = sentence_of(body);
    const char *was = m->how == AZURE ? AZURE_PARTS : s->body;
    bool same = fits(was, sentence, m->extent);
    free(sentence);
    return same;
}

static void all_that_was_seen_is_written(void)
{
    CU_ASSERT_EQUAL_FATAL(COUNT(made), COUNT(seen));
    for (size_t i = 0; i < COUNT(made); i++) {
        struct mock_text body = { 0 };
        int status = write_body(&body, &made[i], &seen[i]);
        bool right = is_as_seen(&made[i], &seen[i], status, body.data);
        CU_ASSERT_EQUAL(status, seen[i].status);
        CU_ASSERT_TRUE(right);
        if (!right || status != seen[i].status)
            printf("\n  row %zu: %d\n%s\n  and not\n%s\n", i, status, body.data,
                   seen[i].body);
        mock_text_fini(&body);
    }
}

/* What is written is understood as what was seen is. */
static void what_is_written_is_read_alike(void)
{
    for (size_t i = 0; i < COUNT(made); i++) {
        struct mock_text body = { 0 };
        struct lim_apierror e;
        int status = write_body(&body, &made[i], &seen[i]);
        lim_apierror_read(&e, status, body.data, body.length);
        CU_ASSERT_EQUAL(e.class, seen[i].class);
        if (e.class != seen[i].class)
            printf("\n  row %zu: class %d\n%s\n", i, (int)e.class, body.data);
        if (seen[i].limit >= 0) {
            CU_ASSERT_EQUAL(e.limit, seen[i].limit);
        }
        CU_ASSERT_EQUAL(e.max, seen[i].max >= 0 ? seen[i].max : e.max);
        CU_ASSERT_EQUAL(e.hint_ns, seen[i].hint_ms >= 0
                                       ? seen[i].hint_ms * LIM_MSEC
                                       : e.hint_ns);
        mock_text_fini(&body);
    }
}

/* A refused batch is no HTTP error: its status tells. */
static void batches_tell_their_limits(void)
{
    static const struct {
        const char *kind, *model, *code, *message;
    } rows[] = {
        { "batch_enqueued_requests", "text-embedding-3-small",
          "request_limit_exceeded",
          "Enqueued request limit reached for text-embedding-3-small\nin "
          "organization org-1. Limit: 1,000,000 enqueued requests.\nPlease try "
          "again once some in_progress batches have been completed." },
        { "batch_enqueued_tokens", "gpt-4.1", "token_limit_exceeded",
          "Enqueued token limit reached for gpt-4.1 ... Limit: 900,000 "
          "enqueued tokens" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct mock_kinds_names names = { .model = rows[i].model,
                                                .organisation = "org-1" };
        const struct mock_manner manner = { .era = NOW };
        struct mock_text body = { 0 };
        mock_kinds_write(&body, mock_kinds_find(rows[i].kind), &manner, &names);
        cJSON *root = cJSON_ParseWithLength(body.data, body.length);
        const cJSON *errors = cJSON_GetObjectItem(root, "errors");
        const cJSON *e =
            cJSON_GetArrayItem(cJSON_GetObjectItem(errors, "data"), 0);
        CU_ASSERT_TRUE(fits(
            rows[i].message,
            cJSON_GetStringValue(cJSON_GetObjectItem(e, "message")), START));
        CU_ASSERT_STRING_EQUAL(
            cJSON_GetStringValue(cJSON_GetObjectItem(e, "code")), rows[i].code);
        CU_ASSERT_STRING_EQUAL(
            cJSON_GetStringValue(cJSON_GetObjectItem(root, "status")),
            "failed");
        cJSON_Delete(root);
        mock_text_fini(&body);
    }
}

/* Of these the content-length was logged (2023-06-12, 2024-01-02); codes were
   null until some time in 2023. */
static void bodies_are_as_long_as_they_were(void)
{
    static const struct {
        struct made made;
        size_t length;
    } rows[] = {
        { { .how = QUOTA, .era = E23S, .model = "whisper-1" }, 206 },
        { { .how = QUOTA, .era = NOW, .images = true }, 172 },
    };
    const struct seen_error quota = { .class = LIM_CLASS_QUOTA,
                                      .limit = -1,
                                      .hint_ms = -1 };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mock_text body = { 0 };
        write_refusal(&body, &rows[i].made, &quota);
        CU_ASSERT_EQUAL(body.length, rows[i].length);
        if (body.length != rows[i].length)
            printf("\n  %zu: %s\n", body.length, body.data);
        mock_text_fini(&body);
    }
}

CU_TestInfo seen_tests[] = {
    { "all that was seen is written, byte by byte",
      all_that_was_seen_is_written },
    { "what is written is read alike", what_is_written_is_read_alike },
    { "batches tell their limits", batches_tell_their_limits },
    { "bodies are as long as they were", bodies_are_as_long_as_they_were },
    CU_TEST_INFO_NULL
};
