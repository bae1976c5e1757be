#define _DEFAULT_SOURCE

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mockserver/config.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static int read_config(struct mock_config *c, const char *text,
                       const char *folder, struct lim_diag *d)
{
    struct mock_json j;
    int error = LIM_OK;
    cJSON *value = mock_json_parse(text, strlen(text), d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    mock_config_init(c);
    mock_json_open(&j, value, "provider", &error, d);
    mock_config_read(c, &j, folder);
    cJSON_Delete(value);
    return error;
}

static void defaults_are_the_contracts(void)
{
    struct mock_config c;
    struct lim_diag d = { 0 };
    CU_ASSERT_EQUAL(read_config(&c, "{}", NULL, &d), LIM_OK);
    CU_ASSERT_STRING_EQUAL(d.text, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.table);
    CU_ASSERT_PTR_EQUAL(c.provider.table, c.table);
    CU_ASSERT_STRING_EQUAL(lim_table_name(c.table), "current");
    CU_ASSERT_EQUAL_FATAL(c.provider.organisation_count, 1);
    const struct sim_organisation *o = &c.provider.organisations[0];
    CU_ASSERT_STRING_EQUAL(o->name, "org");
    CU_ASSERT_EQUAL(o->tier, LIM_TIER_1);
    CU_ASSERT_EQUAL(o->keys, 1);
    CU_ASSERT_EQUAL(o->first_payment_days_ago, -1);
    CU_ASSERT_DOUBLE_EQUAL(c.provider.burst, 1.0, 0);
    CU_ASSERT_FALSE(c.provider.charge.refused);
    CU_ASSERT_TRUE(c.provider.charge.bad_request);
    CU_ASSERT_FALSE(c.provider.charge.settle);
    CU_ASSERT_EQUAL(c.provider.latency_source, SIM_LATENCY_PROFILE);
    CU_ASSERT_EQUAL(c.provider.start, lim_date(2026, 1, 1));
    mock_config_fini(&c);
}

static void a_count_makes_numbered_organisations(void)
{
    struct mock_config c;
    struct lim_diag d = { 0 };
    const char *text =
        "{\"table\": \"seed\", \"organisations\": ["
        "{\"name\": \"free\", \"tier\": \"free\", \"count\": 5, \"keys\": 4},"
        "{\"name\": \"big\", \"tier\": \"tier5\", \"paid\": \"$1k\","
        " \"first_payment_days_ago\": 30, \"spent\": 12.5}],"
        "\"burst\": \"10%\", \"discipline\": \"bucket\", \"charge\":"
        "{\"refused\": true, \"bad_request\": false, \"settle\": true},"
        "\"start\": \"2026-02-03\"}";
    CU_ASSERT_EQUAL(read_config(&c, text, NULL, &d), LIM_OK);
    CU_ASSERT_EQUAL_FATAL(c.provider.organisation_count, 6);
    const struct sim_organisation *o = c.provider.organisations;
    CU_ASSERT_STRING_EQUAL(o[0].name, "free-1");
    CU_ASSERT_STRING_EQUAL(o[4].name, "free-5");
    CU_ASSERT_EQUAL(o[4].tier, LIM_TIER_FREE);
    CU_ASSERT_EQUAL(o[4].keys, 4);
    CU_ASSERT_STRING_EQUAL(o[5].name, "big");
    CU_ASSERT_EQUAL(o[5].tier, LIM_TIER_5);
    CU_ASSERT_EQUAL(o[5].paid_microusd, 1000000000);
    CU_ASSERT_EQUAL(o[5].first_payment_days_ago, 30);
    CU_ASSERT_EQUAL(o[5].spent_microusd, 12500000);
    CU_ASSERT_DOUBLE_EQUAL(c.provider.burst, 0.1, 0);
    CU_ASSERT_TRUE(c.provider.charge.refused);
    CU_ASSERT_FALSE(c.provider.charge.bad_request);
    CU_ASSERT_TRUE(c.provider.charge.settle);
    CU_ASSERT_EQUAL(c.provider.start, lim_date(2026, 2, 3));
    mock_config_fini(&c);
}

static void limits_of_projects_may_have_windows_of_their_own(void)
{
    const char *text = "{\"organisations\": [{\"name\": \"a\", \"projects\":"
                       " [{\"name\": \"p\", \"limits\": {\"gpt-4o\": {"
                       "\"rpm\": 3, \"tpm\": \"100k/30d\", \"rpd\": \"1k\","
                       " \"ipm\": 0}}}]}]}";
    struct mock_config c;
    struct lim_diag d = { 0 };
    CU_ASSERT_EQUAL_FATAL(read_config(&c, text, NULL, &d), LIM_OK);
    const struct sim_project *p = c.provider.organisations[0].projects;
    const struct lim_limits *l = &p->limits[0].limits;
    CU_ASSERT_EQUAL(p->limit_count, 1);
    CU_ASSERT_EQUAL(l->max[LIM_RPM], 3);
    CU_ASSERT_EQUAL(l->max[LIM_RPD], 1000);
    CU_ASSERT_EQUAL(l->max[LIM_TPM], 100000);
    CU_ASSERT_EQUAL(l->max[LIM_TPD], LIM_UNLIMITED);
    CU_ASSERT_EQUAL(l->max[LIM_IPM], 0);
    CU_ASSERT_EQUAL(lim_limits_window(l, LIM_RPM), LIM_MIN);
    CU_ASSERT_EQUAL(lim_limits_window(l, LIM_TPM), 30 * LIM_DAY);
    mock_config_fini(&c);
}

static void disciplines_go_by_name(void)
{
    struct mock_config c;
    struct lim_diag d = { 0 };
    char text[100];
    CU_ASSERT_EQUAL(read_config(&c, "{}", NULL, &d), LIM_OK);
    CU_ASSERT_EQUAL(c.provider.discipline, LIM_DISCIPLINE_BUCKET);
    CU_ASSERT_EQUAL(c.provider.quantum_ns, LIM_SEC);
    mock_config_fini(&c);
    for (int i = 0; i < LIM_DISCIPLINES; i++) {
        enum lim_discipline discipline = (enum lim_discipline)i;
        snprintf(text, sizeof text,
                 "{\"discipline\": \"%s\", \"quantum\": \"500ms\"}",
                 lim_discipline_name(discipline));
        CU_ASSERT_EQUAL(read_config(&c, text, NULL, &d), LIM_OK);
        CU_ASSERT_EQUAL(c.provider.discipline, discipline);
        CU_ASSERT_EQUAL(c.provider.quantum_ns, 500 * LIM_MSEC);
        mock_config_fini(&c);
    }
}

/* What is left out is as the list has it: gpt-4o costs $2.50 and $10 there, and
   makes no images. */
static void prices_come_before_those_of_the_list(void)
{
    static const struct {
        const char *model;
        int64_t input, output, image, context;
    } rows[] = {
        { "gpt-4o", 1250000, 10000000, -1, 128000 },
        { "gpt-4o-2024-08-06", 1250000, 10000000, -1, 128000 },
        { "gpt-4o-mini", 150000, 600000, -1, 128000 },
        { "my-model", 250000, -1, 40000, -1 },
        { "gpt-3.5-turbo", 500000, 0, -1, 16385 },
    };
    const char *text = "{\"table\": \"none\", \"prices\": {\"my-model\":"
                       " {\"input\": 0.25, \"image\": \"$0.04\"},"
                       " \"gpt-4o\": {\"input\": \"$1.25\"},"
                       " \"gpt-3.5-turbo\": {\"output\": 0}}}";
    struct mock_config c;
    CU_ASSERT_EQUAL_FATAL(read_config(&c, text, NULL, NULL), LIM_OK);
    CU_ASSERT_EQUAL(c.provider.prices.count, 3);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct lim_price *p =
            lim_prices_find(&c.provider.prices, rows[i].model);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_EQUAL(p->input_microusd_per_mtok, rows[i].input);
        CU_ASSERT_EQUAL(p->output_microusd_per_mtok, rows[i].output);
        CU_ASSERT_EQUAL(p->image_microusd, rows[i].image);
        CU_ASSERT_EQUAL(p->context_tokens, rows[i].context);
    }
    CU_ASSERT_PTR_NULL(lim_prices_find(&c.provider.prices, "my-model-2"));
    mock_config_fini(&c);
}

