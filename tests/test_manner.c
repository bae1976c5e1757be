/* The words of earlier years, the header lines of each, and the failures that
   have a name. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "limiter/apierror.h"
#include "mockserver/json.h"
#include "mockserver/jsontext.h"
#include "mockserver/refuse.h"
#include "mockserver/shown.h"
#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define CHAT "/v1/chat/completions"
#define HI                                                                     \
    "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\",\"content\":"       \
    "\"Hello\"}]}"

static void set_up(struct ask *f, const char *era, const char *more)
{
    char provider[600];
    snprintf(provider, sizeof provider,
             "{\"table\":\"seed\",\"latency\":\"none\",\"era\":\"%s\"%s,"
             "\"organisations\":[{\"name\":\"a\",\"tier\":\"free\"},"
             "{\"name\":\"b\",\"spent\":\"$100\"}]}",
             era, more);
    ask_set_up(f, provider);
}

struct era_row {
    const char *era, *words, *header, *no_header, *id;
};

static void a_refusal_is_of_its_time(void)
{
    const struct era_row rows[] = {
        { "2022",
          "Rate limit reached for default-gpt-4 in organization a on requests "
          "per min. Limit: 3.000000 / min. Current: 4.000000 / min. Contact "
          "support@openai.com",
          "openai-version", "ratelimit", "" },
        { "2023-03",
          "Limit: 3 / min. Please try again in 20s. Contact support@openai.com "
          "if you continue to have issues. Please add a payment method",
          "openai-version", "ratelimit", "" },
        { "2023",
          "Please try again in 20s. Contact us through our help center at "
          "help.openai.com if you continue to have issues. Please add a",
          "x-ratelimit-limit-requests: 200\r\n", "retry-after", "" },
        { "now", "Limit 3, Used 3, Requested 1. Please try again in 20s. Visit",
          "retry-after-ms: 20000\r\n", "project", "req_" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ask f;
        set_up(&f, rows[i].era, "");
        for (int k = 0; k < 3; k++)
            CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 200);
        CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 429);
        CU_ASSERT_TRUE(ask_says(&f, rows[i].words));
        CU_ASSERT_EQUAL(ask_says(&f, "\"code\": null"), i < 2);
        CU_ASSERT_TRUE(ask_header(&f, rows[i].header));
        CU_ASSERT_FALSE(ask_header(&f, rows[i].no_header));
        const char *id = strstr(f.a.headers.data, "x-request-id: ") + 14;
        size_t lead = strlen(rows[i].id);
        CU_ASSERT_EQUAL(strncmp(id, rows[i].id, lead), 0);
        CU_ASSERT_EQUAL(strspn(id + lead, "0123456789abcdef"), 32);
        ask_tear_down(&f);
    }
}

static void an_empty_purse_is_of_its_time(void)
{
    const char *eras[] = { "2022", "2023-03", "2023", "now" };
    for (size_t i = 0; i < COUNT(eras); i++) {
        struct ask f;
        set_up(&f, eras[i], "");
        CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-mock-b-1", "POST", CHAT, HI),
                        429);
        CU_ASSERT_EQUAL(ask_says(&f, "For more information"), i == 3);
        CU_ASSERT_EQUAL(ask_says(&f, "\"code\": null"), i < 2);
        CU_ASSERT_EQUAL(ask_header(&f, "openai-organization: b\r\n"), i == 3);
        CU_ASSERT_FALSE(ask_header(&f, "ratelimit"));
        CU_ASSERT_FALSE(ask_header(&f, "retry-after"));
        /* 206 bytes were seen in 2023-06 */
        CU_ASSERT_TRUE(i >= 2 || f.a.body.length == 206);
        ask_tear_down(&f);
    }
}

