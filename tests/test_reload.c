/* A configuration read again, and answers ordered by name. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "mockserver/reload.h"
#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define CHAT "/v1/chat/completions"
#define HI                                                                     \
    "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\",\"content\":"       \
    "\"Hello\"}]}"
#define PROVIDER(more, organisations)                                          \
    "{\"table\":\"seed\",\"latency\":\"none\"," more                           \
    "\"organisations\":[" organisations "]}"
#define A "{\"name\":\"a\",\"tier\":\"free\"}"
#define B "{\"name\":\"b\",\"tier\":\"tier1\",\"keys\":2}"
#define GPT4_COSTS(output)                                                     \
    "\"prices\":{\"gpt-4\":{\"input\":0,\"output\":" output "}},"

/* Reads it again; `done` and `why` tell what came of it. */
static int again(struct ask *f, const char *provider,
                 struct mock_reload_done *done, struct lim_diag *why)
{
    struct mock_config fresh;
    struct mock_json j;
    int error = LIM_OK;
    *why = (struct lim_diag){ 0 };
    cJSON *root = mock_json_parse(provider, strlen(provider), why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    mock_config_init(&fresh);
    mock_json_open(&j, root, "", &error, why);
    mock_config_read(&fresh, &j, NULL);
    cJSON_Delete(root);
    CU_ASSERT_EQUAL(error, LIM_OK);
    mock_config_start(&fresh, f->config.provider.start);
    error = mock_reload(f->api, &f->config, &fresh, f->now, done, why);
    mock_config_fini(&fresh);
    return error;
}

static int chat_as(struct ask *f, const char *key)
{
    char authorization[64];
    snprintf(authorization, sizeof authorization, "Bearer %s", key);
    return ask_as(f, authorization, "POST", CHAT, HI);
}

static void what_is_used_stays(void)
{
    struct mock_reload_done done;
    struct lim_diag why;
    struct ask f;
    ask_set_up(&f, PROVIDER("", A "," B));
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 200);
    CU_ASSERT_EQUAL(again(&f, PROVIDER("", A "," B), &done, &why), LIM_OK);
    CU_ASSERT_EQUAL(done.added, 0);
    CU_ASSERT_EQUAL(done.moved, 0);
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 429);
    ask_tear_down(&f);
}

static void a_tier_that_the_file_changes_counts_at_once(void)
{
    struct mock_reload_done done;
    struct lim_diag why;
    struct ask f;
    ask_set_up(&f, PROVIDER("", A "," B));
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 200);
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 429);
    CU_ASSERT_EQUAL(again(&f, PROVIDER("", "{\"name\":\"a\"}," B), &done, &why),
                    LIM_OK);
    CU_ASSERT_EQUAL(done.moved, 1);
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 200);
    ask_tear_down(&f);
}

/* A reply of ten tokens at $1000 a million is a cent, then at twice as much. */
static void prices_count_from_then_on(void)
{
    struct mock_reload_done done;
    struct lim_diag why;
    struct ask f;
    ask_set_up(&f, PROVIDER(GPT4_COSTS("1000"), A));
    CU_ASSERT_EQUAL(ask_tokens(&f, CHAT, HI, "10"), 200);
    CU_ASSERT_EQUAL(sim_provider_spent(f.api->provider, 0, f.now), 10000);
    CU_ASSERT_EQUAL(again(&f, PROVIDER(GPT4_COSTS("2000"), A), &done, &why),
                    LIM_OK);
    CU_ASSERT_EQUAL(ask_tokens(&f, CHAT, HI, "10"), 200);
    CU_ASSERT_EQUAL(sim_provider_spent(f.api->provider, 0, f.now), 30000);
    ask_tear_down(&f);
}

/* One that a hand moved stays where it is, if the file says the same. */
static void a_tier_that_a_hand_changed_stays(void)
{
    struct mock_reload_done done;
    struct lim_diag why;
    struct ask f;
    ask_set_up(&f, PROVIDER("", A "," B));
    CU_ASSERT_EQUAL(
        ask(&f, "/mock/orgs", "{\"organisation\":\"a\",\"tier\":\"tier1\"}"),
        200);
    CU_ASSERT_EQUAL(again(&f, PROVIDER("", A "," B), &done, &why), LIM_OK);
    CU_ASSERT_EQUAL(sim_provider_tier(f.api->provider, 0), LIM_TIER_1);
    ask_tear_down(&f);
}

