#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define MODERATIONS "/v1/moderations"
#define PROVIDER(table)                                                        \
    "{\"table\":\"" table "\",\"latency\":\"none\",\"organisations\":"         \
    "[{\"name\":\"a\",\"tier\":\"tier1\"}]}"
#define IMAGE(url)                                                             \
    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"" url "\"}}"
#define TEXT(text) "{\"type\":\"text\",\"text\":\"" text "\"}"

static const cJSON *at(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* Asks, and gives the answer's results; the caller deletes `*root`. */
static const cJSON *results(struct ask *f, const char *body, cJSON **root)
{
    CU_ASSERT_EQUAL_FATAL(ask(f, MODERATIONS, body), 200);
    *root = cJSON_Parse(f->a.body.data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(*root);
    CU_ASSERT_EQUAL(strncmp(at(*root, "id")->valuestring, "modr-", 5), 0);
    const cJSON *list = at(*root, "results");
    CU_ASSERT_TRUE_FATAL(cJSON_IsArray(list));
    return list;
}

/* Thirteen categories, in each of three maps; all scores are small. */
static void nothing_is_flagged_by_chance(void)
{
    struct ask f;
    cJSON *root;
    const cJSON *score;
    ask_set_up(&f, PROVIDER("current"));
    const cJSON *list = results(&f, "{\"input\":\"I want a cat\"}", &root);
    CU_ASSERT_STRING_EQUAL(at(root, "model")->valuestring,
                           "omni-moderation-latest");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(list), 1);
    const cJSON *one = list->child;
    CU_ASSERT_TRUE(cJSON_IsFalse(at(one, "flagged")));
    CU_ASSERT_EQUAL(cJSON_GetArraySize(at(one, "categories")), 13);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(at(one, "category_scores")), 13);
    cJSON_ArrayForEach(score, at(one, "category_scores"))
    {
        CU_ASSERT_TRUE(score->valuedouble > 0);
        CU_ASSERT_TRUE(score->valuedouble < 0.01);
        CU_ASSERT_TRUE(cJSON_IsFalse(at(at(one, "categories"), score->string)));
        CU_ASSERT_STRING_EQUAL(
            at(at(one, "category_applied_input_types"), score->string)
                ->child->valuestring,
            "text");
    }
    cJSON_Delete(root);
    ask_tear_down(&f);
}

static void the_magic_word_is_violence(void)
{
    struct ask f;
    cJSON *root;
    ask_set_up(&f, PROVIDER("current"));
    const cJSON *list = results(
        &f, "{\"input\":[\"fine\",\"a mock-flagged text\",\"fine\"]}", &root);
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(list), 3);
    const cJSON *bad = list->child->next;
    CU_ASSERT_TRUE(cJSON_IsFalse(at(list->child, "flagged")));
    CU_ASSERT_TRUE(cJSON_IsTrue(at(bad, "flagged")));
    CU_ASSERT_TRUE(cJSON_IsTrue(at(at(bad, "categories"), "violence")));
    CU_ASSERT_TRUE(cJSON_IsFalse(at(at(bad, "categories"), "hate")));
    CU_ASSERT_TRUE(at(at(bad, "category_scores"), "violence")->valuedouble >
                   0.9);
    CU_ASSERT_TRUE(cJSON_Compare(list->child, bad->next, true));
    CU_ASSERT_FALSE(cJSON_Compare(list->child, bad, true));
    cJSON_Delete(root);
    ask_tear_down(&f);
}

