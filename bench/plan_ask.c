/* What a plan is asked for: a scenario and its "plan". */

#include <stdlib.h>
#include <string.h>

#include "bench/plan_parts.h"

#define ORGANISATIONS_DEFAULT 10
#define ORGANISATIONS_MOST 1000
#define HAVE_MOST 1000
#define DAYS_MOST 36500

static int add_check(struct bench_plan_question *q, const char *text,
                     struct lim_diag *diag)
{
    if (q->check_count == BENCH_PLAN_CHECKS - 1)
        return lim_fail(diag, LIM_EINVAL, 0, "at most %d objectives",
                        BENCH_PLAN_CHECKS - 1);
    int error = bench_check_parse(&q->checks[q->check_count], text, diag);
    q->check_count += error == LIM_OK;
    return error;
}

int bench_plan_checks(const struct bench_plan_question *q,
                      struct bench_check checks[BENCH_PLAN_CHECKS],
                      size_t *count, struct lim_diag *diag)
{
    static const char *const defaults[] = { "wait_ms.p95<2s", "http_429<1%",
                                            "refused<=0" };
    int error = LIM_OK;
    *count = q->check_count;
    memcpy(checks, q->checks, *count * sizeof q->checks[0]);
    for (size_t i = *count > 0 ? 2 : 0; i < 3 && error == LIM_OK; i++)
        error = bench_check_parse(&checks[(*count)++], defaults[i], diag);
    return error;
}

static void read_have(struct mock_json *j, const cJSON *item, size_t i,
                      const struct lim_table *table,
                      struct bench_plan_have *out)
{
    struct mock_json one;
    const char *tier = "tier1";
    struct lim_diag why = { 0 };
    int64_t count = 1;
    *out = (struct bench_plan_have){ .tier = LIM_TIER_1 };
    mock_json_enter_at(&one, item, j, "have", i);
    mock_json_string(&one, "tier", &tier);
    if (mock_config_tier_name(tier, &out->tier, &why) != LIM_OK ||
        mock_config_tier(table, out->tier, &why) != LIM_OK)
        mock_json_wrong(&one, "tier", "%s", why.text);
    /* Who is at a tier has done what leads there. */
    const struct lim_qualification *rule =
        lim_table_qualification(table, out->tier);
    int64_t days = rule->days;
    if (rule->paid_microusd != INT64_MAX)
        out->paid_microusd = rule->paid_microusd;
    mock_json_money(&one, "paid", &out->paid_microusd);
    mock_json_int(&one, "first_payment_days_ago", 0, DAYS_MOST, &days);
    mock_json_int(&one, "count", 1, HAVE_MOST, &count);
    mock_json_close(&one);
    out->days = (int)days;
}

static int64_t count_of(const cJSON *item)
{
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(item, "count");
    double n = cJSON_IsNumber(count) ? count->valuedouble : 1;
    return n >= 1 && n <= HAVE_MOST ? (int64_t)n : 1;
}

static int by_paid(const void *a, const void *b)
{
    const struct bench_plan_have *x = a, *y = b;
    if (x->tier != y->tier)
        return x->tier > y->tier ? -1 : 1;
    if (x->paid_microusd != y->paid_microusd)
        return x->paid_microusd > y->paid_microusd ? -1 : 1;
    return (x->days < y->days) - (x->days > y->days);
}

static void read_all_have(struct mock_json *j, struct bench_plan_question *q)
{
    const cJSON *list = mock_json_get(j, "have"), *item;
    size_t n = 0, i = 0;
    if (list == NULL)
        return;
    if (!cJSON_IsArray(list)) {
        mock_json_wrong(j, "have", "expected a list of organisations");
        return;
    }
    cJSON_ArrayForEach(item, list) n += (size_t)count_of(item);
    q->have = calloc(n + 1, sizeof *q->have);
    if (q->have == NULL || n > HAVE_MOST) {
        mock_json_wrong(j, "have", "at most %d organisations", HAVE_MOST);
        return;
    }
    cJSON_ArrayForEach(item, list)
    {
        struct bench_plan_have one;
        read_have(j, item, i++, q->table, &one);
        for (int64_t k = count_of(item); k > 0; k--)
            q->have[q->have_count++] = one;
    }
    qsort(q->have, q->have_count, sizeof *q->have, by_paid);
}