/* Whatever the order in which the file has them. */
static void new_organisations_come_with_their_keys(void)
{
    struct mock_reload_done done;
    struct lim_diag why;
    struct ask f;
    ask_set_up(&f, PROVIDER("", A "," B));
    CU_ASSERT_EQUAL(chat_as(&f, "sk-mock-c-1"), 401);
    CU_ASSERT_EQUAL(
        again(&f,
              PROVIDER("", "{\"name\":\"c\",\"keys\":1,\"projects\":[{\"name\":"
                           "\"p\"}]},{\"name\":\"b\",\"tier\":\"tier1\","
                           "\"keys\":3}," A),
              &done, &why),
        LIM_OK);
    CU_ASSERT_EQUAL(done.added, 1);
    CU_ASSERT_EQUAL(chat_as(&f, "sk-mock-c-1"), 200);
    CU_ASSERT_EQUAL(chat_as(&f, "sk-mock-c-2"), 401);
    CU_ASSERT_EQUAL(chat_as(&f, "sk-mock-b-3"), 200);
    CU_ASSERT_EQUAL(chat_as(&f, "sk-mock-a-2"), 401);
    const struct mock_question q = {
        .method = ask_slice("POST"),
        .path = ask_slice(CHAT),
        .body = ask_slice(HI),
        .authorization = ask_slice("Bearer sk-mock-c-1"),
        .project = ask_slice("other"),
        .now = f.now,
    };
    CU_ASSERT_EQUAL(ask_question(&f, &q), 401);
    CU_ASSERT_TRUE(ask_says(&f, "invalid_project"));
    /* and once more: they are known now */
    CU_ASSERT_EQUAL(again(&f,
                          PROVIDER("", A "," B ",{\"name\":\"c\","
                                         "\"projects\":[{\"name\":\"p\"}]}"),
                          &done, &why),
                    LIM_OK);
    CU_ASSERT_EQUAL(done.added, 0);
    CU_ASSERT_EQUAL(chat_as(&f, "sk-mock-b-3"), 401);
    ask_tear_down(&f);
}

static void faults_latency_and_manner_are_new_at_once(void)
{
    struct mock_reload_done done;
    struct lim_diag why;
    struct ask f;
    ask_set_up(&f, PROVIDER("", A "," B));
    CU_ASSERT_EQUAL(ask(&f, "/mock/faults", "{\"http_500\": 1}"), 200);
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 500);
    CU_ASSERT_EQUAL(again(&f, PROVIDER("\"faults\":{\"http_503\":1},", A "," B),
                          &done, &why),
                    LIM_OK);
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 503);
    CU_ASSERT_EQUAL(ask(&f, "/mock/reset", "{}"), 200);
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 503);
    CU_ASSERT_EQUAL(again(&f,
                          "{\"table\":\"seed\",\"latency\":\"7s\",\"era\":"
                          "\"2022\",\"organisations\":[" A "," B "]}",
                          &done, &why),
                    LIM_OK);
    f.now += LIM_MIN;
    lim_time began = f.now;
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 200);
    CU_ASSERT_EQUAL(f.a.at, began + 7 * LIM_SEC);
    CU_ASSERT_EQUAL(f.api->config.manner.era, MOCK_ERA_2022);
    ask_tear_down(&f);
}

static void what_can_not_change_is_refused_whole(void)
{
    static const struct {
        const char *provider, *words;
    } rows[] = {
        { PROVIDER("", "{\"name\":\"a\",\"tier\":\"tier1\"}"),
          "organisation \"b\" is gone" },
        { PROVIDER("\"discipline\":\"fixed\",", A "," B), "\"discipline\"" },
        { PROVIDER("\"burst\":0.5,", A "," B), "\"burst\"" },
        { PROVIDER("\"quantum\":\"2s\",", A "," B), "\"quantum\"" },
        { PROVIDER("\"upgrades\":\"payment\",", A "," B), "\"upgrades\"" },
        { PROVIDER("\"charge\":{\"refused\":true},", A "," B), "\"charge\"" },
        { "{\"table\":\"official-2024-mid\",\"organisations\":[" A "," B "]}",
          "the table" },
        { "{\"table\":\"none\",\"organisations\":[" A "," B "]}", "the table" },
        { PROVIDER("", "{\"name\":\"a\",\"tier\":\"free\",\"paid\":\"$5\"}," B),
          "\"a\": payments" },
        { PROVIDER("", "{\"name\":\"a\",\"tier\":\"free\",\"payments\":[{"
                       "\"after\":\"1d\",\"amount\":\"$5\"}]}," B),
          "\"a\": payments" },
        { PROVIDER("", A ",{\"name\":\"b\",\"keys\":2,\"spent\":\"$1\"}"),
          "\"b\": \"spent\"" },
    };
    struct mock_reload_done done;
    struct lim_diag why;
    struct ask f;
    ask_set_up(&f, PROVIDER("", A "," B));
    for (size_t i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(again(&f, rows[i].provider, &done, &why), LIM_EINVAL);
        if (strstr(why.text, rows[i].words) == NULL)
            printf("\n%s: %s\n", rows[i].provider, why.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(why.text, rows[i].words));
        CU_ASSERT_EQUAL(sim_provider_tier(f.api->provider, 0), LIM_TIER_FREE);
    }
    ask_tear_down(&f);
}

