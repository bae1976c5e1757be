#define _POSIX_C_SOURCE 200809L

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/plan_figures.h"
#include "bench/plan_parts.h"

#define SEED_GPT4(load, plan)                                                  \
    "{\"duration\": \"1h\", \"provider\": {\"table\": \"seed\"},"              \
    " \"workload\": {\"model\": \"gpt-4\", \"prompt_tokens\": 100,"            \
    " \"completion_tokens\": 50, \"max_tokens\": 50, \"arrivals\": " load "}," \
    " \"plan\": {" plan "}}"

static struct bench_plan plan; /* of the question, both freed by the test */
static struct bench_plan_question question;

/* LIM_OK, or what is wrong with the question. */
static int make(const char *text, struct lim_diag *why)
{
    struct bench_progress progress = { .on = false };
    const struct bench_plan_way way = {
        .trial = { .folder = ".", .version = "test", .threads = 1 },
        .progress = &progress,
    };
    bool interrupted;
    cJSON *tree = cJSON_Parse(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    plan = (struct bench_plan){ .option_count = 0 };
    int error = bench_plan_ask(&question, tree, ".", why);
    if (error == LIM_OK)
        error = bench_plan_make(&plan, &question, &way, &interrupted, why);
    cJSON_Delete(tree);
    return error;
}

static void drop(void)
{
    bench_plan_fini(&plan);
    bench_plan_question_fini(&question);
}

static struct bench_plan_option option(enum lim_tier tier, int64_t count)
{
    struct bench_plan_mix m = { .count = 0 };
    bench_plan_mix_add(&question, &m, tier, count);
    return bench_plan_option(&plan, &m);
}

static bool is(const struct bench_plan_option *o, const char *name)
{
    char found[BENCH_PLAN_NAME_SIZE];
    bool same = strcmp(bench_plan_mix_name(&o->mix, found), name) == 0;
    if (!same)
        printf("\n%s, not %s\n", found, name);
    return same;
}

/* One in five minutes are 288 a day: two free organisations of 200 a day each,
   or one at tier 1, which $5 buys at once. */
static void a_day_s_limit_asks_for_more_organisations(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(
        make(SEED_GPT4("{\"poisson\": \"0.2/m\"}", "\"max_organisations\": 20"),
             &why),
        LIM_OK);
    double day = 0.2 * 1440;
    for (int64_t n = 1; n <= 3; n++) {
        struct bench_plan_option o = option(LIM_TIER_FREE, n);
        bool small = bench_plan_rule_out(&plan, &o);
        CU_ASSERT_EQUAL(small, day > 200 * (double)n);
        CU_ASSERT(!small || o.limit == LIM_RPD);
    }
    CU_ASSERT_EQUAL_FATAL(plan.good_count > 0, true);
    CU_ASSERT_TRUE(is(&plan.options[0], "1 of tier1"));
    CU_ASSERT_EQUAL(plan.options[0].deposit_microusd, 5000000);
    CU_ASSERT_EQUAL(plan.options[0].day, 0);
    drop();
}

/* gpt-4 at $30 and $60 a million: $0.006 for 100 tokens and 50. */
static void a_month_costs_what_the_provider_s_prices_say(void)
{
    static const struct {
        const char *prices;
        double usd; /* a request */
    } rows[] = {
        { "", 0.006 },
        { "\"prices\": {\"gpt-4\": {\"input\": 60, \"output\": \"$120\"}},",
          0.012 },
        { "\"prices\": {\"gpt-4\": {\"output\": 0}},", 0.003 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_diag why = { 0 };
        char text[600];
        snprintf(
            text, sizeof text,
            "{\"duration\": \"1h\", \"provider\": {%s \"table\": \"seed\"},"
            " \"workload\": {\"model\": \"gpt-4\", \"prompt_tokens\": 100,"
            " \"completion_tokens\": 50, \"max_tokens\": 50,"
            " \"arrivals\": {\"poisson\": \"1/m\"}}, \"plan\": {}}",
            rows[i].prices);
        CU_ASSERT_EQUAL_FATAL(make(text, &why), LIM_OK);
        CU_ASSERT_DOUBLE_EQUAL(
            plan.demand.usd, rows[i].usd * (double)plan.demand.requests, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(plan.month_usd, rows[i].usd * 43200, 1e-9);
        drop();
    }
}

/* $250 and 14 days lead to tier 4; who has paid $60 ten days ago needs $190
   and four days more. */
static void what_is_there_is_reckoned_with(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(
        make(SEED_GPT4("{\"poisson\": \"2/m\"}",
                       "\"have\": [{\"tier\": \"free\"}, {\"tier\": \"tier1\","
                       " \"paid\": \"$60\", \"first_payment_days_ago\": 10}]"),
             &why),
        LIM_OK);
    struct bench_plan_option one = option(LIM_TIER_4, 1);
    CU_ASSERT_EQUAL(one.deposit_microusd, 190000000);
    CU_ASSERT_EQUAL(one.day, 4);
    struct bench_plan_option three = option(LIM_TIER_4, 3);
    CU_ASSERT_EQUAL(three.deposit_microusd, 190000000 + 2 * 250000000);
    CU_ASSERT_EQUAL(three.day, 14);
    struct bench_plan_option there = option(LIM_TIER_1, 1);
    CU_ASSERT_EQUAL(there.deposit_microusd, 0);
    drop();
}

/* Each sum as late as its tier allows, each tier as soon. */
static void payments_begin_the_days_and_follow_them(void)
{
    static const struct {
        const char *have; /* of official-2024-mid: $50 and 7 days, $100 and 7,
                             $250 and 14, $1000 and 30 */
        enum lim_tier tier;
        struct bench_plan_step steps[5];
    } rows[] = {
        { "", LIM_TIER_1, { { 0, 5, LIM_TIER_1 } } },
        { "",
          LIM_TIER_5,
          { { 0, 5, LIM_TIER_1 },
            { 7, 95, LIM_TIER_3 },
            { 14, 150, LIM_TIER_4 },
            { 30, 750, LIM_TIER_5 } } },
        { "{\"tier\": \"tier1\", \"paid\": \"$5\","
          " \"first_payment_days_ago\": 21}",
          LIM_TIER_5,
          { { 0, 245, LIM_TIER_4 }, { 9, 750, LIM_TIER_5 } } },
        { "{\"tier\": \"tier1\", \"paid\": \"$300\","
          " \"first_payment_days_ago\": 10}",
          LIM_TIER_4,
          { { 4, 0, LIM_TIER_4 } } },
        /* who is at tier 2 has paid $50, and 7 days ago */
        { "{\"tier\": \"tier2\"}",
          LIM_TIER_4,
          { { 0, 50, LIM_TIER_3 }, { 7, 150, LIM_TIER_4 } } },
        { "{\"tier\": \"tier4\"}", LIM_TIER_3, { { 0, 0, 0 } } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[400];
        struct bench_plan_path path;
        struct lim_diag why = { 0 };
        snprintf(text, sizeof text,
                 "{\"provider\": {\"table\": \"official-2024-mid\"},"
                 " \"plan\": {\"have\": [%s]}}",
                 rows[i].have);
        cJSON *tree = cJSON_Parse(text);
        CU_ASSERT_EQUAL(bench_plan_ask(&question, tree, ".", &why), LIM_OK);
        CU_ASSERT_TRUE(bench_plan_find_path(&question, 0, rows[i].tier, &path));
        for (size_t k = 0; k < path.count; k++) {
            CU_ASSERT_EQUAL(path.steps[k].day, rows[i].steps[k].day);
            CU_ASSERT_EQUAL(path.steps[k].microusd,
                            rows[i].steps[k].microusd * 1000000);
            CU_ASSERT_EQUAL(path.steps[k].tier, rows[i].steps[k].tier);
        }
        CU_ASSERT_EQUAL(rows[i].steps[path.count].tier, 0);
        cJSON_Delete(tree);
        bench_plan_question_fini(&question);
    }
}

/* 0.2 a minute are $52 a month, of $100 at tier 1: a run of an hour does not
   show it, and what is left is the headroom all the same. */
static void a_month_ends_the_headroom(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(make(SEED_GPT4("{\"poisson\": \"0.2/m\"}",
                                   "\"such_that\": [\"http_429<1%\"]"),
                         &why),
                    LIM_OK);
    CU_ASSERT_EQUAL_FATAL(plan.good_count > 0, true);
    const struct bench_plan_option *o = &plan.options[0];
    CU_ASSERT_TRUE(is(o, "1 of tier1"));
    CU_ASSERT_DOUBLE_EQUAL(o->used[LIM_SPEND], plan.month_usd / 100, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(o->used[LIM_RPD], 0.2 * 1440 / 10000, 1e-9);
    CU_ASSERT_EQUAL(o->limit, LIM_SPEND);
    CU_ASSERT_EQUAL(o->ends_at, LIM_SPEND);
    CU_ASSERT_DOUBLE_EQUAL(o->headroom, 100 / plan.month_usd - 1, 1e-9);
    drop();
}

/* Four a minute of 3,000 tokens are 12,000, of 10,000 at tier 1: a window that
   is full at first would carry that through five minutes.  A batch may take
   longer, and users wait. */
static void the_mean_of_a_load_without_end_has_to_fit(void)
{
    static const struct {
        const char *arrivals;
        bool ruled_out;
    } rows[] = {
        { "{\"poisson\": \"4/m\"}", true },
        { "{\"poisson\": \"3/m\"}", false },
        { "{\"batch\": 20}", false },
        { "{\"closed\": {\"users\": 5, \"think\": \"1m\"}}", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_diag why = { 0 };
        char text[600];
        snprintf(
            text, sizeof text,
            "{\"duration\": \"5m\", \"provider\": {\"table\": \"seed\","
            " \"prices\": {\"gpt-4\": {\"input\": 0, \"output\": 0}}},"
            " \"workload\": {\"model\": \"gpt-4\", \"prompt_tokens\": 2950,"
            " \"completion_tokens\": 50, \"max_tokens\": 50,"
            " \"arrivals\": %s}, \"plan\": {\"max_tier\": \"tier1\"}}",
            rows[i].arrivals);
        CU_ASSERT_EQUAL_FATAL(make(text, &why), LIM_OK);
        struct bench_plan_option o = option(LIM_TIER_1, 1);
        CU_ASSERT_EQUAL(bench_plan_rule_out(&plan, &o), rows[i].ruled_out);
        CU_ASSERT(!rows[i].ruled_out || o.limit == LIM_TPM);
        drop();
    }
}

static void what_if_knows_of_the_month_too(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(
        make(SEED_GPT4("{\"poisson\": \"0.33/m\"}", "\"max_tier\": \"tier1\", "
                                                    "\"max_organisations\": 1"),
             &why),
        LIM_OK);
    CU_ASSERT_EQUAL_FATAL(plan.good_count, 1);
    CU_ASSERT_EQUAL(plan.what_ifs[0].verdict, BENCH_MET_IT);
    CU_ASSERT_EQUAL(plan.what_ifs[1].verdict, BENCH_MISSED_IT);
    CU_ASSERT_EQUAL(plan.what_ifs[1].limit, LIM_SPEND);
    drop();
}

static void what_comes_too_late_is_left_out(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(
        make(SEED_GPT4("{\"poisson\": \"0.2/m\"}", "\"by_day\": 13, "
                                                   "\"max_organisations\": 1"),
             &why),
        LIM_OK);
    bool told = false;
    for (size_t i = 0; i < plan.option_count; i++) {
        CU_ASSERT(bench_plan_mix_tier(&plan.options[i].mix, 0) < LIM_TIER_4 ||
                  i >= plan.good_count);
        told = told || plan.options[i].why == BENCH_PLAN_TOO_LATE;
    }
    CU_ASSERT_TRUE(told);
    drop();
}

static void a_tier_is_told_with_its_least_number(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(make(SEED_GPT4("{\"poisson\": \"200/m\"}", ""), &why),
                    LIM_OK);
    bool seen[LIM_TIERS] = { false };
    for (size_t i = 0; i < plan.good_count; i++) {
        enum lim_tier t = bench_plan_mix_tier(&plan.options[i].mix, 0);
        CU_ASSERT_FALSE(seen[t]);
        seen[t] = true;
    }
    drop();
}

static void what_none_can_do_is_told_with_the_nearest_load(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(
        make(SEED_GPT4("{\"poisson\": \"900/m\"}", "\"max_tier\": \"tier1\","
                                                   "\"max_organisations\": 1"),
             &why),
        LIM_OK);
    CU_ASSERT_EQUAL(plan.good_count, 0);
    for (size_t i = 0; i < plan.option_count; i++) {
        CU_ASSERT_EQUAL(plan.options[i].why, BENCH_PLAN_TOO_SMALL);
        CU_ASSERT(plan.options[i].limit >= 0);
    }
    /* $100 a month, of $230,000 */
    CU_ASSERT_EQUAL(plan.nearest.mix.count, 1);
    CU_ASSERT_EQUAL(plan.nearest.mix.of[LIM_TIER_1], 1);
    CU_ASSERT_EQUAL(plan.nearest.limit, LIM_SPEND);
    CU_ASSERT_DOUBLE_EQUAL(plan.nearest.load, 100 / plan.month_usd, 1e-9);
    drop();
}

static void a_budget_rules_out_what_costs_more(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(
        make(SEED_GPT4("{\"poisson\": \"2/m\"}", "\"budget\": \"$2\""), &why),
        LIM_OK);
    CU_ASSERT_EQUAL(plan.good_count, 0);
    bool told = false;
    for (size_t i = 0; i < plan.option_count; i++)
        told = told || plan.options[i].why == BENCH_PLAN_BUDGET;
    CU_ASSERT_TRUE(told);
    drop();
}

static void questions_are_checked(void)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        { SEED_GPT4("{\"batch\": 1}", "\"tier\": 1"), "plan.tier: unknown" },
        { SEED_GPT4("{\"batch\": 1}", "\"such_that\": [\"speed<1\"]"),
          "plan.such_that" },
        { SEED_GPT4("{\"batch\": 1}", "\"such_that\": \"wait_ms.p95<1\""),
          "plan.such_that" },
        { SEED_GPT4("{\"batch\": 1}", "\"max_tier\": \"gold\""), "\"gold\"" },
        { SEED_GPT4("{\"batch\": 1}", "\"max_organisations\": 0"),
          "plan.max_organisations" },
        { SEED_GPT4("{\"batch\": 1}", "\"have\": [{\"tier\": \"tier2\"}]"),
          "plan.have[0].tier" },
        { SEED_GPT4("{\"batch\": 1}", "\"growth\": -1"), "plan.growth" },
        { SEED_GPT4("{\"batch\": 1}", "\"by_day\": -1"), "plan.by_day" },
        { "{\"provider\": {\"table\": \"none\"}}", "no limits to plan for" },
        { "{\"provider\": {\"table\": \"seed\"}}", "workload" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_diag why = { 0 };
        CU_ASSERT_NOT_EQUAL(make(rows[i].text, &why), LIM_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(why.text, rows[i].words));
        if (strstr(why.text, rows[i].words) == NULL)
            printf("\n%s: %s\n", rows[i].text, why.text);
        drop();
    }
}

static void demand_is_counted_by_the_minute(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(make(SEED_GPT4("{\"poisson\": \"2/m\"}", ""), &why),
                    LIM_OK);
    const struct bench_demand *d = &plan.demand;
    CU_ASSERT_EQUAL_FATAL(d->model_count, 1);
    CU_ASSERT_STRING_EQUAL(d->models[0].name, "gpt-4");
    CU_ASSERT_EQUAL(d->models[0].sum.requests, d->requests);
    CU_ASSERT_EQUAL(d->models[0].sum.tokens, 150 * d->requests);
    CU_ASSERT_EQUAL(d->models[0].tokens_max, 150);
    /* few arrivals tell little: they are drawn again and again */
    CU_ASSERT_EQUAL(d->runs, 20);
    CU_ASSERT_EQUAL(d->span_s, 20 * 3600);
    CU_ASSERT_EQUAL(d->models[0].minute_count, 20 * 60);
    int64_t sum = 0, most = 0;
    for (size_t i = 0; i < d->models[0].minute_count; i++) {
        int64_t n = d->models[0].minutes[i].requests;
        sum += n;
        most = n > most ? n : most;
    }
    CU_ASSERT_EQUAL(sum, d->requests);
    CU_ASSERT_EQUAL(
        bench_demand_quantile(&d->models[0], BENCH_DEMAND_REQUESTS, 1), most);
    CU_ASSERT_EQUAL(
        bench_demand_quantile(&d->models[0], BENCH_DEMAND_TOKENS, 1),
        150 * most);
    /* 100 prompt and 50 reply tokens of gpt-4: $0.006 each */
    CU_ASSERT_DOUBLE_EQUAL(plan.demand.usd, 0.006 * (double)d->requests, 1e-6);
    drop();
}

/* 150 for five minutes, 600 for one: 225 a minute, whichever the draws of an
   hour have more of. */
static void the_mean_is_that_of_the_rates(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL_FATAL(
        make(SEED_GPT4("{\"mmpp\": {\"rates\": [\"150/m\", \"600/m\"], "
                       "\"stay\": [\"5m\", \"1m\"]}}",
                       "\"max_tier\": \"tier1\", \"max_organisations\": 1"),
             &why),
        LIM_OK);
    CU_ASSERT_DOUBLE_EQUAL(plan.demand.factor * (double)plan.demand.requests *
                               60,
                           225 * plan.demand.span_s, 1e-3);
    CU_ASSERT_DOUBLE_EQUAL(plan.month_usd, 0.006 * 225 * 43200, 1e-6);
    drop();
}

/* It would do at tier 1 or free, too, and costs nothing more as it is. */
static void what_is_there_is_told_as_it_is(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(make(SEED_GPT4("{\"poisson\": \"0.1/m\"}",
                                   "\"have\": [{\"tier\": \"tier4\"}]"),
                         &why),
                    LIM_OK);
    CU_ASSERT_EQUAL_FATAL(plan.good_count > 0, true);
    CU_ASSERT_TRUE(is(&plan.options[0], "1 of tier4"));
    CU_ASSERT_EQUAL(plan.options[0].deposit_microusd, 0);
    drop();
}

/* gpt-4o in mid-2024: tier 1 has 30,000 tokens a minute for $5, tier 2 450,000
   for $50; 500,000 are asked for, and cost nothing themselves. */
#define MID_GPT4O(have)                                                        \
    "{\"duration\": \"10m\", \"provider\": {\"table\": \"official-2024-mid\"," \
    " \"prices\": {\"gpt-4o\": {\"input\": 0, \"output\": 0}}}, \"workload\":" \
    " {\"model\": \"gpt-4o\", \"prompt_tokens\": 4900, \"max_tokens\": 100,"   \
    " \"arrivals\": {\"poisson\": \"100/m\"}}, \"plan\": {\"have\": [" have    \
    "]}}"

static void a_lower_tier_joins_where_that_is_cheaper(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL_FATAL(make(MID_GPT4O(""), &why), LIM_OK);
    CU_ASSERT_FATAL(plan.good_count > 1);
    const struct bench_plan_option *o = &plan.options[0];
    CU_ASSERT_EQUAL(o->mix.of[LIM_TIER_2], 1);
    CU_ASSERT(o->mix.of[LIM_TIER_1] > 0);
    CU_ASSERT_EQUAL(o->deposit_microusd,
                    50000000 + 5000000 * o->mix.of[LIM_TIER_1]);
    CU_ASSERT(plan.options[1].deposit_microusd >= 100000000);
    drop();
}

/* Nothing is paid, and nobody is put below or above the tier that it has; who
   is not needed is left out. */
static void what_is_there_stays_at_its_tier(void)
{
    static const struct {
        const char *text;
        enum lim_tier top;
        bool mixed;
    } rows[] = {
        { MID_GPT4O("{\"tier\": \"tier1\", \"count\": 6},"
                    " {\"tier\": \"tier2\"}"),
          LIM_TIER_2, true },
        { MID_GPT4O("{\"tier\": \"tier3\"}, {\"tier\": \"tier2\"}"), LIM_TIER_3,
          false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_diag why = { 0 };
        CU_ASSERT_EQUAL_FATAL(make(rows[i].text, &why), LIM_OK);
        CU_ASSERT_FATAL(plan.good_count > 0);
        const struct bench_plan_mix *m = &plan.options[0].mix;
        CU_ASSERT_EQUAL(plan.options[0].changed, 0);
        CU_ASSERT_EQUAL(plan.options[0].deposit_microusd, 0);
        CU_ASSERT_EQUAL(m->of[rows[i].top], 1);
        CU_ASSERT_EQUAL(m->of[LIM_TIER_1] > 0, rows[i].mixed);
        CU_ASSERT_EQUAL(m->of[LIM_TIER_1] + 1, m->count);
        drop();
    }
}

static void a_mix_is_within_another_one_for_one(void)
{
    static const struct {
        struct bench_plan_mix a, b;
        bool within;
    } rows[] = {
        { { { 2, 1 }, 3 }, { { 2, 1 }, 3 }, true },
        { { { 2, 1 }, 3 }, { { 1, 2 }, 3 }, true },
        { { { 1, 2 }, 3 }, { { 2, 1 }, 3 }, false },
        { { { 1, 2 }, 3 }, { { 9, 1 }, 10 }, false },
        { { { 3, 0, 1 }, 4 }, { { 0, 0, 3 }, 3 }, false },
        { { { 0 }, 0 }, { { 0 }, 0 }, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_EQUAL(bench_plan_mix_within(&rows[i].a, &rows[i].b),
                        rows[i].within);
}

/* A table may give a minute's limit a window of days: an hour does not show
   how it is used. */
static void limits_are_long_by_their_windows(void)
{
    struct lim_diag why = { 0 };
    char path[] = "/tmp/plan.tsv.XXXXXX", text[600];
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs("@as_of 2026\n@source made Made for a test\n@tier tier1 5 0 -\n"
          "m tier1 - 5000/1d - 30000 - - - made\n",
          f);
    fclose(f);
    snprintf(text, sizeof text,
             "{\"duration\": \"1h\", \"provider\": {\"table\": \"%s\"},"
             " \"workload\": {\"model\": \"m\", \"prompt_tokens\": 100,"
             " \"max_tokens\": 50, \"arrivals\": {\"poisson\": \"2/m\"}},"
             " \"plan\": {}}",
             path);
    int error = make(text, &why);
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(error, LIM_OK);
    CU_ASSERT_EQUAL_FATAL(plan.good_count, 1);
    const struct bench_plan_option *o = &plan.options[0];
    CU_ASSERT_TRUE(bench_plan_is_long(o, LIM_RPM));
    CU_ASSERT_FALSE(bench_plan_is_long(o, LIM_TPM));
    CU_ASSERT_DOUBLE_EQUAL(o->used[LIM_RPM], 2.0 * 1440 / 5000, 1e-9);
    drop();
}

/* 500 requests and 10,000 tokens a minute, of 150 tokens each. */
static void nothing_waits_where_two_full_minutes_fit(void)
{
    struct lim_diag why = { 0 };
    CU_ASSERT_EQUAL(make(SEED_GPT4("{\"poisson\": \"2/m\"}", ""), &why),
                    LIM_OK);
    const struct bench_plan_option one = option(LIM_TIER_1, 1);
    const struct bench_demand_model *m = &plan.demand.models[0];
    double most = (double)bench_demand_quantile(m, BENCH_DEMAND_TOKENS, 1);
    CU_ASSERT_TRUE(bench_plan_is_roomy(&plan, &one, 1));
    CU_ASSERT_TRUE(bench_plan_is_roomy(&plan, &one, 4999 / most));
    CU_ASSERT_FALSE(bench_plan_is_roomy(&plan, &one, 5001 / most));
    plan.scenario.sim.provider.discipline = LIM_DISCIPLINE_QUANTISED;
    CU_ASSERT_FALSE(bench_plan_is_roomy(&plan, &one, 1));
    drop();
}

/* The first of the drawn hours, with the limits of what was chosen. */
static void the_figure_has_the_first_run_and_the_limits(void)
{
    struct lim_diag why = { 0 };
    struct bench_plan_load l;
    CU_ASSERT_EQUAL(make(SEED_GPT4("{\"poisson\": \"0.2/m\"}", ""), &why),
                    LIM_OK);
    CU_ASSERT_EQUAL(bench_plan_load_init(&l, &plan, 0), LIM_OK);
    CU_ASSERT_EQUAL_FATAL(l.count, 60);
    CU_ASSERT_EQUAL(l.minutes, 1);
    CU_ASSERT_EQUAL_FATAL(l.limit_count, 2);
    CU_ASSERT_EQUAL(l.limits[0], LIM_RPM);
    CU_ASSERT_EQUAL(l.capacity[0], 500);
    CU_ASSERT_EQUAL(l.limits[1], LIM_TPM);
    CU_ASSERT_EQUAL(l.capacity[1], 10000);
    int64_t requests = 0;
    double tokens = 0;
    for (size_t i = 0; i < l.count; i++) {
        requests += plan.demand.models[0].minutes[i].requests;
        tokens += l.bins[i].mean[1];
    }
    CU_ASSERT_DOUBLE_EQUAL(tokens, 150.0 * (double)requests, 1e-6);
    bench_plan_load_fini(&l);
    drop();
}

CU_TestInfo plan_tests[] = {
    { "a day's limit asks for more organisations",
      a_day_s_limit_asks_for_more_organisations },
    { "a month costs what the provider's prices say",
      a_month_costs_what_the_provider_s_prices_say },
    { "what is there is reckoned with", what_is_there_is_reckoned_with },
    { "payments begin the days and follow them",
      payments_begin_the_days_and_follow_them },
    { "a month ends the headroom", a_month_ends_the_headroom },
    { "the mean of a load without end has to fit",
      the_mean_of_a_load_without_end_has_to_fit },
    { "what-if knows of the month too", what_if_knows_of_the_month_too },
    { "what comes too late is left out", what_comes_too_late_is_left_out },
    { "a tier is told with its least number",
      a_tier_is_told_with_its_least_number },
    { "what none can do is told with the nearest load",
      what_none_can_do_is_told_with_the_nearest_load },
    { "a budget rules out what costs more",
      a_budget_rules_out_what_costs_more },
    { "questions are checked", questions_are_checked },
    { "demand is counted by the minute", demand_is_counted_by_the_minute },
    { "the mean is that of the rates", the_mean_is_that_of_the_rates },
    { "what is there is told as it is", what_is_there_is_told_as_it_is },
    { "a lower tier joins where that is cheaper",
      a_lower_tier_joins_where_that_is_cheaper },
    { "what is there stays at its tier", what_is_there_stays_at_its_tier },
    { "a mix is within another one for one",
      a_mix_is_within_another_one_for_one },
    { "limits are long by their windows", limits_are_long_by_their_windows },
    { "nothing waits where two full minutes fit",
      nothing_waits_where_two_full_minutes_fit },
    { "the figure has the first run and the limits",
      the_figure_has_the_first_run_and_the_limits },
    CU_TEST_INFO_NULL
};