static void no_images_without_money(void)
{
    struct ask f;
    set_up(&f, "now", "");
    const char *body = "{\"model\":\"dall-e-2\",\"prompt\":\"a\"}";
    CU_ASSERT_EQUAL(ask_as(&f, "Bearer sk-mock-b-1", "POST",
                           "/v1/images/generations", body),
                    400);
    CU_ASSERT_TRUE(ask_says(&f, "\"code\": \"billing_hard_limit_reached\""));
    CU_ASSERT_EQUAL(f.a.body.length, 172);
    ask_tear_down(&f);
}

static void images_a_minute_have_a_sentence_of_their_own(void)
{
    struct ask f;
    ask_set_up(&f, "{\"table\":\"seed\",\"latency\":\"none\","
                   "\"organisations\":[{\"name\":\"a\"}]}");
    const char *body = "{\"model\":\"dall-e-2\",\"prompt\":\"a\",\"n\":10}";
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(ask(&f, "/v1/images/generations", body), 200);
    CU_ASSERT_EQUAL(ask(&f, "/v1/images/generations", body), 429);
    CU_ASSERT_TRUE(ask_says(
        &f, "{\n  \"error\": {\n    \"code\": \"rate_limit_exceeded\",\n    "
            "\"message\": \"Rate limit exceeded for images per minute in "
            "organization a. Limit: 50/1min. Current: 60/1min. Please visit "));
    CU_ASSERT_TRUE(ask_header(&f, "retry-after: 12\r\n"));
    ask_tear_down(&f);
}

/* Every answer of a fault that stands in front of the limits. */
static void faults_are_worded(void)
{
    const struct {
        enum sim_fault fault;
        enum mock_era era;
        int status;
        const char *words;
    } rows[] = {
        { SIM_FAULT_HTTP_429, MOCK_ERA_NOW, 429, "Too many requests." },
        { SIM_FAULT_EDGE_429, MOCK_ERA_NOW, 429, "error code: 1015" },
        { SIM_FAULT_HTTP_503, MOCK_ERA_NOW, 503, "The engine is currently" },
        { SIM_FAULT_HTTP_503, MOCK_ERA_2023, 503, "That model is currently" },
        { SIM_FAULT_SLOW_DOWN, MOCK_ERA_2022, 503, "Slow Down" },
        { SIM_FAULT_HTTP_500, MOCK_ERA_NOW, 500, "The server had an error" },
    };
    const struct mock_kinds_names names = { "m", "o", "p", "i" };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct mock_manner m = { .era = rows[i].era };
        const struct mock_kind *k =
            mock_kinds_of_fault(rows[i].fault, rows[i].era);
        struct mock_text body = { 0 };
        mock_kinds_write(&body, k, &m, &names);
        CU_ASSERT_EQUAL(k->status, rows[i].status);
        CU_ASSERT_PTR_NOT_NULL(strstr(body.data, rows[i].words));
        CU_ASSERT_EQUAL(mock_kinds_is_edge(k),
                        rows[i].fault == SIM_FAULT_EDGE_429);
        mock_text_fini(&body);
    }
}

static bool is_events(const struct mock_kind *k, const struct mock_text *body)
{
    return strncmp(k->type, "text/event-stream", 17) == 0 &&
           strcmp(body->data + body->length - 2, "\n\n") == 0 &&
           strstr(body->data, "data: {") != NULL;
}

/* With names that try to get out of where they stand. */
static void every_kind_is_well_formed(void)
{
    const struct mock_kinds_names names = { "{id}\"\n\\", "o\xff", "p}", "{" };
    for (int dialect = 0; dialect < MOCK_DIALECTS; dialect++) {
        const struct mock_manner m = { .dialect = (enum mock_dialect)dialect };
        for (const struct mock_kind *k = mock_kinds; k->name != NULL; k++) {
            struct mock_text body = { 0 };
            struct lim_diag d = { 0 };
            CU_ASSERT_PTR_EQUAL(mock_kinds_find(k->name), k);
            mock_kinds_write(&body, k, &m, &names);
            CU_ASSERT_FALSE(body.failed);
            CU_ASSERT_TRUE(is_events(k, &body) || mock_kinds_is_edge(k) ||
                           mock_jsontext_check(body.data, body.length, 9, &d));
            mock_text_fini(&body);
        }
    }
    CU_ASSERT_PTR_NULL(mock_kinds_find("nothing"));
    CU_ASSERT_PTR_NULL(mock_kinds_find(""));
}

