#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "bench/message.h"
#include "limiter/limits.h"

/* No prices but those of the list. */
static const struct lim_prices no_prices;

static struct sim_workload workload(const char *model)
{
    return (struct sim_workload){ .model = model,
                                  .max_tokens = -1,
                                  .deadline_ns = LIM_NEVER };
}

/* The body of a request, parsed; NULL: it is no JSON. */
static cJSON *body_of(const char *model, int64_t prompt, int64_t max_tokens)
{
    struct sim_workload w = workload(model);
    struct bench_message m;
    struct bench_buffer body = { 0 };

    CU_ASSERT_EQUAL(bench_message_init(&m, &w, &no_prices), LIM_OK);
    CU_ASSERT_EQUAL(bench_message_write(&m, prompt, max_tokens, &body), LIM_OK);
    CU_ASSERT_EQUAL(strlen(body.data), body.length);
    cJSON *root = cJSON_Parse(body.data);
    bench_buffer_fini(&body);
    bench_message_fini(&m);
    return root;
}

static const char *text_at(const cJSON *root, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, key));
}

static void prompts_are_estimated_exactly(void)
{
    const int64_t prompts[] = { 2, 3, 17, 18, 300, 7000 };

    for (size_t i = 0; i < sizeof prompts / sizeof prompts[0]; i++) {
        cJSON *root = body_of("gpt-4o", prompts[i], 600);
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "messages");
        const cJSON *message = cJSON_GetArrayItem(list, 0);
        const char *content = text_at(message, "content");
        CU_ASSERT_PTR_NOT_NULL(content);
        if (content != NULL)
            CU_ASSERT_EQUAL(lim_estimate_text((int64_t)strlen(content)),
                            prompts[i]);
        CU_ASSERT_EQUAL(cJSON_GetArraySize(list), 1);
        CU_ASSERT_STRING_EQUAL(text_at(message, "role"), "user");
        CU_ASSERT_STRING_EQUAL(text_at(root, "model"), "gpt-4o");
        CU_ASSERT_EQUAL(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(
                            root, "max_tokens")),
                        600);
        cJSON_Delete(root);
    }
}

static void no_bound_is_not_written(void)
{
    cJSON *root = body_of("gpt-4o", 10, -1);

    CU_ASSERT_PTR_NOT_NULL(root);
    CU_ASSERT_FALSE(cJSON_HasObjectItem(root, "max_tokens"));
    cJSON_Delete(root);
}

static void names_are_quoted(void)
{
    cJSON *root = body_of("ft:\"odd\\name\"\n", 10, -1);

    CU_ASSERT_PTR_NOT_NULL(root);
    CU_ASSERT_STRING_EQUAL(text_at(root, "model"), "ft:\"odd\\name\"\n");
    cJSON_Delete(root);
}

static void embeddings_have_an_input(void)
{
    struct sim_workload w = workload("text-embedding-3-small");
    struct bench_message m;
    cJSON *root = body_of(w.model, 100, -1);

    CU_ASSERT_EQUAL(bench_message_init(&m, &w, &no_prices), LIM_OK);
    CU_ASSERT_STRING_EQUAL(m.path, "/embeddings");
    CU_ASSERT_PTR_NOT_NULL(text_at(root, "input"));
    CU_ASSERT_FALSE(cJSON_HasObjectItem(root, "messages"));
    bench_message_fini(&m);
    cJSON_Delete(root);
}

static void a_model_is_asked_in_its_own_way(void)
{
    struct sim_workload w = workload("gpt-3.5-turbo-instruct");
    struct bench_message m;
    cJSON *instruct = body_of(w.model, 100, 16), *o1 = body_of("o1", 100, 600);

    CU_ASSERT_EQUAL(bench_message_init(&m, &w, &no_prices), LIM_OK);
    CU_ASSERT_STRING_EQUAL(m.path, "/completions");
    CU_ASSERT_EQUAL(strlen(text_at(instruct, "prompt")), 4 * 98);
    CU_ASSERT_TRUE(cJSON_HasObjectItem(instruct, "max_tokens"));
    CU_ASSERT_TRUE(cJSON_HasObjectItem(o1, "max_completion_tokens"));
    CU_ASSERT_FALSE(cJSON_HasObjectItem(o1, "max_tokens"));
    bench_message_fini(&m);
    cJSON_Delete(instruct);
    cJSON_Delete(o1);
}

static void images_are_asked_for_by_number(void)
{
    const int64_t prompts[] = { 2, 30, 300 };
    const size_t lengths[] = { 1, 112, 1000 };
    struct sim_workload w = workload("dall-e-2");
    struct bench_buffer body = { 0 };
    struct bench_message m;
    w.images = 3;
    CU_ASSERT_EQUAL(bench_message_init(&m, &w, &no_prices), LIM_OK);
    CU_ASSERT_STRING_EQUAL(m.path, "/images/generations");
    for (size_t i = 0; i < sizeof prompts / sizeof prompts[0]; i++) {
        CU_ASSERT_EQUAL(bench_message_write(&m, prompts[i], -1, &body), LIM_OK);
        cJSON *root = cJSON_Parse(body.data);
        CU_ASSERT_EQUAL(
            cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(root, "n")),
            3);
        const char *prompt = text_at(root, "prompt");
        CU_ASSERT_EQUAL(prompt != NULL ? strlen(prompt) : 0, lengths[i]);
        cJSON_Delete(root);
    }
    bench_buffer_fini(&body);
    bench_message_fini(&m);
}