/* A latency, and the mean of a total of 11 tokens in ms. */
struct latency_row {
    const char *text;
    double mean_ms;
};

static void latency_has_many_forms(void)
{
    const struct latency_row rows[] = {
        { "{\"latency\": \"none\"}", 0 },
        { "{\"latency\": \"10s\"}", 10000 },
        { "{\"latency\": 0.25}", 250 },
        { "{\"latency\": {\"exponential\": {\"mean\": \"1s\"}}}", 1000 },
        { "{\"latency\": {\"lognormal\": {\"p50\": \"1s\", \"p95\": 1}}}",
          1000 },
        { "{\"latency\": {\"ttft\": \"500ms\", \"per_token\": 0.01}}", 600 },
        { "{\"latency\": {\"per_token\": {\"exponential\": {\"mean\":"
          " \"10ms\"}}}}",
          100 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mock_config c;
        struct lim_diag d = { 0 };
        CU_ASSERT_EQUAL(read_config(&c, rows[i].text, NULL, &d), LIM_OK);
        CU_ASSERT_EQUAL(c.provider.latency_source, SIM_LATENCY_GIVEN);
        CU_ASSERT_DOUBLE_EQUAL(sim_latency_mean(&c.provider.latency, 11) * 1000,
                               rows[i].mean_ms, 1e-6);
        mock_config_fini(&c);
    }
}

static void profiles_are_found_by_name(void)
{
    struct sim_provider_config p = sim_provider_config_default();
    struct lim_diag d = { 0 };
    const struct sim_profile *first = sim_profile_at(0);
    CU_ASSERT_EQUAL(mock_config_latency(first->name, &p, &d), LIM_OK);
    CU_ASSERT_EQUAL(p.latency_source, SIM_LATENCY_GIVEN);
    CU_ASSERT_DOUBLE_EQUAL(sim_latency_mean(&p.latency, 100),
                           sim_latency_mean(&first->latency, 100), 0);
    CU_ASSERT_EQUAL(mock_config_latency("slow", &p, &d), LIM_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.text, first->name));
}