static void parts_are_judged_together(void)
{
    static const struct {
        const char *input, *types;
        bool flagged;
    } rows[] = {
        { "[" TEXT("a") "," IMAGE("http://x/a.png") "]",
          "\"violence\":[\"text\",\"image\"],\"violence/graphic\":[\"text\","
          "\"image\"]",
          false },
        { "[" IMAGE("http://x/mock-flagged.png") "]",
          "{\"harassment\":[],\"harassment/threatening\":[],\"sexual\":["
          "\"image\"]",
          true },
        { "[" TEXT("a") "," TEXT("mock-flagged") "]", "\"sexual\":[\"text\"]",
          true },
    };
    struct ask f;
    ask_set_up(&f, PROVIDER("current"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        char body[256];
        cJSON *root;
        snprintf(body, sizeof body, "{\"input\":%s}", rows[i].input);
        const cJSON *list = results(&f, body, &root);
        CU_ASSERT_EQUAL(cJSON_GetArraySize(list), 1);
        CU_ASSERT_EQUAL((bool)cJSON_IsTrue(at(list->child, "flagged")),
                        rows[i].flagged);
        CU_ASSERT_TRUE(ask_says(&f, rows[i].types));
        cJSON_Delete(root);
    }
    ask_tear_down(&f);
}

static void older_models_know_eleven_categories(void)
{
    struct ask f;
    cJSON *root;
    ask_set_up(&f, PROVIDER("none"));
    const cJSON *list = results(
        &f, "{\"model\":\"text-moderation-latest\",\"input\":\"a\"}", &root);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(at(list->child, "categories")), 11);
    CU_ASSERT_PTR_NULL(at(list->child, "category_applied_input_types"));
    cJSON_Delete(root);
    ask_tear_down(&f);
}

static void mistakes_are_named(void)
{
    static const struct {
        const char *body;
        int status;
        const char *words;
    } rows[] = {
        { "{}", 400, "Missing required parameter: 'input'." },
        { "{\"input\":5}", 400, "a string or an array of strings or objects" },
        { "{\"input\":[]}", 400, "empty array" },
        { "{\"input\":[\"a\",5]}", 400, "expected a string, but got an int" },
        { "{\"input\":[" TEXT("a") ",\"a\"]}", 400, "expected parts of type" },
        { "{\"input\":[{\"type\":\"image_url\",\"image_url\":\"x\"}]}", 400,
          "expected parts of type" },
        { "{\"input\":[{}]}", 400, "expected parts of type" },
        { "{\"input\":\"a\",\"model\":\"gpt-4o\"}", 400,
          "Supported values are: 'omni-moderation-latest'" },
        { "{\"input\":\"a\",\"model\":\"text-moderation-latest\"}", 404,
          "does not exist" },
    };
    struct ask f;
    ask_set_up(&f, PROVIDER("current"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(ask(&f, MODERATIONS, rows[i].body), rows[i].status);
        CU_ASSERT_TRUE(ask_says(&f, rows[i].words));
        if (!ask_says(&f, rows[i].words))
            printf("\n  row %zu: %s\n", i, f.a.body.data);
    }
    ask_tear_down(&f);
}

/* Tier 1: 10,000 tokens a minute, in no table of before 2024-09. */
static void limits_count_tokens(void)
{
    struct ask f;
    ask_set_up(&f, PROVIDER("current"));
    CU_ASSERT_EQUAL(ask(&f, MODERATIONS, "{\"input\":[\"abcd\",\"abcd\"]}"),
                    200);
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-limit-tokens: 10000\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-tokens: 9994\r\n"));
    ask_tear_down(&f);
    ask_set_up(&f, PROVIDER("seed"));
    CU_ASSERT_EQUAL(ask(&f, MODERATIONS, "{\"input\":\"a\"}"), 404);
    ask_tear_down(&f);
}

CU_TestInfo moderations_tests[] = {
    { "nothing is flagged by chance", nothing_is_flagged_by_chance },
    { "the magic word is violence", the_magic_word_is_violence },
    { "parts are judged together", parts_are_judged_together },
    { "older models know eleven categories",
      older_models_know_eleven_categories },
    { "mistakes are named", mistakes_are_named },
    { "limits count tokens", limits_count_tokens },
    CU_TEST_INFO_NULL
};