static void a_kind_tells_the_id_of_its_request(void)
{
    struct ask f;
    set_up(&f, "2023", "");
    struct mock_question q = { .now = f.now };
    struct mock_visit v = {
        .api = f.api, .q = &q, .a = &f.a, .organisation = 0
    };
    const struct mock_kind *k = mock_kinds_find("overloaded_2023");
    uint64_t bits[2];
    char id[MOCK_SHOWN_ID_SIZE];
    mock_api_request_id(f.api, bits);
    mock_refuse_kind(&v, k, "gpt-4");
    CU_ASSERT_TRUE(
        ask_says(&f, mock_shown_id(&f.api->config.manner, bits, id)));
    CU_ASSERT_EQUAL(f.a.status, 503);
    mock_text_clear(&f.a.body);
    mock_refuse_kind(&v, mock_kinds_find("model_not_found"), NULL);
    CU_ASSERT_TRUE(ask_says(&f, "The model `gpt-4o-mini` does not exist"));
    mock_text_clear(&f.a.body);
    mock_refuse_kind(&v, mock_kinds_find("cloudflare"), NULL);
    CU_ASSERT_STRING_EQUAL(f.a.type, "text/plain; charset=UTF-8");
    CU_ASSERT_TRUE(ask_header(&f, "retry-after: 54749\r\n"));
    CU_ASSERT_TRUE(v.edge);
    ask_tear_down(&f);
}

static void a_project_has_a_family_of_its_own(void)
{
    struct mock_text h = { 0 };
    const struct lim_shown tokens = { 1000, 990, 600 * LIM_MSEC };
    const struct lim_shown none = { -1, -1, -1 };
    struct mock_manner m = { .era = MOCK_ERA_NOW };
    mock_shown_project(&h, &m, &none);
    CU_ASSERT_EQUAL(h.length, 0);
    m.era = MOCK_ERA_2023;
    mock_shown_project(&h, &m, &tokens);
    CU_ASSERT_EQUAL(h.length, 0);
    m.era = MOCK_ERA_NOW;
    mock_shown_project(&h, &m, &tokens);
    CU_ASSERT_STRING_EQUAL(h.data,
                           "x-ratelimit-limit-project-tokens: 1000\r\n"
                           "x-ratelimit-remaining-project-tokens: 990\r\n"
                           "x-ratelimit-reset-project-tokens: 600ms\r\n");
    mock_text_fini(&h);
}

/* A project with few tokens for one model, and none for another. */
static void a_project_is_told_apart(void)
{
    struct ask f;
    struct sim_verdict verdict;
    set_up(&f, "now", "");
    struct sim_project_limit limits[] = {
        { "gpt-4", lim_limits_none() }, { "gpt-3.5-turbo", lim_limits_none() }
    };
    limits[0].limits.max[LIM_RPM] = 0;
    limits[1].limits.max[LIM_TPM] = 1000;
    const struct sim_project web = { "web", limits, 2 };
    int index = sim_provider_add_project(f.api->provider, 0, &web, NULL);
    CU_ASSERT_TRUE_FATAL(index >= 0);
    struct mock_question q = { .now = f.now };
    struct mock_visit v = {
        .api = f.api, .q = &q, .a = &f.a, .organisation = index
    };
    mock_refuse_model(&v, "gpt-4");
    CU_ASSERT_EQUAL(f.a.status, 403);
    CU_ASSERT_TRUE(
        ask_says(&f, "Project `web` does not have access to model `gpt-4`"));
    mock_text_clear(&f.a.body);
    mock_refuse_model(&v, "gpt-9");
    CU_ASSERT_EQUAL(f.a.status, 404);
    const struct lim_cost cost = { { [LIM_REQUESTS] = 1, [LIM_TOKENS] = 100 } };
    int group = sim_provider_group(f.api->provider, "gpt-3.5-turbo");
    sim_provider_admit(f.api->provider, (uint32_t)index, (unsigned)group, &cost,
                       f.now, &verdict);
    mock_refuse_show(&v, &verdict);
    CU_ASSERT_TRUE(ask_header(&f, "remaining-project-tokens: 900\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-tokens: 19900\r\n"));
    mock_text_clear(&f.a.headers);
    verdict.shown = lim_feedback_none();
    verdict.project_tokens = verdict.shown.tokens;
    mock_refuse_show(&v, &verdict);
    CU_ASSERT_EQUAL(f.a.headers.length, 0);
    ask_tear_down(&f);
}