static const struct {
    const char *text, *reason;
} wrong[] = {
    { "{\"tabel\": \"seed\"}",
      "provider.tabel: unknown key; did you mean \"table\"?" },
    { "{\"table\": \"sead\"}",
      "provider.table: \"sead\" is neither a table nor a file (cannot "
      "open: No such file or directory); did you mean \"seed\"?" },
    { "{\"table\": 5}", "provider.table: found 5, expected a string" },
    { "{\"table\": \"/\"}", "provider.table: \"/\" is neither" },
    { "{\"table\": \"seed\", \"organisations\": [{\"name\": \"a\", "
      "\"tier\": \"tier2\"}]}",
      "provider.organisations[0].tier: table \"seed\" has no tier "
      "\"tier2\" (it has: free tier1 tier4 tier5)" },
    { "{\"organisations\": [{\"name\": \"a\", \"tier\": \"tier9\"}]}",
      "provider.organisations[0].tier: \"tier9\" is not a tier (valid: "
      "free tier1" },
    { "{\"organisations\": [{\"tier\": \"free\"}]}",
      "provider.organisations[0].name: is missing" },
    { "{\"organisations\": [{\"name\": \"a b\"}]}",
      "provider.organisations[0].name: expected 1 to 100 characters" },
    { "{\"organisations\": [{\"name\": \"\"}]}",
      "provider.organisations[0].name: expected 1 to 100 characters" },
    { "{\"organisations\": [{\"name\": \"a\"}, 7]}",
      "provider.organisations[1]: found 7, expected an object" },
    { "{\"organisations\": []}",
      "provider.organisations: expected a list of at least one" },
    { "{\"organisations\": {}}",
      "provider.organisations: expected a list of at least one" },
    { "{\"organisations\": [{\"name\": \"a\", \"keys\": 0}]}",
      "provider.organisations[0].keys: found 0, expected a whole number" },
    { "{\"organisations\": [{\"name\": \"a\", \"count\": \"70k\"}]}",
      "provider.organisations[0].count: found \"70k\", expected" },
    { "{\"organisations\": [{\"name\": \"a\", \"count\": \"60k\"},"
      " {\"name\": \"b\", \"count\": \"60k\"}]}",
      "provider.organisations: more than 65536 organisations" },
    { "{\"organisations\": [{\"name\": \"a\", \"count\": 2},"
      " {\"name\": \"a-2\"}]}",
      "provider.organisations: two organisations are named \"a-2\"" },
    { "{\"organisations\": [{\"name\": \"a\", \"projects\": [{\"name\": "
      "\"p\", \"limits\": {\"gpt-4o\": {\"tpm\": \"5/30h\"}}}]}]}",
      "provider.organisations[0].projects[0].limits.gpt-4o.tpm: found "
      "\"5/30h\", expected a whole number from 0 on, such as 500 or \"40k\", "
      "or \"100000/30d\" for a window of days" },
    { "{\"organisations\": [{\"name\": \"a\", \"projects\": [{\"name\": "
      "\"p\", \"limits\": {\"gpt-4o\": {\"rpm\": -1}}}]}]}",
      "limits.gpt-4o.rpm: found -1, expected" },
    { "{\"organisations\": [{\"name\": \"a\", \"projects\": [{\"name\": "
      "\"p\", \"limits\": {\"gpt-4o\": {\"rpm\": 0.5}}}]}]}",
      "limits.gpt-4o.rpm: found 0.5, expected" },
    { "{\"organisations\": [{\"name\": \"a\", \"projects\": [{\"name\": "
      "\"p\", \"limits\": {\"gpt-4o\": {\"rp\": 1}}}]}]}",
      "limits.gpt-4o.rp: unknown key; did you mean \"rpm\"?" },
    { "{\"prices\": 5}", "provider.prices: found 5, expected an object" },
    { "{\"prices\": {\"gpt-4o\": []}}",
      "provider.prices.gpt-4o: found a list, expected an object" },
    { "{\"prices\": {\"gpt-4o\": {\"inputs\": 1}}}",
      "provider.prices.gpt-4o.inputs: unknown key; did you mean \"input\"?" },
    { "{\"prices\": {\"gpt-4o\": {\"output\": \"10 EUR\"}}}",
      "provider.prices.gpt-4o.output: found \"10 EUR\", expected an amount "
      "such as \"$100\"" },
    { "{\"prices\": {\"gpt-4o\": {\"image\": -1}}}",
      "provider.prices.gpt-4o.image: found -1, expected an amount" },
    { "{\"prices\": {\"gpt-4p\": {}}}",
      "provider.prices.gpt-4p: table \"current\" has no such model" },
    { "{\"discipline\": \"fixed\", \"burst\": 0.5}",
      "provider.burst: fixed windows have none: expected 1" },
    { "{\"discipline\": 1}",
      "provider.discipline: found 1, expected a string" },
    { "{\"quantum\": 0}",
      "provider.quantum: expected a duration above 0, at most 1m" },
    { "{\"quantum\": \"61s\"}", "provider.quantum: expected a duration" },
    { "{\"discipline\": \"buckets\"}",
      "provider.discipline: \"buckets\" is not a discipline (valid: bucket "
      "quantised fixed sliding-log sliding-counter)" },
    { "{\"faults\": 5}", "provider.faults: found 5, expected an object" },
    { "{\"faults\": {\"http_501\": 0.1}}",
      "provider.faults.http_501: unknown key; did you mean" },
    { "{\"faults\": {\"reset\": 1.5}}",
      "provider.faults.reset: found 1.5, expected a number from 0 to 1" },
    { "{\"faults\": {\"reset\": {}}}", "provider.faults.reset.share: missing" },
    { "{\"faults\": {\"reset\": [{\"share\": 1}, 7]}}",
      "provider.faults.reset[1]: found 7, expected an object" },
    { "{\"faults\": {\"reset\": [{\"share\": 1}, {\"shar\": 1}]}}",
      "provider.faults.reset[1].share: missing" },
    { "{\"faults\": {\"reset\": {\"share\": 1, \"form\": \"1m\"}}}",
      "provider.faults.reset.form: unknown key; did you mean \"from\"?" },
    { "{\"faults\": {\"reset\": {\"share\": 1, \"from\": \"2m\", "
      "\"until\": \"2m\"}}}",
      "provider.faults.reset.until: expected a time after \"from\"" },
    { "{\"organisations\": [{\"name\": \"web-1\"}], \"faults\": "
      "{\"reset\": {\"share\": 1, \"organisation\": \"web_1\"}}}",
      "provider.faults.reset.organisation: there is no organisation "
      "\"web_1\"; did you mean \"web-1\"?" },
    { "{\"faults\": {\"reset\": {\"share\": 1, \"model\": \"gpt\"}}}",
      "provider.faults.reset.model: table \"current\" has no model "
      "\"gpt\"" },
    { "{\"faults\": {\"timeout_after\": 0}}",
      "provider.faults.timeout_after: expected a duration above 0" },
    { "{\"faults\": {\"reset\": 0.6, \"http_500\": 0.6}}",
      "provider.faults: the shares of faults that strike all requests "
      "come to 1.2, more than 1" },
    { "{\"load\": {\"in_flight\": 0}}",
      "provider.load.in_flight: found 0, expected a whole number from 1" },
    { "{\"load\": {\"slope\": -1}}", "provider.load.slope: found -1" },
    { "{\"load\": 2}", "provider.load: found 2, expected an object" },
    { "{\"tier_speed\": {\"tier6\": 1}}",
      "provider.tier_speed.tier6: unknown key; did you mean \"tier1\"?" },
    { "{\"tier_speed\": {\"tier5\": 0}}",
      "provider.tier_speed.tier5: found 0, expected a number from 0.001" },
    { "{\"latency\": {\"per_prompt_token\": -1}}",
      "provider.latency.per_prompt_token: found -1, expected a duration" },
    { "{\"burst\": 0}", "provider.burst: expected a share above 0" },
    { "{\"burst\": 1.5}", "provider.burst: found 1.5, expected a number" },
    { "{\"charge\": true}", "provider.charge: found true, expected an" },
    { "{\"charge\": {\"refusals\": true}}",
      "provider.charge.refusals: unknown key; did you mean \"refused\"?" },
    { "{\"latency\": \"quick\"}",
      "provider.latency: \"quick\" is neither a duration nor a profile" },
    { "{\"latency\": -1}", "provider.latency: found -1, expected a" },
    { "{\"latency\": []}", "provider.latency: found a list, expected" },
    { "{\"latency\": {}}", "provider.latency: expected one of \"lognormal\"" },
    { "{\"latency\": {\"ttft\": 1, \"p50\": 1}}",
      "provider.latency.p50: unknown key" },
    { "{\"latency\": {\"lognormal\": {\"p50\": 2, \"p95\": 1}}}",
      "provider.latency.lognormal: expected p50 and p95" },
    { "{\"latency\": {\"lognormal\": {\"p50\": 1}}}",
      "provider.latency.lognormal: expected p50 and p95" },
    { "{\"latency\": {\"exponential\": {}}}",
      "provider.latency.exponential: expected mean" },
    { "{\"start\": \"tomorrow\"}", "provider.start: found \"tomorrow\"" },
};