static void an_image_has_a_price_without_usage(void)
{
    static const char answer[] = "{\"created\":1,\"data\":[{\"url\":\"a\"}]}";
    struct lim_feedback f = lim_feedback_none();
    struct sim_workload w = workload("dall-e-2");
    struct lim_outcome o;
    struct bench_message m;
    w.images = 2;
    CU_ASSERT_EQUAL(bench_message_init(&m, &w, &no_prices), LIM_OK);
    bench_message_read(&m, 200, &f, answer, sizeof answer - 1, &o);
    CU_ASSERT_EQUAL(o.class, LIM_CLASS_OK);
    CU_ASSERT_FALSE(o.usage_known);
    CU_ASSERT_EQUAL(o.microusd, lim_price_cost(m.price, 0, 0, 2));
    CU_ASSERT(o.microusd > 0);
    bench_message_fini(&m);
}

static void a_buffer_is_used_again(void)
{
    struct sim_workload w = workload("gpt-4o");
    struct bench_message m;
    struct bench_buffer body = { 0 };

    CU_ASSERT_EQUAL(bench_message_init(&m, &w, &no_prices), LIM_OK);
    CU_ASSERT_EQUAL(bench_message_write(&m, 5000, -1, &body), LIM_OK);
    size_t size = body.size;
    CU_ASSERT_EQUAL(bench_message_write(&m, 5, -1, &body), LIM_OK);
    CU_ASSERT_EQUAL(body.size, size);
    CU_ASSERT(body.length < 200);
    CU_ASSERT_EQUAL(strlen(body.data), body.length);
    bench_buffer_fini(&body);
    bench_message_fini(&m);
}

/* Reads an answer of gpt-4o. */
static struct lim_outcome outcome_of(int status, const char *body)
{
    struct sim_workload w = workload("gpt-4o");
    struct bench_message m;
    struct lim_outcome o;
    struct lim_feedback f = lim_feedback_none();

    CU_ASSERT_EQUAL(bench_message_init(&m, &w, &no_prices), LIM_OK);
    bench_message_read(&m, status, &f, body, body != NULL ? strlen(body) : 0,
                       &o);
    bench_message_fini(&m);
    return o;
}

static void usage_is_read(void)
{
    struct lim_outcome o =
        outcome_of(200, "{\"choices\":[],\"usage\":{\"prompt_tokens\":1000,"
                        "\"completion_tokens\":500,\"total_tokens\":1500}}");

    CU_ASSERT_EQUAL(o.class, LIM_CLASS_OK);
    CU_ASSERT_TRUE(o.usage_known);
    CU_ASSERT_EQUAL(o.tokens_used, 1500);
    CU_ASSERT(o.microusd > 0);
    CU_ASSERT_EQUAL(o.feedback.refused_by, -1);
}

static void odd_usage_is_unknown(void)
{
    const char *const bodies[] = {
        "{}",
        "{\"usage\":null}",
        "{\"usage\":{\"total_tokens\":\"many\"}}",
        "{\"usage\":{\"total_tokens\":-4}}",
        "{\"usage\":{\"total_tokens\":1e300}}",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct lim_outcome o = outcome_of(200, bodies[i]);
        CU_ASSERT_EQUAL(o.class, LIM_CLASS_OK);
        CU_ASSERT_FALSE(o.usage_known);
        CU_ASSERT_EQUAL(o.tokens_used, 0);
    }
}

static void a_garbled_success_is_none(void)
{
    const char *const bodies[] = { NULL, "", "{\"usage\":{", "<html>", "[]" };

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct lim_outcome o = outcome_of(200, bodies[i]);
        CU_ASSERT_EQUAL(o.class, LIM_CLASS_TRANSIENT);
        CU_ASSERT_EQUAL(o.status, 0);
    }
}

static void a_refusal_names_limit_and_hint(void)
{
    struct lim_outcome o = outcome_of(
        429, "{\"error\":{\"message\":\"Rate limit reached for gpt-4o in "
             "organization org-test on tokens per min (TPM): Limit 30000, Used "
             "28039, Requested 3906. Please try again in 3.89s. Visit "
             "https://platform.openai.com/account/rate-limits to learn more.\","
             "\"type\":\"tokens\",\"param\":null,"
             "\"code\":\"rate_limit_exceeded\"}}");

    CU_ASSERT_EQUAL(o.class, LIM_CLASS_RATE_LIMIT);
    CU_ASSERT_EQUAL(o.status, 429);
    CU_ASSERT_EQUAL(o.feedback.hint_ns, 3890 * LIM_MSEC);
    CU_ASSERT_EQUAL(o.feedback.refused_by, LIM_TPM);
}