#define PROJECTS(projects)                                                     \
    PROVIDER("", "{\"name\":\"a\",\"tier\":\"tier1\",\"keys\":1,\"projects\":" \
                 "[" projects "]}")
#define LIMITED(name, rpm)                                                     \
    "{\"name\":\"" name "\",\"limits\":{\"gpt-4\":{\"rpm\":" rpm "}}}"

static int chat_in(struct ask *f, const char *project)
{
    const struct mock_question q = {
        .method = ask_slice("POST"),
        .path = ask_slice(CHAT),
        .body = ask_slice(HI),
        .authorization = ask_slice("Bearer sk-mock-a-1"),
        .project = ask_slice(project),
        .now = f->now,
    };
    return ask_question(f, &q);
}

/* Units used stay used; of limits that go nothing is left. */
static void projects_come_and_change_their_limits(void)
{
    struct mock_reload_done done;
    struct lim_diag why;
    struct ask f;
    ask_set_up(&f, PROJECTS(LIMITED("p", "2") "," LIMITED("q", "1")));
    CU_ASSERT_EQUAL(chat_in(&f, "p"), 200);
    CU_ASSERT_EQUAL(chat_in(&f, "p"), 200);
    CU_ASSERT_EQUAL(chat_in(&f, "p"), 429);
    CU_ASSERT_EQUAL(chat_in(&f, "q"), 200);
    CU_ASSERT_EQUAL(chat_in(&f, "q"), 429);
    CU_ASSERT_EQUAL(chat_in(&f, "r"), 401);
    CU_ASSERT_EQUAL(again(&f,
                          PROJECTS(LIMITED(
                              "r", "1") ",{\"name\":\"q\"}," LIMITED("p", "3")),
                          &done, &why),
                    LIM_OK);
    CU_ASSERT_EQUAL(done.projects, 3);
    CU_ASSERT_EQUAL(chat_in(&f, "p"), 200);
    CU_ASSERT_EQUAL(chat_in(&f, "p"), 429);
    CU_ASSERT_EQUAL(chat_in(&f, "q"), 200);
    CU_ASSERT_EQUAL(chat_in(&f, "r"), 200);
    CU_ASSERT_EQUAL(chat_in(&f, "r"), 429);
    CU_ASSERT_EQUAL(again(&f,
                          PROJECTS("{\"name\":\"q\"}," LIMITED(
                              "p", "3") "," LIMITED("r", "1")),
                          &done, &why),
                    LIM_OK);
    CU_ASSERT_EQUAL(done.projects, 0);
    CU_ASSERT_EQUAL(chat_in(&f, "p"), 429);
    ask_tear_down(&f);
}

/* The first of an organisation: from then on its names hold. */
static void a_project_does_not_go(void)
{
    struct mock_reload_done done;
    struct lim_diag why;
    struct ask f;
    ask_set_up(&f, PROJECTS(""));
    CU_ASSERT_EQUAL(chat_in(&f, "anything"), 200);
    CU_ASSERT_EQUAL(again(&f, PROJECTS("{\"name\":\"p\"}"), &done, &why),
                    LIM_OK);
    CU_ASSERT_EQUAL(done.projects, 1);
    CU_ASSERT_EQUAL(chat_in(&f, "p"), 200);
    CU_ASSERT_EQUAL(chat_in(&f, "anything"), 401);
    CU_ASSERT_EQUAL(again(&f, PROJECTS(LIMITED("q", "1")), &done, &why),
                    LIM_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(why.text, "\"a\": project \"p\" is gone, and can not go"));
    CU_ASSERT_EQUAL(chat_in(&f, "q"), 401);
    CU_ASSERT_EQUAL(
        again(&f,
              PROJECTS("{\"name\":\"p\",\"limits\":{\"gpt-4\":{\"rpm\":0},"
                       "\"gpt-4-0613\":{\"rpm\":1}}}"),
              &done, &why),
        LIM_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "is in one group with"));
    CU_ASSERT_EQUAL(chat_in(&f, "p"), 200);
    ask_tear_down(&f);
}