static void says_what_is_wrong(void)
{
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct mock_config c;
        struct lim_diag d = { 0 };
        CU_ASSERT_NOT_EQUAL(read_config(&c, wrong[i].text, NULL, &d), LIM_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(d.text, wrong[i].reason));
        mock_config_fini(&c);
    }
}

static const struct sim_fault_rule *rule_at(const struct mock_config *c,
                                            size_t i)
{
    CU_ASSERT_FATAL(i < c->provider.faults.count);
    return &c->provider.faults.rules[i];
}

/* In the order of the faults, whatever that of the text. */
static void faults_are_shares_rules_or_lists(void)
{
    struct mock_config c;
    const lim_time start = lim_date(2026, 3, 1);
    const char *text =
        "{\"start\": \"2026-03-01\", \"organisations\": "
        "[{\"name\": \"free\", \"count\": 2}], \"faults\": "
        "{\"malformed\": 0.25, \"timeout_after\": \"30s\", \"http_429\": "
        "[{\"share\": 1, \"organisation\": \"free-2\", \"from\": \"5m\", "
        "\"until\": \"7m\"}, {\"share\": 0.5, \"model\": \"gpt-4o\"}], "
        "\"http_500\": {\"share\": \"0.1%\", \"from\": 0}}}";
    CU_ASSERT_EQUAL(read_config(&c, text, NULL, NULL), LIM_OK);
    CU_ASSERT_EQUAL(c.provider.faults.timeout_ns, 30 * LIM_SEC);
    CU_ASSERT_EQUAL(c.provider.faults.count, 4);
    CU_ASSERT_EQUAL(rule_at(&c, 0)->fault, SIM_FAULT_HTTP_429);
    CU_ASSERT_STRING_EQUAL(rule_at(&c, 0)->organisation, "free-2");
    CU_ASSERT_PTR_NULL(rule_at(&c, 0)->model);
    CU_ASSERT_EQUAL(rule_at(&c, 0)->from, start + 5 * LIM_MIN);
    CU_ASSERT_EQUAL(rule_at(&c, 0)->until, start + 7 * LIM_MIN);
    CU_ASSERT_STRING_EQUAL(rule_at(&c, 1)->model, "gpt-4o");
    CU_ASSERT_EQUAL(rule_at(&c, 1)->share, 0.5);
    CU_ASSERT_EQUAL(rule_at(&c, 1)->until, LIM_NEVER);
    CU_ASSERT_EQUAL(rule_at(&c, 2)->fault, SIM_FAULT_HTTP_500);
    CU_ASSERT_DOUBLE_EQUAL(rule_at(&c, 2)->share, 0.001, 1e-15);
    CU_ASSERT_EQUAL(rule_at(&c, 2)->from, start);
    CU_ASSERT_EQUAL(rule_at(&c, 3)->fault, SIM_FAULT_MALFORMED);
    CU_ASSERT_EQUAL(rule_at(&c, 3)->from, INT64_MIN);
    mock_config_start(&c, start - LIM_DAY);
    CU_ASSERT_EQUAL(c.provider.start, start - LIM_DAY);
    CU_ASSERT_EQUAL(rule_at(&c, 0)->from, start - LIM_DAY + 5 * LIM_MIN);
    CU_ASSERT_EQUAL(rule_at(&c, 2)->from, start - LIM_DAY);
    CU_ASSERT_EQUAL(rule_at(&c, 3)->from, INT64_MIN);
    CU_ASSERT_EQUAL(rule_at(&c, 3)->until, LIM_NEVER);
    mock_config_fini(&c);
}

