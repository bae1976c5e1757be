#define _GNU_SOURCE

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/accounts.h"
#include "bench/transport.h"

#define SECRET "sk-test-0123456789abcdef"

static const struct sim_organisation one[] = {
    { .name = "org", .keys = 1 },
};

static const struct sim_organisation two[] = {
    { .name = "free-1", .keys = 2 },
    { .name = "free-2", .keys = 3 },
};

static struct sim_provider_config provider(const struct sim_organisation *o,
                                           size_t count)
{
    return (struct sim_provider_config){ .organisations = o,
                                         .organisation_count = count };
}

static void mock_keys_are_named_by_organisation(void)
{
    struct sim_provider_config p = provider(two, 2);
    struct lim_diag diag;
    struct bench_accounts *a = bench_accounts_mock(&p, &diag);

    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_EQUAL(bench_accounts_organisations(a), 2);
    const struct bench_credential *c = bench_accounts_key(a, 1, 2);
    CU_ASSERT_STRING_EQUAL(c->lines[0],
                           "Authorization: Bearer sk-mock-free-2-3");
    CU_ASSERT_PTR_NULL(c->lines[1]);
    CU_ASSERT_PTR_NULL(c->base_url);
    bench_accounts_free(a);
}

static void few_keys_take_turns(void)
{
    struct sim_provider_config p = provider(two, 2);
    struct lim_diag diag;
    struct bench_accounts *a = bench_accounts_mock(&p, &diag);

    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_PTR_EQUAL(bench_accounts_key(a, 0, 0),
                        bench_accounts_key(a, 0, 2));
    bench_accounts_free(a);
}

static void clear_environment(void)
{
    unsetenv("OPENAI_API_KEY");
    unsetenv("OPENAI_ORG_ID");
    unsetenv("OPENAI_PROJECT_ID");
    unsetenv("OPENAI_BASE_URL");
}

static void the_environment_is_honoured(void)
{
    struct sim_provider_config p = provider(one, 1);
    struct lim_diag diag;

    clear_environment();
    CU_ASSERT_STRING_EQUAL(bench_accounts_default_url(),
                           "https://api.openai.com/v1");
    setenv("OPENAI_API_KEY", SECRET, 1);
    setenv("OPENAI_ORG_ID", "org-test", 1);
    setenv("OPENAI_PROJECT_ID", "proj_test", 1);
    setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1", 1);
    struct bench_accounts *a = bench_accounts_environment(&p, &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    const struct bench_credential *c = bench_accounts_key(a, 0, 0);
    CU_ASSERT_STRING_EQUAL(c->lines[0], "Authorization: Bearer " SECRET);
    CU_ASSERT_STRING_EQUAL(c->lines[1], "OpenAI-Organization: org-test");
    CU_ASSERT_STRING_EQUAL(c->lines[2], "OpenAI-Project: proj_test");
    CU_ASSERT_PTR_NULL(c->lines[3]);
    CU_ASSERT_STRING_EQUAL(bench_accounts_default_url(),
                           "http://127.0.0.1:1/v1");
    bench_accounts_free(a);
    clear_environment();
}

static void a_missing_or_broken_key_is_told(void)
{
    struct sim_provider_config p = provider(one, 1);
    struct lim_diag diag;

    clear_environment();
    CU_ASSERT_PTR_NULL(bench_accounts_environment(&p, &diag));
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "OPENAI_API_KEY"));
    setenv("OPENAI_API_KEY", SECRET "\r\nX-Evil: 1", 1);
    CU_ASSERT_PTR_NULL(bench_accounts_environment(&p, &diag));
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "OPENAI_API_KEY"));
    CU_ASSERT_PTR_NULL(strstr(diag.text, "0123456789"));
    clear_environment();
}

static void one_key_is_one_organisation(void)
{
    struct sim_provider_config p = provider(two, 2);
    struct lim_diag diag;

    setenv("OPENAI_API_KEY", SECRET, 1);
    CU_ASSERT_PTR_NULL(bench_accounts_environment(&p, &diag));
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "2 organisations"));
    clear_environment();
}

