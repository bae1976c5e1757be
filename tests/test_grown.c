#include <CUnit/CUnit.h>

#include "bench/grown.h"

#define NO LIM_UNLIMITED

/* rpm, rpd, tpm, tpd, ipm */
struct limits {
    int64_t max[LIM_WINDOWS];
};

static struct lim_limits limits_of(const struct limits *l)
{
    struct lim_limits out = lim_limits_none();
    for (int w = 0; w < LIM_WINDOWS; w++)
        out.max[w] = l->max[w];
    return out;
}

/* What was told, what an answer shows of requests and tokens (all but one are
   left, and come back in a minute), and what holds then. */
static void what_is_larger_is_believed(void)
{
    static const char text[] =
        "@as_of 2026-01\n@source made Made for a test\n@tier tier1 5 0 -\n"
        "@tier tier2 50 0 -\n@tier tier3 100 0 -\n"
        "m tier1 - 500 10000 30000 90000 - - made\n"
        "m tier2 - 5000 - 450000 1350000 - - made\n"
        "m tier3 - 5000 - 800000 50000000 - - made\n";
    static const struct {
        struct limits told;
        int64_t rpm, tpm; /* shown */
        bool grew;
        struct limits now;
    } rows[] = {
        /* as told, and less */
        { { { 500, 10000, 30000, 90000, NO } },
          500,
          30000,
          false,
          { { 500, 10000, 30000, 90000, NO } } },
        { { { 500, 10000, 30000, 90000, NO } },
          400,
          20000,
          false,
          { { 500, 10000, 30000, 90000, NO } } },
        /* another tier, with what it has of a day */
        { { { 500, 10000, 30000, 90000, NO } },
          5000,
          450000,
          true,
          { { 5000, NO, 450000, 1350000, NO } } },
        { { { 500, 10000, 30000, 90000, NO } },
          5000,
          800000,
          true,
          { { 5000, NO, 800000, 50000000, NO } } },
        /* one of no tier: the day's stays */
        { { { 500, 10000, 30000, 90000, NO } },
          700,
          30000,
          true,
          { { 700, 10000, 30000, 90000, NO } } },
        /* what was told to have no limit has none */
        { { { NO, NO, 30000, NO, NO } },
          5000,
          450000,
          true,
          { { NO, NO, 450000, NO, NO } } },
        { { { NO, NO, NO, NO, NO } },
          5000,
          450000,
          false,
          { { NO, NO, NO, NO, NO } } },
        /* nothing is shown */
        { { { 500, 10000, 30000, 90000, NO } },
          -1,
          -1,
          false,
          { { 500, 10000, 30000, 90000, NO } } },
    };
    struct lim_diag why;
    struct lim_table *table = lim_table_parse("t", text, sizeof text - 1, &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const int64_t rpm = rows[i].rpm, tpm = rows[i].tpm;
        const struct lim_cost cost = { { 1, 1, 0, 0 } };
        struct lim_feedback f = lim_feedback_none();
        if (rpm > 0)
            f.requests = (struct lim_shown){ rpm, rpm - 1, LIM_MIN / rpm };
        if (tpm > 0)
            f.tokens = (struct lim_shown){ tpm, tpm - 1, LIM_MIN / tpm };
        const struct lim_lesson lesson = { .feedback = &f,
                                           .cost = &cost,
                                           .admitted = true };
        const struct bench_grown g = { .table = table,
                                       .model = "m",
                                       .told = limits_of(&rows[i].told) };
        struct lim_limits out;
        CU_ASSERT_EQUAL(bench_grown_read(&g, &lesson, &out), rows[i].grew);
        for (int w = 0; w < LIM_WINDOWS; w++)
            CU_ASSERT_EQUAL(out.max[w], rows[i].now.max[w]);
    }
    lim_table_free(table);
}

CU_TestInfo grown_tests[] = { { "what is larger is believed",
                                what_is_larger_is_believed },
                              CU_TEST_INFO_NULL };