/* Names need not be those of a provider where none is given. */
static void faults_stand_alone_too(void)
{
    struct mock_json j;
    struct mock_faults f;
    struct lim_diag d = { 0 };
    int error = LIM_OK;
    const char *text = "{\"reset\": {\"share\": 1, \"organisation\": "
                       "\"whoever\", \"model\": \"whatever\", \"until\": "
                       "\"1m\"}}";
    cJSON *value = mock_json_parse(text, strlen(text), &d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    mock_json_open(&j, value, "", &error, &d);
    mock_config_faults_init(&f);
    mock_config_faults_read(&f, &j, NULL, 7 * LIM_DAY);
    cJSON_Delete(value);
    CU_ASSERT_EQUAL(error, LIM_OK);
    CU_ASSERT_EQUAL_FATAL(f.faults.count, 1);
    CU_ASSERT_STRING_EQUAL(f.faults.rules->organisation, "whoever");
    CU_ASSERT_STRING_EQUAL(f.faults.rules->model, "whatever");
    CU_ASSERT_EQUAL(f.faults.rules->until, 7 * LIM_DAY + LIM_MIN);
    mock_config_faults_fini(&f);
    CU_ASSERT_EQUAL(f.faults.count, 0);
}

static void times_depend_on_what_is_said(void)
{
    struct mock_config c;
    CU_ASSERT_EQUAL(read_config(&c, "{}", NULL, NULL), LIM_OK);
    CU_ASSERT_EQUAL(c.provider.load.slope, 0);
    for (int t = 0; t < LIM_TIERS; t++)
        CU_ASSERT_EQUAL(c.provider.tier_speed[t], 1);
    mock_config_fini(&c);
    const char *text = "{\"latency\": {\"per_prompt_token\": \"10us\"}, "
                       "\"load\": {\"in_flight\": \"2k\"}, "
                       "\"tier_speed\": {\"free\": 2, \"tier5\": 0.8}}";
    CU_ASSERT_EQUAL(read_config(&c, text, NULL, NULL), LIM_OK);
    CU_ASSERT_DOUBLE_EQUAL(c.provider.latency.per_prompt_token, 1e-5, 1e-15);
    CU_ASSERT_EQUAL(c.provider.load.in_flight, 2000);
    CU_ASSERT_EQUAL(c.provider.load.slope, 1);
    CU_ASSERT_EQUAL(c.provider.tier_speed[LIM_TIER_FREE], 2);
    CU_ASSERT_EQUAL(c.provider.tier_speed[LIM_TIER_4], 1);
    CU_ASSERT_EQUAL(c.provider.tier_speed[LIM_TIER_5], 0.8);
    mock_config_fini(&c);
}

static void sizes_are_distributions(void)
{
    struct mock_json j;
    struct lim_diag d = { 0 };
    int error = LIM_OK;
    struct sim_dist size = sim_dist_constant(7);
    const char *text = "{\"prompt\": \"1.5k\", \"reply\": {\"lognormal\": "
                       "{\"p50\": 129, \"p95\": 451}}, \"bad\": \"5s\", "
                       "\"cut\": {\"exponential\": {\"mean\": 300, "
                       "\"max\": \"4k\"}}, \"late\": {\"exponential\": "
                       "{\"mean\": \"1s\", \"max\": \"4s\"}}}";
    cJSON *value = mock_json_parse(text, strlen(text), &d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    mock_json_open(&j, value, "", &error, &d);
    mock_config_dist(&j, "absent", false, &size);
    CU_ASSERT_DOUBLE_EQUAL(size.a, 7, 0);
    mock_config_dist(&j, "prompt", false, &size);
    CU_ASSERT_DOUBLE_EQUAL(size.a, 1500, 0);
    mock_config_dist(&j, "reply", false, &size);
    CU_ASSERT_EQUAL(size.kind, SIM_DIST_LOGNORMAL);
    CU_ASSERT_DOUBLE_EQUAL(size.most, 0, 0);
    mock_config_dist(&j, "cut", false, &size);
    CU_ASSERT_DOUBLE_EQUAL(size.most, 4000, 0);
    CU_ASSERT_EQUAL(error, LIM_OK);
    mock_config_dist(&j, "bad", false, &size);
    CU_ASSERT_EQUAL(error, LIM_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "bad: found \"5s\", expected a"));
    error = LIM_OK;
    mock_config_dist(&j, "late", true, &size); /* times have no largest one */
    CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "max"));
    cJSON_Delete(value);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