/* Reads accounts from a text that is put into a file. */
static struct bench_accounts *read_text(const char *text,
                                        const struct sim_provider_config *p,
                                        struct lim_diag *diag)
{
    char path[] = "/tmp/tierlab-accounts-XXXXXX";
    int fd = mkstemp(path);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
    struct bench_accounts *a = bench_accounts_read(path, p, diag);
    unlink(path);
    return a;
}

static void accounts_are_grouped_by_organisation(void)
{
    struct sim_provider_config p = provider(two, 2);
    struct lim_diag diag = { 0 };

    setenv("TIERLAB_TEST_A", "sk-test-a", 1);
    setenv("TIERLAB_TEST_B", "sk-test-b", 1);
    struct bench_accounts *a = read_text(
        "{\"endpoints\": [{\"name\": \"here\","
        " \"base_url\": \"http://127.0.0.1:1/v1\"},"
        " {\"name\": \"there\", \"base_url\": \"http://127.0.0.1:2/v1\"}],"
        " \"accounts\": ["
        " {\"name\": \"a\", \"organisation\": \"free-2\","
        "  \"endpoint\": \"there\", \"key_env\": \"TIERLAB_TEST_A\","
        "  \"tier\": \"tier1\", \"limits\": {\"gpt-4o\": {\"rpm\": \"1k\",\n"
        "  \"tpm\": \"100000/30d\"}}},"
        " {\"name\": \"free-1\", \"key_env\": \"TIERLAB_TEST_B\"},"
        " {\"name\": \"c\", \"organisation\": \"free-2\","
        "  \"project\": \"proj_x\", \"key_env\": \"TIERLAB_TEST_B\"}]}",
        &p, &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    const struct bench_credential *c = bench_accounts_key(a, 1, 0);
    CU_ASSERT_STRING_EQUAL(c->lines[0], "Authorization: Bearer sk-test-a");
    CU_ASSERT_STRING_EQUAL(c->base_url, "http://127.0.0.1:2/v1");
    CU_ASSERT_PTR_NULL(c->lines[1]);
    c = bench_accounts_key(a, 1, 1);
    CU_ASSERT_STRING_EQUAL(c->lines[0], "Authorization: Bearer sk-test-b");
    CU_ASSERT_STRING_EQUAL(c->lines[1], "OpenAI-Project: proj_x");
    CU_ASSERT_PTR_NULL(c->base_url);
    c = bench_accounts_key(a, 0, 1);
    CU_ASSERT_STRING_EQUAL(c->lines[0], "Authorization: Bearer sk-test-b");
    bench_accounts_free(a);
}

static void one_organisation_needs_no_name(void)
{
    struct sim_provider_config p = provider(one, 1);
    struct lim_diag diag = { 0 };

    setenv("TIERLAB_TEST_A", "sk-test-a", 1);
    struct bench_accounts *a = read_text("{\"accounts\": [{\"name\": \"x\","
                                         " \"organisation\": \"org-abc\","
                                         " \"key_env\": \"TIERLAB_TEST_A\"}]}",
                                         &p, &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_STRING_EQUAL(bench_accounts_key(a, 0, 0)->lines[1],
                           "OpenAI-Organization: org-abc");
    bench_accounts_free(a);
}

/* Where a request goes, and what its body calls the model. */
static void each_dialect_has_its_addresses(void)
{
    static const struct {
        const char *endpoint, *path, *url;
    } rows[] = {
        { "\"base_url\": \"https://x/v1\"", "/embeddings",
          "https://x/v1/embeddings" },
        { "\"base_url\": \"https://x/v1/\", \"dialect\": \"openai\"",
          "/embeddings", "https://x/v1/embeddings" },
        { "\"base_url\": \"https://x\", \"dialect\": \"azure\","
          " \"api_version\": \"2024-10-21\"",
          "/chat/completions",
          "https://x/openai/deployments/mine/chat/completions"
          "?api-version=2024-10-21" },
        { "\"base_url\": \"https://x/openai/\", \"dialect\": \"azure\","
          " \"api_version\": \"2025-04-01-preview\"",
          "/responses",
          "https://x/openai/responses?api-version=2025-04-01-preview" },
        { "\"base_url\": \"https://x\", \"dialect\": \"azure\"",
          "/chat/completions", "https://x/openai/v1/chat/completions" },
        { "\"base_url\": \"https://x/openai/v1\", \"dialect\": \"azure\"",
          "/chat/completions", "https://x/openai/v1/chat/completions" },
    };
    struct sim_provider_config p = provider(one, 1);
    setenv("TIERLAB_TEST_A", "sk-test-a", 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[500];
        struct lim_diag diag = { 0 };
        static struct bench_transfer x;
        snprintf(text, sizeof text,
                 "{\"endpoints\": [{\"name\": \"e\", %s}], \"accounts\":"
                 " [{\"name\": \"a\", \"key_env\": \"TIERLAB_TEST_A\","
                 " \"models\": {\"gpt-4o\": \"mine\"}}]}",
                 rows[i].endpoint);
        struct bench_accounts *a = read_text(text, &p, &diag);
        CU_ASSERT_PTR_NOT_NULL_FATAL(a);
        const struct bench_credential *c = bench_accounts_key(a, 0, 0);
        CU_ASSERT_STRING_EQUAL(c->lines[0],
                               c->azure ? "api-key: sk-test-a"
                                        : "Authorization: Bearer sk-test-a");
        x.body.length = 0;
        bench_buffer_add(&x.body, "{\"model\":\"gpt-4o\",\"n\":1}", 24);
        CU_ASSERT_TRUE(bench_accounts_address(c, "http://default/v1",
                                              rows[i].path, "gpt-4o", &x));
        CU_ASSERT_STRING_EQUAL(x.url, rows[i].url);
        CU_ASSERT_STRING_EQUAL(x.body.data, "{\"model\":\"mine\",\"n\":1}");
        CU_ASSERT_PTR_NULL(bench_accounts_model(c, "gpt-4"));
        bench_buffer_fini(&x.body);
        bench_accounts_free(a);
    }
}

/* What is wrong with a file, and a word of the message that tells it. */
static void broken_files_are_told_without_keys(void)
{
    static const struct {
        const char *text, *word;
    } rows[] = {
        { "{", "1" },
        { "[]", "object" },
        { "{\"accounts\": []}", "accounts" },
        { "{\"accounts\": \"" SECRET "\"}", "accounts" },
        { "{\"accounts\": [\"" SECRET "\"]}", "accounts[0]" },
        { "{\"accounts\": [{\"name\": \"a\"}]}", "key_env" },
        { "{\"accounts\": [{\"name\": \"a\", \"key\": \"" SECRET "\"}]}",
          "key_env" },
        { "{\"accounts\": [{\"name\": \"a\", \"key_env\": \"" SECRET "\"}]}",
          "key_env" },
        { "{\"accounts\": [{\"name\": \"a\", \"key_file\": \"" SECRET "\"}]}",
          "key_file" },
        { "{\"accounts\": [{\"name\": \"a\", \"" SECRET "\": 1,"
          " \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "unknown key" },
        { "{\"accounts\": [{\"name\": \"a\", \"tier\": \"tire1\","
          " \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "tier1" },
        { "{\"accounts\": [{\"name\": \"a\", \"endpoint\": \"e\","
          " \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "endpoint" },
        { "{\"endpoints\": [{\"name\": \"e\", \"base_url\": \"ftp://x\"}],"
          " \"accounts\": [{\"name\": \"a\","
          " \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "http://" },
        { "{\"accounts\": [{\"name\": \"a\","
          " \"limits\": {\"gpt-4o\": {\"rpm\": -1}},"
          " \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "limits.gpt-4o.rpm" },
        { "{\"endpoints\": [{\"name\": \"e\", \"base_url\": \"http://x\","
          " \"dialect\": \"asure\"}], \"accounts\": [{\"name\": \"a\","
          " \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "azure" },
        { "{\"endpoints\": [{\"name\": \"e\", \"base_url\": \"http://x\","
          " \"api_version\": \"1\"}], \"accounts\": [{\"name\": \"a\","
          " \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "only Azure" },
        { "{\"accounts\": [{\"name\": \"a\", \"models\": {\"gpt-4o\": \"a/b\"},"
          " \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "accounts[0].models" },
        { "{\"accounts\": [{\"name\": \"a\", \"models\": [\"gpt-4o\"],"
          " \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "accounts[0].models" },
        { "{\"accounts\": [{\"name\": \"a\", \"organisation\": \"a b\","
          " \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "organisation" },
        { "{\"accounts\": [{\"key_env\": \"TIERLAB_TEST_A\"}]}", "name" },
        { "{\"accounts\": [{\"name\": \"b\","
          " \"key_env\": \"TIERLAB_TEST_A\"},"
          " {\"name\": \"c\", \"key_env\": \"TIERLAB_TEST_A\"}]}",
          "\"org\"" },
    };
    struct sim_provider_config p = provider(one, 1);

    setenv("TIERLAB_TEST_A", SECRET, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_diag diag = { 0 };
        CU_ASSERT_PTR_NULL(read_text(rows[i].text, &p, &diag));
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, rows[i].word));
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "/tmp/tierlab-accounts-"));
        CU_ASSERT_PTR_NULL(strstr(diag.text, "0123456789"));
        if (strstr(diag.text, rows[i].word) == NULL)
            printf("row %zu: %s\n", i, diag.text);
    }
}

static void a_missing_file_is_told(void)
{
    struct sim_provider_config p = provider(one, 1);
    struct lim_diag diag = { 0 };

    CU_ASSERT_PTR_NULL(
        bench_accounts_read("/nonexistent/accounts.json", &p, &diag));
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "/nonexistent/accounts.json"));
}

static void keys_come_from_files(void)
{
    char folder[] = "/tmp/tierlab-keys-XXXXXX";
    char accounts[64], key[64];
    struct sim_provider_config p = provider(one, 1);
    struct lim_diag diag = { 0 };

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(accounts, sizeof accounts, "%s/accounts.json", folder);
    snprintf(key, sizeof key, "%s/key", folder);
    FILE *out = fopen(key, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(SECRET "\n", out);
    fclose(out);
    out = fopen(accounts, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs("{\"accounts\": [{\"name\": \"a\", \"key_file\": \"key\"}]}", out);
    fclose(out);
    struct bench_accounts *a = bench_accounts_read(accounts, &p, &diag);
    CU_ASSERT_PTR_NOT_NULL(a);
    if (a != NULL)
        CU_ASSERT_STRING_EQUAL(bench_accounts_key(a, 0, 0)->lines[0],
                               "Authorization: Bearer " SECRET);
    bench_accounts_free(a);
    unlink(accounts);
    unlink(key);
    rmdir(folder);
}

CU_TestInfo accounts_tests[] = {
    { "mock keys are named by organisation",
      mock_keys_are_named_by_organisation },
    { "few keys take turns", few_keys_take_turns },
    { "the environment is honoured", the_environment_is_honoured },
    { "a missing or broken key is told", a_missing_or_broken_key_is_told },
    { "one key is one organisation", one_key_is_one_organisation },
    { "accounts are grouped by organisation",
      accounts_are_grouped_by_organisation },
    { "one organisation needs no name", one_organisation_needs_no_name },
    { "each dialect has its addresses", each_dialect_has_its_addresses },
    { "broken files are told without keys",
      broken_files_are_told_without_keys },
    { "a missing file is told", a_missing_file_is_told },
    { "keys come from files", keys_come_from_files },
    CU_TEST_INFO_NULL
};