static void read_checks(struct mock_json *j, struct bench_plan_question *q)
{
    const cJSON *list = mock_json_get(j, "such_that"), *item;
    struct lim_diag why = { 0 };
    if (list != NULL && !cJSON_IsArray(list))
        mock_json_wrong(j, "such_that",
                        "expected a list of texts such as "
                        "\"wait_ms.p95<2s\"");
    cJSON_ArrayForEach(item, list)
    {
        const char *text = cJSON_IsString(item) ? item->valuestring : "";
        if (add_check(q, text, &why) != LIM_OK)
            mock_json_wrong(j, "such_that", "%s", why.text);
    }
}

static void read_plan(struct mock_json *j, struct bench_plan_question *q)
{
    const char *tier = lim_tier_name(q->tier_max);
    struct lim_diag why = { 0 };
    int64_t day = q->day_max;
    read_all_have(j, q);
    read_checks(j, q);
    mock_json_int(j, "max_organisations", 1, ORGANISATIONS_MOST,
                  &q->organisations_max);
    mock_json_string(j, "max_tier", &tier);
    if (mock_config_tier_name(tier, &q->tier_max, &why) != LIM_OK)
        mock_json_wrong(j, "max_tier", "%s", why.text);
    if (mock_json_get(j, "budget") != NULL)
        mock_json_money(j, "budget", &q->budget_microusd);
    mock_json_int(j, "by_day", 0, DAYS_MOST, &day);
    q->day_max = (int)day;
    mock_json_number(j, "growth", 0, 10, &q->growth);
    mock_json_close(j);
}

/* The tree without "plan", "vary" and the organisations, whose tiers may not
   have the model; everything that arrives is waited for. */
static cJSON *without_plan(const cJSON *tree)
{
    cJSON *copy = cJSON_Duplicate(tree, true);
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "plan");
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "vary");
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "replications");
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "drain");
    cJSON_AddTrueToObject(copy, "drain");
    cJSON *provider = cJSON_GetObjectItemCaseSensitive(copy, "provider");
    if (provider == NULL)
        provider = cJSON_AddObjectToObject(copy, "provider");
    cJSON_DeleteItemFromObjectCaseSensitive(provider, "organisations");
    return copy;
}

static int open_table(struct bench_plan_question *q, const char *folder,
                      struct lim_diag *diag)
{
    const cJSON *provider =
        cJSON_GetObjectItemCaseSensitive(q->tree, "provider");
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(provider, "table");
    q->table_name = cJSON_IsString(name) ? name->valuestring : "current";
    int error = mock_config_table(q->table_name, folder, &q->table, diag);
    if (error == LIM_OK && q->table == NULL)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "provider.table: \"none\" has no limits to plan for");
    return error;
}

int bench_plan_ask(struct bench_plan_question *q, const cJSON *tree,
                   const char *folder, struct lim_diag *diag)
{
    const cJSON *plan = cJSON_GetObjectItemCaseSensitive(tree, "plan");
    struct mock_json j;
    int error = LIM_OK;
    *q = (struct bench_plan_question){
        .organisations_max = ORGANISATIONS_DEFAULT,
        .tier_max = LIM_TIER_5,
        .budget_microusd = -1,
        .day_max = -1,
    };
    if (!cJSON_IsObject(tree))
        return lim_fail(diag, LIM_EPARSE, 0, "expected an object");
    q->tree = without_plan(tree);
    if (q->tree == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    error = open_table(q, folder, diag);
    if (error != LIM_OK || plan == NULL)
        return error;
    mock_json_open(&j, plan, "plan", &error, diag);
    read_plan(&j, q);
    return error;
}

void bench_plan_question_fini(struct bench_plan_question *q)
{
    lim_table_free(q->table);
    cJSON_Delete(q->tree);
    free(q->have);
}