static void tables_come_from_files_too(void)
{
    char folder[] = "/tmp/tierlab-test-XXXXXX";
    char path[64];
    struct mock_config c;
    struct lim_diag d = { 0 };
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/mine.tsv", folder);
    write_file(path, "what is this\n");
    CU_ASSERT_NOT_EQUAL(
        read_config(&c, "{\"table\": \"mine.tsv\"}", folder, &d), LIM_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "provider.table: mine.tsv:1: "));
    mock_config_fini(&c);
    size_t length;
    char *text = mock_read_file(path, 100, &length, &d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(length, 13);
    CU_ASSERT_STRING_EQUAL(text, "what is this\n");
    free(text);
    CU_ASSERT_PTR_NULL(mock_read_file(path, 12, &length, &d));
    CU_ASSERT_STRING_EQUAL(d.text, "larger than 12 bytes");
    CU_ASSERT_PTR_NULL(mock_read_file(folder, 12, &length, &d));
    CU_ASSERT_STRING_EQUAL(d.text, "cannot read: Is a directory");
    remove(path);
    rmdir(folder);
}

CU_TestInfo config_tests[] = {
    { "the defaults are the contract's", defaults_are_the_contracts },
    { "a count makes numbered organisations",
      a_count_makes_numbered_organisations },
    { "limits of projects may have windows of their own",
      limits_of_projects_may_have_windows_of_their_own },
    { "disciplines go by name", disciplines_go_by_name },
    { "prices come before those of the list",
      prices_come_before_those_of_the_list },
    { "latency has many forms", latency_has_many_forms },
    { "profiles are found by name", profiles_are_found_by_name },
    { "says what is wrong, and where", says_what_is_wrong },
    { "faults are shares, rules, or lists of rules",
      faults_are_shares_rules_or_lists },
    { "faults stand alone too", faults_stand_alone_too },
    { "times depend on what is said", times_depend_on_what_is_said },
    { "sizes are distributions", sizes_are_distributions },
    { "tables come from files too", tables_come_from_files_too },
    CU_TEST_INFO_NULL
};