static void an_empty_purse_is_one_of_money(void)
{
    struct lim_outcome o =
        outcome_of(429, "{\"error\":{\"message\":\"You exceeded your current "
                        "quota\",\"type\":\"insufficient_quota\","
                        "\"param\":null,\"code\":\"insufficient_quota\"}}");

    CU_ASSERT_EQUAL(o.class, LIM_CLASS_QUOTA);
    CU_ASSERT_EQUAL(o.feedback.refused_by, LIM_SPEND);
}

static void streams_are_asked_for_with_their_usage(void)
{
    struct sim_workload w = workload("gpt-4o");
    struct bench_message m;
    struct bench_buffer body = { 0 };

    w.stream = true;
    CU_ASSERT_EQUAL(bench_message_init(&m, &w, &no_prices), LIM_OK);
    CU_ASSERT_EQUAL(bench_message_write(&m, 10, 600, &body), LIM_OK);
    cJSON *root = cJSON_Parse(body.data);
    const cJSON *options =
        cJSON_GetObjectItemCaseSensitive(root, "stream_options");
    CU_ASSERT_TRUE(
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "stream")));
    CU_ASSERT_TRUE(cJSON_IsTrue(
        cJSON_GetObjectItemCaseSensitive(options, "include_usage")));
    CU_ASSERT_TRUE(cJSON_HasObjectItem(root, "max_tokens"));
    cJSON_Delete(root);
    bench_buffer_fini(&body);
    bench_message_fini(&m);
    w.model = "text-embedding-3-small";
    CU_ASSERT_EQUAL(bench_message_init(&m, &w, &no_prices), LIM_OK);
    CU_ASSERT_FALSE(m.stream);
    bench_message_fini(&m);
}

/* Also from a server that answers in one piece. */
static void streams_are_read_like_whole_answers(void)
{
    const struct {
        const char *body;
        enum lim_class class;
        int status;
        int64_t tokens;
    } rows[] = {
        { "data: {\"choices\":[{\"finish_reason\":\"stop\"}],\"usage\":null}"
          "\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,"
          "\"completion_tokens\":500,\"total_tokens\":1500}}\n\n"
          "data: [DONE]\n\n",
          LIM_CLASS_OK, 200, 1500 },
        { "{\"choices\":[],\"usage\":{\"total_tokens\":9}}", LIM_CLASS_OK, 200,
          9 },
        { "data: [DONE]\n\n", LIM_CLASS_OK, 200, -1 },
        { "data: {\"choices\":[]}\n\n", LIM_CLASS_TRANSIENT, 0, -1 },
        { "data: {\"error\":{\"type\":\"tokens\",\"message\":\"m\"}}\n\n",
          LIM_CLASS_RATE_LIMIT, 0, -1 },
        { "<html>", LIM_CLASS_TRANSIENT, 0, -1 },
        { "", LIM_CLASS_TRANSIENT, 0, -1 },
    };
    struct sim_workload w = workload("gpt-4o");
    struct bench_message m;
    struct lim_feedback f = lim_feedback_none();

    w.stream = true;
    CU_ASSERT_EQUAL(bench_message_init(&m, &w, &no_prices), LIM_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_outcome o;
        bench_message_read(&m, 200, &f, rows[i].body, strlen(rows[i].body), &o);
        CU_ASSERT_EQUAL(o.class, rows[i].class);
        CU_ASSERT_EQUAL(o.status, rows[i].status);
        CU_ASSERT_EQUAL(o.usage_known, rows[i].tokens >= 0);
        if (rows[i].tokens >= 0)
            CU_ASSERT_EQUAL(o.tokens_used, rows[i].tokens);
    }
    bench_message_fini(&m);
}

static void no_answer_is_tried_again(void)
{
    struct lim_outcome o = outcome_of(0, NULL);

    CU_ASSERT_EQUAL(o.class, LIM_CLASS_TRANSIENT);
    CU_ASSERT_EQUAL(o.status, 0);
    CU_ASSERT_FALSE(o.usage_known);
}

CU_TestInfo message_tests[] = {
    { "a model is asked in its own way", a_model_is_asked_in_its_own_way },
    { "images are asked for by number", images_are_asked_for_by_number },
    { "an image has a price without usage",
      an_image_has_a_price_without_usage },
    { "prompts are estimated exactly", prompts_are_estimated_exactly },
    { "no bound of the reply is not written", no_bound_is_not_written },
    { "names are quoted", names_are_quoted },
    { "embeddings have an input", embeddings_have_an_input },
    { "a buffer is used again", a_buffer_is_used_again },
    { "usage is read, and what it costs", usage_is_read },
    { "odd usage is unknown", odd_usage_is_unknown },
    { "a garbled success is none", a_garbled_success_is_none },
    { "a refusal names limit and hint", a_refusal_names_limit_and_hint },
    { "an empty purse is one of money", an_empty_purse_is_one_of_money },
    { "streams are asked for with their usage",
      streams_are_asked_for_with_their_usage },
    { "streams are read like whole answers",
      streams_are_read_like_whole_answers },
    { "no answer is tried again", no_answer_is_tried_again },
    CU_TEST_INFO_NULL
};
