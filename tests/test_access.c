/* Payments and projects in the configuration, and projects behind the API. */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define CHAT "/v1/chat/completions"

/* Asks for 100 tokens or so in the name of a project. */
static int ask_in(struct ask *f, const char *key, const char *project,
                  const char *model)
{
    char body[200];
    snprintf(body, sizeof body,
             "{\"model\":\"%s\",\"max_tokens\":95,\"messages\":"
             "[{\"role\":\"user\",\"content\":\"Hello\"}]}",
             model);
    const struct mock_question q = {
        .method = ask_slice("POST"),
        .path = ask_slice(CHAT),
        .body = ask_slice(body),
        .authorization = ask_slice(key),
        .project = ask_slice(project),
        .now = f->now,
    };
    return ask_question(f, &q);
}

#define ONE "Bearer sk-mock-one-1"
#define TWO "Bearer sk-mock-two-1"
#define SHARES                                                                 \
    "{\"table\":\"official-2024-mid\",\"latency\":\"none\","                   \
    "\"organisations\":[{\"name\":\"one\",\"projects\":["                      \
    "{\"name\":\"web\",\"limits\":{\"gpt-4o\":{\"rpm\":2,\"tpm\":\"1k\"},"     \
    "\"gpt-4\":{\"rpm\":0}}},"                                                 \
    "{\"name\":\"jobs\"}]},{\"name\":\"two\"}]}"

static void a_header_names_the_project(void)
{
    struct ask f;
    ask_set_up(&f, SHARES);
    CU_ASSERT_EQUAL(ask_in(&f, ONE, "web", "gpt-4o"), 200);
    CU_ASSERT_TRUE(ask_header(&f, "openai-organization: one\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "openai-project: web\r\n"));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-limit-tokens: 30000\r\n"));
    CU_ASSERT_TRUE(
        ask_header(&f, "x-ratelimit-limit-project-tokens: 1000\r\n"));
    CU_ASSERT_EQUAL(ask_in(&f, ONE, "web", "gpt-4o"), 200);
    CU_ASSERT_EQUAL(ask_in(&f, ONE, "web", "gpt-4o"), 429);
    CU_ASSERT_TRUE(ask_says(&f, "Limit 2, Used 2, Requested 1. Please try "
                                "again in 30s."));
    CU_ASSERT_EQUAL(ask_in(&f, ONE, "jobs", "gpt-4o"), 200);
    CU_ASSERT_TRUE(ask_header(&f, "openai-project: jobs\r\n"));
    CU_ASSERT_FALSE(ask_header(&f, "project-tokens"));
    CU_ASSERT_EQUAL(ask_in(&f, ONE, NULL, "gpt-4o"), 200);
    CU_ASSERT_FALSE(ask_header(&f, "openai-project"));
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-remaining-requests: 496\r\n"));
    f.now += 30 * LIM_SEC;
    CU_ASSERT_EQUAL(ask_in(&f, ONE, "web", "gpt-4o"), 200);
    ask_tear_down(&f);
}

static void a_project_may_be_without_a_model(void)
{
    struct ask f;
    ask_set_up(&f, SHARES);
    CU_ASSERT_EQUAL(ask_in(&f, ONE, "web", "gpt-4"), 403);
    CU_ASSERT_TRUE(ask_says(&f, "web"));
    CU_ASSERT_EQUAL(ask_in(&f, ONE, "web", "gpt-9"), 404);
    CU_ASSERT_EQUAL(ask_in(&f, ONE, "jobs", "gpt-4"), 200);
    CU_ASSERT_EQUAL(ask_in(&f, ONE, NULL, "gpt-4"), 200);
    ask_tear_down(&f);
}

