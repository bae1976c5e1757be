#include <CUnit/CUnit.h>

#include <string.h>

#include "limiter/limits.h"
#include "limiter/price.h"

#define EACH(rows) for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)

static void prices_are_those_of_their_sources(void)
{
    static const struct {
        const char *model;
        int64_t input, output, image, context;
    } rows[] = {
        { "gpt-4", 30000000, 60000000, -1, 8192 },
        { "gpt-4-0613", 30000000, 60000000, -1, 8192 },
        { "gpt-4-1106-preview", 10000000, 30000000, -1, 128000 },
        { "gpt-4-turbo-2024-04-09", 10000000, 30000000, -1, 128000 },
        { "gpt-4o", 2500000, 10000000, -1, 128000 },
        { "gpt-4o-2024-05-13", 5000000, 15000000, -1, 128000 },
        { "gpt-4o-2024-08-06", 2500000, 10000000, -1, 128000 },
        { "gpt-4o-mini", 150000, 600000, -1, 128000 },
        { "gpt-3.5-turbo", 500000, 1500000, -1, 16385 },
        { "gpt-3.5-turbo-1106", 1000000, 2000000, -1, 16385 },
        { "gpt-4.1-nano", 100000, 400000, -1, -1 },
        { "gpt-5-nano", 50000, 400000, -1, -1 },
        { "o1-mini", 1100000, 4400000, -1, -1 },
        { "o3", 2000000, 8000000, -1, -1 },
        { "gpt-6-astra", 10000000, 50000000, -1, -1 },
        { "text-embedding-3-small", 20000, 0, -1, 8192 },
        { "dall-e-3", 0, 0, 40000, -1 },
        { "gpt-image-1", 5000000, -1, 42000, -1 },
    };
    EACH(rows)
    {
        const struct lim_price *p = lim_price_find(rows[i].model);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_EQUAL(p->input_microusd_per_mtok, rows[i].input);
        CU_ASSERT_EQUAL(p->output_microusd_per_mtok, rows[i].output);
        CU_ASSERT_EQUAL(p->image_microusd, rows[i].image);
        CU_ASSERT_EQUAL(p->context_tokens, rows[i].context);
    }
}

static void unknown_models_have_no_price(void)
{
    static const char *const rows[] = {
        "", "gpt", "gpt-4-", "gpt-4-9999", "gpt-4o-minimal", "zzz", "-0613",
    };
    EACH(rows) CU_ASSERT_PTR_NULL(lim_price_find(rows[i]));
}

/* The snapshot of its own comes before the base's, and both before the list. */
static void own_prices_come_first(void)
{
    static const struct lim_price mine[] = {
        { "gpt-4o", 1, 2, -1, -1, "", "" },
        { "gpt-4o-2024-05-13", 3, 4, -1, -1, "", "" },
        { "mine", 5, 6, -1, -1, "", "" },
    };
    static const struct {
        const char *model;
        int64_t input; /* -1: not known */
    } rows[] = {
        { "gpt-4o", 1 },
        { "gpt-4o-2024-05-13", 3 },
        { "gpt-4o-2024-08-06", 1 },
        { "mine", 5 },
        { "mine-0613", 5 },
        { "gpt-4o-mini", 150000 },
        { "mine-2", -1 },
    };
    const struct lim_prices own = { mine, sizeof mine / sizeof mine[0] };
    EACH(rows)
    {
        const struct lim_price *p = lim_prices_find(&own, rows[i].model);
        CU_ASSERT_EQUAL(p != NULL ? p->input_microusd_per_mtok : -1,
                        rows[i].input);
    }
}

/* The search relies on the order of the file. */
static void stands_in_order_with_the_newest_last(void)
{
    for (size_t i = 0; i < lim_price_count(); i++) {
        const struct lim_price *p = lim_price_at(i);
        const struct lim_price *newest = p;
        CU_ASSERT_TRUE(p->as_of[0] != '\0');
        CU_ASSERT_TRUE(p->source[0] != '\0');
        for (size_t k = i + 1; k < lim_price_count(); k++) {
            const struct lim_price *later = lim_price_at(k);
            int order = strcmp(p->model, later->model);
            CU_ASSERT_TRUE(order < 0 ||
                           (order == 0 && strcmp(p->as_of, later->as_of) < 0));
            if (order == 0)
                newest = later;
        }
        CU_ASSERT_PTR_EQUAL(lim_price_find(p->model), newest);
    }
}

static void cost_is_rounded_to_the_nearest(void)
{
    static const struct lim_price p = {
        .model = "m",
        .input_microusd_per_mtok = 150000,
        .output_microusd_per_mtok = 600000,
        .image_microusd = 40000,
        .context_tokens = -1,
    };
    static const struct {
        int64_t prompt, completion, images, cost;
    } rows[] = {
        { 0, 0, 0, 0 },
        { 3, 0, 0, 0 },       /* 0.45 */
        { 4, 0, 0, 1 },       /* 0.60 */
        { 2, 2, 0, 2 },       /* 0.30 + 1.20 = 1.50 */
        { 300, 129, 0, 122 }, /* 45 + 77.4 */
        { 1000000, 1000000, 0, 750000 },
        { 0, 0, 3, 120000 },
        { 4, 0, 1, 40000 }, /* its text is in the image's price */
        { 400000, 900000, 2, 80000 },
    };
    EACH(rows)
    CU_ASSERT_EQUAL(
        lim_price_cost(&p, rows[i].prompt, rows[i].completion, rows[i].images),
        rows[i].cost);
}

static void a_price_that_is_needed_must_be_known(void)
{
    struct lim_price p = { "m", -1, 5000000, -1, -1, "2026", "-" };
    CU_ASSERT_EQUAL(lim_price_cost(&p, 0, 1, 0), 5);
    CU_ASSERT_EQUAL(lim_price_cost(&p, 1, 1, 0), -1);
    CU_ASSERT_EQUAL(lim_price_cost(&p, 0, 1, 1), -1);
    p.input_microusd_per_mtok = 1;
    p.output_microusd_per_mtok = -1;
    CU_ASSERT_EQUAL(lim_price_cost(&p, 1000000, 0, 0), 1);
    CU_ASSERT_EQUAL(lim_price_cost(&p, 0, 1, 0), -1);
    CU_ASSERT_EQUAL(lim_price_cost(NULL, 0, 0, 0), -1);
}

static void the_largest_amounts_do_not_overflow(void)
{
    struct lim_price p = { "m", 600000000, 600000000, 1000000, -1, "", "" };
    CU_ASSERT_EQUAL(lim_price_cost(&p, LIM_LIMIT_MAX, LIM_LIMIT_MAX, 0),
                    INT64_C(1200000000000000000));
    CU_ASSERT_EQUAL(lim_price_cost(&p, 0, 0, LIM_LIMIT_MAX), INT64_MAX);
}

CU_TestInfo price_tests[] = {
    { "prices are those of their sources", prices_are_those_of_their_sources },
    { "unknown models have no price", unknown_models_have_no_price },
    { "own prices come first", own_prices_come_first },
    { "stands in order with the newest last",
      stands_in_order_with_the_newest_last },
    { "cost is rounded to the nearest", cost_is_rounded_to_the_nearest },
    { "a price that is needed must be known",
      a_price_that_is_needed_must_be_known },
    { "the largest amounts do not overflow",
      the_largest_amounts_do_not_overflow },
    CU_TEST_INFO_NULL
};