static void an_ordered_answer_comes_as_often_as_ordered(void)
{
    struct ask f;
    ask_set_up(&f, PROVIDER("", A "," B));
    CU_ASSERT_EQUAL(ask(&f, "/mock/kinds", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f, "{\"kind\":\"cloudflare\",\"status\":429,"));
    CU_ASSERT_EQUAL(
        ask(&f, "/mock/next", "{\"kind\":\"cloudflare\",\"count\":2}"), 200);
    CU_ASSERT_EQUAL(ask(&f, "/mock/next",
                        "{\"kind\":\"unsupported_country\","
                        "\"organisation\":\"b\"}"),
                    200);
    CU_ASSERT_TRUE(ask_says(&f, "{\"kind\":\"unsupported_country\","
                                "\"organisation\":\"b\",\"count\":1}"));
    CU_ASSERT_EQUAL(chat_as(&f, "sk-mock-b-1"), 429);
    CU_ASSERT_TRUE(ask_says(&f, "error code: 1015"));
    CU_ASSERT_EQUAL(ask(&f, "/v1/models", ""), 429);
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 200);
    CU_ASSERT_EQUAL(chat_as(&f, "sk-mock-b-1"), 403);
    CU_ASSERT_EQUAL(chat_as(&f, "sk-mock-b-1"), 200);
    ask_tear_down(&f);
}

static void orders_are_refused_dropped_and_limited(void)
{
    struct ask f;
    ask_set_up(&f, PROVIDER("", A "," B));
    CU_ASSERT_EQUAL(ask(&f, "/mock/next", "{\"kind\":\"none such\"}"), 400);
    CU_ASSERT_TRUE(ask_says(&f, "/mock/kinds"));
    CU_ASSERT_EQUAL(ask(&f, "/mock/next", "{}"), 400);
    CU_ASSERT_EQUAL(ask(&f, "/mock/next",
                        "{\"kind\":\"slow_down\","
                        "\"organisation\":\"z\"}"),
                    400);
    CU_ASSERT_EQUAL(
        ask(&f, "/mock/next", "{\"kind\":\"slow_down\",\"count\":0}"), 400);
    CU_ASSERT_EQUAL(ask(&f, "/mock/next", ""), 200);
    CU_ASSERT_TRUE(ask_says(&f, "{\"next\":[]}"));
    for (int i = 0; i < MOCK_ORDERS_MAX; i++)
        CU_ASSERT_EQUAL(ask(&f, "/mock/next", "{\"kind\":\"slow_down\"}"), 200);
    CU_ASSERT_EQUAL(ask(&f, "/mock/next", "{\"kind\":\"slow_down\"}"), 400);
    CU_ASSERT_EQUAL(ask_as(&f, "", "DELETE", "/mock/next", ""), 200);
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 200);
    CU_ASSERT_EQUAL(ask(&f, "/mock/next", "{\"kind\":\"slow_down\"}"), 200);
    CU_ASSERT_EQUAL(ask(&f, "/mock/reset", "{}"), 200);
    CU_ASSERT_EQUAL(ask(&f, CHAT, HI), 200);
    ask_tear_down(&f);
}

CU_TestInfo reload_tests[] = {
    { "what is used stays", what_is_used_stays },
    { "a tier that the file changes counts at once",
      a_tier_that_the_file_changes_counts_at_once },
    { "prices count from then on", prices_count_from_then_on },
    { "a tier that a hand changed stays", a_tier_that_a_hand_changed_stays },
    { "new organisations come with their keys",
      new_organisations_come_with_their_keys },
    { "faults, latency and manner are new at once",
      faults_latency_and_manner_are_new_at_once },
    { "what can not change is refused whole",
      what_can_not_change_is_refused_whole },
    { "projects come and change their limits",
      projects_come_and_change_their_limits },
    { "a project does not go", a_project_does_not_go },
    { "an ordered answer comes as often as ordered",
      an_ordered_answer_comes_as_often_as_ordered },
    { "orders are refused, dropped and limited",
      orders_are_refused_dropped_and_limited },
    CU_TEST_INFO_NULL
};