static void an_unknown_project_is_refused(void)
{
    struct ask f;
    char longest[400];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const names[] = { "we", "webs", "/web", "WEB", longest };
    ask_set_up(&f, SHARES);
    for (size_t i = 0; i < COUNT(names); i++) {
        CU_ASSERT_EQUAL(ask_in(&f, ONE, names[i], "gpt-4o"), 401);
        CU_ASSERT_TRUE(ask_says(&f, "\"invalid_project\""));
        CU_ASSERT_FALSE(ask_header(&f, "openai-organization"));
        CU_ASSERT_FALSE(ask_header(&f, "ratelimit"));
    }
    /* Whoever has none configured takes all, and nobody has another's. */
    CU_ASSERT_EQUAL(ask_in(&f, TWO, "web", "gpt-4o"), 200);
    CU_ASSERT_FALSE(ask_header(&f, "openai-project"));
    CU_ASSERT_FALSE(ask_header(&f, "project-tokens"));
    CU_ASSERT_EQUAL(ask_in(&f, ONE, "", "gpt-4o"), 200);
    ask_tear_down(&f);
}

static void a_key_does_not_name_a_project(void)
{
    static const char *const keys[] = { "Bearer sk-mock-one/web-1",
                                        "Bearer sk-mock-one/-1",
                                        "Bearer sk-mock-one.web-1",
                                        "Bearer sk-mock-web-1" };
    struct ask f;
    ask_set_up(&f, SHARES);
    for (size_t i = 0; i < COUNT(keys); i++)
        CU_ASSERT_EQUAL(ask_in(&f, keys[i], "web", "gpt-4o"), 401);
    ask_tear_down(&f);
}

static void any_key_takes_any_project(void)
{
    struct ask f;
    ask_set_up_any(&f, "seed", LIM_TIER_1, false);
    CU_ASSERT_EQUAL(ask_in(&f, "Bearer sk-test", "proj_x", "gpt-4"), 200);
    ask_tear_down(&f);
}

/* gpt-4o is there from tier1 on, which is paid for 1 s after the start. */
static void an_upgrade_is_seen_at_its_instant(void)
{
    struct ask f;
    ask_set_up(&f, "{\"table\":\"official-2024-mid\",\"latency\":\"none\","
                   "\"organisations\":[{\"name\":\"one\",\"tier\":\"free\","
                   "\"payments\":[{\"after\":\"1s\",\"amount\":\"$5\"}]}]}");
    f.now += LIM_SEC - 1;
    CU_ASSERT_EQUAL(ask_in(&f, ONE, NULL, "gpt-4o"), 404);
    f.now += 1;
    CU_ASSERT_EQUAL(ask_in(&f, ONE, NULL, "gpt-4o"), 200);
    CU_ASSERT_TRUE(ask_header(&f, "x-ratelimit-limit-requests: 500\r\n"));
    ask_tear_down(&f);
}