static const char *told(const char *provider, struct lim_diag *d)
{
    struct mock_json j;
    struct mock_config c;
    int error = LIM_OK;
    cJSON *root = mock_json_parse(provider, strlen(provider), d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    mock_config_init(&c);
    mock_json_open(&j, root, "", &error, d);
    mock_config_read(&c, &j, NULL);
    CU_ASSERT_NOT_EQUAL(error, LIM_OK);
    cJSON_Delete(root);
    mock_config_fini(&c);
    return d->text;
}

static void a_wrong_name_is_told(void)
{
    struct lim_diag d = { 0 };
    CU_ASSERT_PTR_NOT_NULL(
        strstr(told("{\"era\":\"2024\"}", &d), "now 2022 2023-03 2023"));
    CU_ASSERT_PTR_NOT_NULL(strstr(told("{\"dialect\":\"azur\"}", &d), "azure"));
}

static void eras_have_names(void)
{
    enum mock_era e;
    for (int i = 0; i < MOCK_ERAS; i++) {
        CU_ASSERT_TRUE(
            mock_words_era_find(mock_words_era_name((enum mock_era)i), &e));
        CU_ASSERT_EQUAL((int)e, i);
    }
    CU_ASSERT_FALSE(mock_words_era_find("2024", &e));
}

/* The lie in the headers goes along with none in the sentence. */
static void a_refusal_without_a_hint_tells_none(void)
{
    struct ask f;
    set_up(&f, "now", "");
    f.api->service.config.faults.timeout_ns = LIM_SEC;
    const struct sim_fault_rule all = { .fault = SIM_FAULT_NO_HEADERS,
                                        .share = 1,
                                        .until = LIM_NEVER };
    f.api->service.config.faults.rules = &all;
    f.api->service.config.faults.count = 1;
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 200);
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 429);
    CU_ASSERT_TRUE(ask_says(&f, "Limit 3, Used 3, Requested 1. Visit"));
    CU_ASSERT_FALSE(ask_header(&f, "retry-after"));
    CU_ASSERT_FALSE(ask_header(&f, "ratelimit"));
    ask_tear_down(&f);
}

CU_TestInfo manner_tests[] = {
    { "a refusal is of its time", a_refusal_is_of_its_time },
    { "an empty purse is of its time", an_empty_purse_is_of_its_time },
    { "no images without money", no_images_without_money },
    { "images a minute have a sentence of their own",
      images_a_minute_have_a_sentence_of_their_own },
    { "faults are worded", faults_are_worded },
    { "every kind is well-formed", every_kind_is_well_formed },
    { "a kind tells the id of its request",
      a_kind_tells_the_id_of_its_request },
    { "a project has a family of its own", a_project_has_a_family_of_its_own },
    { "a project is told apart", a_project_is_told_apart },
    { "a refusal without a hint tells none",
      a_refusal_without_a_hint_tells_none },
    { "a wrong name is told", a_wrong_name_is_told },
    { "eras have names", eras_have_names },
    CU_TEST_INFO_NULL
};