static int read_config(struct mock_config *c, const char *text,
                       struct lim_diag *d)
{
    struct mock_json j;
    int error = LIM_OK;
    cJSON *value = mock_json_parse(text, strlen(text), d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    mock_config_init(c);
    mock_json_open(&j, value, "provider", &error, d);
    mock_config_read(c, &j, NULL);
    cJSON_Delete(value);
    return error;
}

static void payments_and_projects_are_read(void)
{
    static const char text[] =
        "{\"upgrades\":\"payment\",\"organisations\":[{\"name\":\"a\","
        "\"count\":2,\"payments\":[{\"after\":\"7d\",\"amount\":\"$50\"},"
        "{\"after\":\"7d\",\"amount\":1}],\"projects\":[{\"name\":\"web\","
        "\"limits\":{\"gpt-4o\":{\"rpm\":1,\"rpd\":2,\"tpm\":\"3k\","
        "\"tpd\":4,\"ipm\":5},\"gpt-4\":{}}}]},{\"name\":\"b\"}]}";
    struct mock_config c;
    struct lim_diag d = { 0 };
    CU_ASSERT_EQUAL_FATAL(read_config(&c, text, &d), LIM_OK);
    CU_ASSERT_EQUAL(c.provider.upgrades, SIM_UPGRADES_ON_PAYMENT);
    CU_ASSERT_EQUAL_FATAL(c.provider.organisation_count, 3);
    for (int i = 0; i < 2; i++) {
        const struct sim_organisation *o = &c.provider.organisations[i];
        CU_ASSERT_EQUAL_FATAL(o->payment_count, 2);
        CU_ASSERT_EQUAL(o->payments[0].after_ns, 7 * LIM_DAY);
        CU_ASSERT_EQUAL(o->payments[0].microusd, 50000000);
        CU_ASSERT_EQUAL(o->payments[1].microusd, 1000000);
        CU_ASSERT_EQUAL_FATAL(o->project_count, 1);
        CU_ASSERT_STRING_EQUAL(o->projects[0].name, "web");
        CU_ASSERT_EQUAL_FATAL(o->projects[0].limit_count, 2);
        const struct sim_project_limit *l = o->projects[0].limits;
        CU_ASSERT_STRING_EQUAL(l[0].model, "gpt-4o");
        static const int64_t wanted[] = { 1, 2, 3000, 4, 5 };
        for (int k = 0; k < LIM_WINDOWS; k++) {
            CU_ASSERT_EQUAL(l[0].limits.max[k], wanted[k]);
            CU_ASSERT_EQUAL(l[1].limits.max[k], LIM_UNLIMITED);
        }
    }
    CU_ASSERT_EQUAL(c.provider.organisations[2].payment_count, 0);
    CU_ASSERT_EQUAL(c.provider.organisations[2].project_count, 0);
    mock_config_fini(&c);
}

#define A "{\"organisations\":[{\"name\":\"a\","
#define WEB A "\"projects\":[{\"name\":\"web\","

static void what_is_wrong_is_said_with_its_place(void)
{
    const struct {
        const char *text, *reason;
    } rows[] = {
        { A "\"payments\":{}}]}",
          "provider.organisations[0].payments: expected a list of at most" },
        { A "\"payments\":[{\"amount\":\"$0\"}]}]}",
          "provider.organisations[0].payments[0].amount: expected an amount" },
        { A "\"payments\":[{\"after\":\"1d\",\"amount\":1},"
            "{\"after\":\"1h\",\"amount\":1}]}]}",
          "payments[1].after: comes before the payment listed before" },
        { A "\"payments\":[{\"amount\":1,\"at\":\"1d\"}]}]}",
          "payments[0].at: unknown key" },
        { A "\"projects\":[{}]}]}",
          "provider.organisations[0].projects[0].name: is missing" },
        { A "\"projects\":[{\"name\":\"a/b\"}]}]}",
          "projects[0].name: expected 1 to 100 characters" },
        { A "\"projects\":[{\"name\":\"x\"},{\"name\":\"x\"}]}]}",
          "projects[1].name: two projects are named \"x\"" },
        { WEB "\"limits\":[]}]}]}",
          "projects[0].limits: found a list, expected an object" },
        { WEB "\"limits\":{\"gpt-99\":{}}}]}]}",
          "projects[0].limits.gpt-99: table \"current\" has no such model" },
        { WEB "\"limits\":{\"gpt-4o\":{\"rmp\":1}}}]}]}",
          "limits.gpt-4o.rmp: unknown key (valid: rpm rpd tpm tpd ipm)" },
        { WEB "\"limits\":{\"gpt-4o\":{\"rpm\":-1}}}]}]}",
          "limits.gpt-4o.rpm: found -1, expected a whole number from 0" },
        { WEB "\"limit\":{}}]}]}", "did you mean \"limits\"?" },
        { "{\"upgrades\":\"never\"}", "provider.upgrades: \"never\" is not" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mock_config c;
        struct lim_diag d = { 0 };
        CU_ASSERT_NOT_EQUAL(read_config(&c, rows[i].text, &d), LIM_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(d.text, rows[i].reason));
        if (strstr(d.text, rows[i].reason) == NULL)
            printf("%s\n", d.text);
        mock_config_fini(&c);
    }
}

CU_TestInfo access_tests[] = {
    { "a header names the project", a_header_names_the_project },
    { "a project may be without a model", a_project_may_be_without_a_model },
    { "an unknown project is refused", an_unknown_project_is_refused },
    { "a key does not name a project", a_key_does_not_name_a_project },
    { "any key takes any project", any_key_takes_any_project },
    { "an upgrade is seen at its instant", an_upgrade_is_seen_at_its_instant },
    { "payments and projects are read", payments_and_projects_are_read },
    { "what is wrong is said with its place",
      what_is_wrong_is_said_with_its_place },
    CU_TEST_INFO_NULL
};
