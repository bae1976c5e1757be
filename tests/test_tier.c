#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "limiter/tier.h"

#define EACH(rows) for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)

#define NO LIM_UNLIMITED

static struct lim_table *builtin(const char *name)
{
    struct lim_diag diag = { .text = "" };
    struct lim_table *t = lim_table_builtin(name, &diag);
    if (t == NULL)
        printf("\n  %s: %d: %s\n", name, diag.line, diag.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    return t;
}

static struct lim_table *parse(const char *text, struct lim_diag *diag)
{
    return lim_table_parse("t", text, strlen(text), diag);
}

struct cell {
    const char *model;
    enum lim_tier tier;
    int64_t max[LIM_WINDOWS]; /* rpm rpd tpm tpd ipm */
};

static void check(const struct lim_table *t, const struct cell *c)
{
    const struct lim_tier_row *row = lim_table_find(t, c->model, c->tier);
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    CU_ASSERT_STRING_EQUAL(row->model, c->model);
    CU_ASSERT_EQUAL(row->tier, c->tier);
    for (int i = 0; i < LIM_WINDOWS; i++)
        CU_ASSERT_EQUAL(row->limits.max[i], c->max[i]);
}

static const struct cell seed[] = {
    { "gpt-4", LIM_TIER_FREE, { 3, 200, 10000, NO, NO } },
    { "gpt-3.5-turbo", LIM_TIER_FREE, { 3, 200, 20000, NO, NO } },
    { "text-embedding-ada-002", LIM_TIER_FREE, { 3, 200, 150000, NO, NO } },
    { "whisper-1", LIM_TIER_FREE, { 3, 200, NO, NO, NO } },
    { "tts-1", LIM_TIER_FREE, { 3, 200, NO, NO, NO } },
    { "dall-e-2", LIM_TIER_FREE, { 5, NO, NO, NO, NO } },
    { "dall-e-3", LIM_TIER_FREE, { 1, NO, NO, NO, NO } },
    { "gpt-4", LIM_TIER_1, { 500, 10000, 10000, NO, NO } },
    { "gpt-3.5-turbo", LIM_TIER_1, { 3500, 10000, 40000, NO, NO } },
    { "text-embedding-ada-002", LIM_TIER_1, { 500, 10000, 1000000, NO, NO } },
    { "whisper-1", LIM_TIER_1, { 50, NO, NO, NO, NO } },
    { "tts-1", LIM_TIER_1, { 50, NO, NO, NO, NO } },
    { "dall-e-2", LIM_TIER_1, { NO, NO, NO, NO, 50 } },
    { "dall-e-3", LIM_TIER_1, { NO, NO, NO, NO, 5 } },
    { "gpt-4", LIM_TIER_4, { 10000, NO, 300000, NO, NO } },
    { "gpt-3.5-turbo", LIM_TIER_4, { 10000, NO, 1000000, NO, NO } },
    { "text-embedding-ada-002", LIM_TIER_4, { 10000, NO, 5000000, NO, NO } },
    { "whisper-1", LIM_TIER_4, { 100, NO, NO, NO, NO } },
    { "tts-1", LIM_TIER_4, { 100, NO, NO, NO, NO } },
    { "dall-e-2", LIM_TIER_4, { NO, NO, NO, NO, 100 } },
    { "dall-e-3", LIM_TIER_4, { NO, NO, NO, NO, 15 } },
};

static void the_seed_cell_by_cell(void)
{
    struct lim_table *t = builtin("seed");
    size_t rows = 0;
    EACH(seed)
    {
        struct cell c = seed[i];
        check(t, &c);
        rows++;
        if (c.tier == LIM_TIER_4) { /* tier 5 has the limits of tier 4 */
            c.tier = LIM_TIER_5;
            check(t, &c);
            rows++;
        }
    }
    CU_ASSERT_EQUAL(lim_table_rows(t), rows);
    CU_ASSERT_PTR_NULL(lim_table_find(t, "gpt-4", LIM_TIER_2));
    CU_ASSERT_TRUE(lim_table_knows(t, "gpt-4"));
    CU_ASSERT_FALSE(lim_table_knows(t, "gpt-4o"));
    lim_table_free(t);
}

struct rule {
    bool defined;
    int64_t paid, days, month;
};

static void check_rules(const char *name, const struct rule rules[LIM_TIERS])
{
    struct lim_table *t = builtin(name);
    for (int i = 0; i < LIM_TIERS; i++) {
        const struct lim_qualification *q =
            lim_table_qualification(t, (enum lim_tier)i);
        CU_ASSERT_EQUAL(q->defined, rules[i].defined);
        CU_ASSERT_EQUAL(q->paid_microusd, rules[i].paid * 1000000);
        CU_ASSERT_EQUAL(q->days, rules[i].days);
        CU_ASSERT_EQUAL(q->month_microusd, rules[i].month * 1000000);
    }
    lim_table_free(t);
}

static void what_qualifies_for_a_tier(void)
{
    const struct rule seed_rules[] = {
        { true, 0, 0, 100 },     { true, 5, 0, 100 },
        { false, 50, 7, 500 },   { false, 100, 7, 1000 },
        { true, 250, 14, 5000 }, { true, 1000, 30, 10000 },
    };
    const struct rule mid_rules[] = {
        { true, 0, 0, 100 },     { true, 5, 0, 100 },
        { true, 50, 7, 500 },    { true, 100, 7, 1000 },
        { true, 250, 14, 5000 }, { true, 1000, 30, 50000 },
    };
    const struct rule late_rules[] = {
        { true, 0, 0, 100 },      { true, 5, 0, 100 },
        { true, 50, 7, 500 },     { true, 100, 7, 1000 },
        { false, 250, 14, 5000 }, { true, 1000, 30, 200000 },
    };
    const struct rule current_rules[] = {
        { true, 0, 0, 100 },    { true, 5, 0, 100 },
        { true, 50, 0, 500 },   { true, 100, 0, 1000 },
        { true, 250, 0, 5000 }, { true, 1000, 0, 200000 },
    };
    check_rules("seed", seed_rules);
    check_rules("official-2024-mid", mid_rules);
    check_rules("late-2024", late_rules);
    check_rules("model-pages-2025-26", current_rules);
    check_rules("current", current_rules);
}

static void the_other_sets_hold_their_numbers(void)
{
    static const struct {
        const char *table;
        struct cell cell;
    } rows[] = {
        { "official-2024-mid",
          { "gpt-4o", LIM_TIER_3, { 5000, NO, 600000, NO, NO } } },
        { "official-2024-mid",
          { "gpt-4o", LIM_TIER_4, { 10000, NO, 800000, NO, NO } } },
        { "official-2024-mid",
          { "dall-e-2", LIM_TIER_1, { NO, NO, NO, NO, 5 } } },
        { "late-2024",
          { "gpt-4o-mini", LIM_TIER_5, { 30000, NO, 150000000, NO, NO } } },
        { "late-2024",
          { "gpt-4o-realtime-preview",
            LIM_TIER_1,
            { 100, 100, 20000, NO, NO } } },
        { "model-pages-2025-26",
          { "gpt-3.5-turbo", LIM_TIER_3, { 3500, NO, 800000, NO, NO } } },
        { "model-pages-2025-26",
          { "gpt-image-1", LIM_TIER_5, { NO, NO, 8000000, NO, 250 } } },
        { "model-pages-2025-26",
          { "gpt-4o-mini", LIM_TIER_FREE, { 3, 200, 40000, NO, NO } } },
        { "model-pages-2025-26",
          { "gpt-5", LIM_TIER_1, { NO, NO, 30000, NO, NO } } },
        { "model-pages-2025-26",
          { "gpt-6-sol", LIM_TIER_5, { 15000, NO, 40000000, NO, NO } } },
    };
    EACH(rows)
    {
        struct lim_table *t = builtin(rows[i].table);
        check(t, &rows[i].cell);
        lim_table_free(t);
    }
    static const struct {
        const char *table;
        size_t rows;
    } sizes[] = {
        { "seed", 28 },
        { "official-2024-mid", 68 },
        { "late-2024", 77 },
        { "model-pages-2025-26", 189 },
    };
    EACH(sizes)
    {
        struct lim_table *t = builtin(sizes[i].table);
        CU_ASSERT_EQUAL(lim_table_rows(t), sizes[i].rows);
        lim_table_free(t);
    }
}

static void current_takes_each_model_from_its_newest_set(void)
{
    static const struct {
        const char *model;
        enum lim_tier tier;
        const char *table; /* NULL: no access */
        const char *as_of;
    } rows[] = {
        { "gpt-4o", LIM_TIER_1, "model-pages-2025-26", "2026-09-24" },
        { "gpt-4o-mini", LIM_TIER_FREE, "model-pages-2025-26", "2025" },
        { "gpt-4", LIM_TIER_1, "model-pages-2025-26", "2026" },
        { "gpt-4", LIM_TIER_FREE, NULL, NULL },
        { "gpt-3.5-turbo", LIM_TIER_FREE, NULL, NULL },
        { "whisper-1", LIM_TIER_1, "late-2024", "2024-11/2024-12" },
        { "whisper-1", LIM_TIER_4, NULL, NULL },
        { "text-embedding-ada-002", LIM_TIER_5, "late-2024",
          "2024-11/2024-12" },
        { "gpt-5", LIM_TIER_1, "model-pages-2025-26", "2025-08-29" },
        { "gpt-5", LIM_TIER_2, NULL, NULL },
        { "omni-moderation-latest", LIM_TIER_4, "model-pages-2025-26",
          "2026-09-24" },
        { "omni-moderation-2024-09-26", LIM_TIER_1, "late-2024",
          "2024-11/2024-12" },
    };
    struct lim_table *t = builtin("current");
    EACH(rows)
    {
        const struct lim_tier_row *row =
            lim_table_find(t, rows[i].model, rows[i].tier);
        CU_ASSERT_TRUE(lim_table_knows(t, rows[i].model));
        if (rows[i].table == NULL) {
            CU_ASSERT_PTR_NULL(row);
            continue;
        }
        CU_ASSERT_PTR_NOT_NULL_FATAL(row);
        CU_ASSERT_STRING_EQUAL(row->table, rows[i].table);
        CU_ASSERT_STRING_EQUAL(row->as_of, rows[i].as_of);
    }
    CU_ASSERT_STRING_EQUAL(lim_table_name(t), "current");
    lim_table_free(t);
}

/* The look-up is a search; this is the plain loop. */
static void every_row_is_found_and_has_a_source(void)
{
    for (size_t k = 0; lim_table_names[k] != NULL; k++) {
        struct lim_table *t = builtin(lim_table_names[k]);
        for (size_t i = 0; i < lim_table_rows(t); i++) {
            const struct lim_tier_row *row = lim_table_row(t, i);
            const char *group = lim_table_group(t, row->model);
            CU_ASSERT_PTR_EQUAL(lim_table_find(t, row->model, row->tier), row);
            CU_ASSERT_STRING_EQUAL(group, row->group);
            CU_ASSERT_TRUE(row->as_of[0] != '\0');
            CU_ASSERT_TRUE(row->source[0] != '\0');
            int g = lim_table_group_index(t, group);
            CU_ASSERT_TRUE(g >= 0 && (size_t)g < lim_table_groups(t));
            CU_ASSERT_STRING_EQUAL(lim_table_group_name(t, (size_t)g), group);
            CU_ASSERT_PTR_NOT_NULL(
                lim_table_group_row(t, (size_t)g, row->tier));
        }
        CU_ASSERT_EQUAL(lim_table_group_index(t, "no such group"), -1);
        CU_ASSERT_PTR_NULL(lim_table_group(t, "no such model"));
        lim_table_free(t);
    }
}

static void names_resolve_to_their_base(void)
{
    static const char text[] = "gpt-4       tier1 -  1 - - - - - -\n"
                               "gpt-4-turbo tier1 -  2 - - - - - -\n"
                               "gpt-4-32k   tier1 g  3 - - - - - -\n"
                               "gpt-4-0314  tier1 g  3 - - - - - -\n"
                               "gpt-4*      tier1 -  5 - - - - - -\n"
                               "gpt-4o*     tier1 -  6 - - - - - -\n"
                               "o1-preview  tier1 -  7 - - - - - -\n";
    static const struct {
        const char *model, *row;
    } rows[] = {
        { "gpt-4", "gpt-4" },
        { "gpt-4-0613", "gpt-4" },
        { "gpt-4-1106-preview", "gpt-4" },
        { "gpt-4-0314", "gpt-4-0314" },
        { "gpt-4-2023-03-14", "gpt-4" },
        { "gpt-4-2023-03-14-preview", "gpt-4" },
        { "gpt-4-turbo", "gpt-4-turbo" },
        { "gpt-4-turbo-2024-04-09", "gpt-4-turbo" },
        { "gpt-4-32k-0613", "gpt-4-32k" },
        { "o1-preview-2024-09-12", "o1-preview" },
        { "gpt-4-turbo-preview", "gpt-4*" },
        { "gpt-4-1399", "gpt-4*" },
        { "gpt-4-00613", "gpt-4*" },
        { "gpt-4-2023-13-14", "gpt-4*" },
        { "gpt-40613", "gpt-4*" },
        { "gpt-4o", "gpt-4o*" },
        { "gpt-4o-2024-08-06", "gpt-4o*" },
        { "gpt-", NULL },
        { "gpt-3.5-turbo-1106", NULL },
        { "o1-preview-preview", NULL },
        { "-0613", NULL },
        { "", NULL },
    };
    struct lim_diag diag;
    struct lim_table *t = parse(text, &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    EACH(rows)
    {
        const struct lim_tier_row *row =
            lim_table_find(t, rows[i].model, LIM_TIER_1);
        CU_ASSERT_EQUAL(row == NULL, rows[i].row == NULL);
        if (row != NULL && rows[i].row != NULL)
            CU_ASSERT_STRING_EQUAL(row->model, rows[i].row);
        CU_ASSERT_PTR_NULL(lim_table_find(t, rows[i].model, LIM_TIER_2));
    }
    CU_ASSERT_EQUAL(lim_table_groups(t), 6);
    CU_ASSERT_EQUAL(lim_table_group_index(t, "g"), 2);
    CU_ASSERT_STRING_EQUAL(lim_table_group(t, "gpt-4-32k"), "g");
    lim_table_free(t);
}

static void a_table_of_ones_own(void)
{
    static const char text[] =
        "# a comment may hold anything: \xff\x01\r\n"
        "\r\n"
        "  @as_of 2026-01\t\r\n"
        "@source own  what the contract says \n"
        "@tier tier2 40 3 -\n"
        "*\ttier2\tall\t0\t-\t1000000000000000\t-\t-\t-\t-\n"
        "b tier2 - - - - 5 - 2026-02 own";
    struct lim_diag diag;
    struct lim_table *t = parse(text, &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    const struct lim_tier_row *row = lim_table_find(t, "x", LIM_TIER_2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    CU_ASSERT_EQUAL(row->limits.max[LIM_RPM], 0);
    CU_ASSERT_EQUAL(row->limits.max[LIM_TPM], LIM_LIMIT_MAX);
    CU_ASSERT_STRING_EQUAL(row->as_of, "2026-01");
    CU_ASSERT_STRING_EQUAL(row->source, "what the contract says");
    CU_ASSERT_STRING_EQUAL(row->group, "all");
    row = lim_table_find(t, "b-2026-02-28", LIM_TIER_2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    CU_ASSERT_EQUAL(row->limits.max[LIM_TPD], 5);
    CU_ASSERT_STRING_EQUAL(row->as_of, "2026-02");
    const struct lim_qualification *q = lim_table_qualification(t, LIM_TIER_2);
    CU_ASSERT_EQUAL(q->month_microusd, LIM_UNLIMITED);
    q = lim_table_qualification(t, LIM_TIER_3);
    CU_ASSERT_FALSE(q->defined);
    CU_ASSERT_EQUAL(q->paid_microusd, INT64_MAX);
    lim_table_free(t);
}

/* A free account without a payment method, 2025-04-15. */
static void a_window_may_be_longer_than_its_name_says(void)
{
    static const struct {
        enum lim_limit limit;
        int64_t max, window_ns;
        const char *text;
    } rows[] = {
        { LIM_RPM, 3, LIM_MIN, "3" },
        { LIM_RPD, 200, LIM_DAY, "200" },
        { LIM_TPM, 100000, 30 * LIM_DAY, "100000/30d" },
        { LIM_TPD, NO, LIM_DAY, "-" },
        { LIM_IPM, 7, 366 * LIM_DAY, "7/366d" },
    };
    struct lim_diag diag = { .text = "" };
    struct lim_table *t =
        parse("m free - 3 200 100000/30d - 7/366d 2025-04-15 -\n", &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    const struct lim_limits *l = &lim_table_row(t, 0)->limits;
    EACH(rows)
    {
        char text[LIM_LIMITS_TEXT_SIZE];
        CU_ASSERT_EQUAL(l->max[rows[i].limit], rows[i].max);
        CU_ASSERT_EQUAL(lim_limits_window(l, rows[i].limit), rows[i].window_ns);
        CU_ASSERT_STRING_EQUAL(lim_limits_text(l, rows[i].limit, text),
                               rows[i].text);
    }
    lim_table_free(t);
}

static void says_what_is_wrong_and_where(void)
{
#define ROW "m tier1 - 1 - - - - - -\n"
    static const struct {
        const char *text;
        int line;
        const char *words;
    } rows[] = {
        { "", 0, "no rows" },
        { "# only words\n@tier tier1 1 2 3\n", 0, "no rows" },
        { ROW "m tier2 - 1 - - - - -\n", 2, "9 columns" },
        { ROW "m tier2 - 1 - - - - - - -\n", 2, "11 columns" },
        { "m tier6 - 1 - - - - - -", 1, "'tier6' is no tier" },
        { "m Tier1 - 1 - - - - - -", 1, "'Tier1' is no tier" },
        { "m tier1 - -1 - - - - - -", 1, "rpm is '-1'" },
        { "m tier1 - 1 10k - - - - -", 1, "rpd is '10k'" },
        { "m tier1 - 1 - 1.5 - - - -", 1, "tpm is '1.5'" },
        { "m tier1 - 1 - - - 1000000000000001 - -", 1, "above the most" },
        { "m tier1 - 1 - - 99999999999999999999999 - - -", 1, "tpd is" },
        { "m tier1 - 1 - 5/30 - - - -", 1, "'/30' is no window" },
        { "m tier1 - 1 - 5/ - - - -", 1, "'/' is no window" },
        { "m tier1 - 1 - 5/0d - - - -", 1, "a window of 0 days" },
        { "m tier1 - 1 - 5/367d - - - -", 1, "above the most, 366" },
        { "m tier1 - 1 - /30d - - - -", 1, "tpm is ''" },
        { "m tier1 - 1 - -/30d - - - -", 1, "tpm is '-'" },
        { ROW "\n" ROW, 3, "m at tier1 stands in line 1 already" },
        { "m tier1 a 1 - - - - - -\nm tier2 b 1 - - - - - -", 2,
          "group b here and in group a" },
        { "m tier1 g 1 - - - - - -\nn tier1 g 2 - - - - - -", 2,
          "m and n are both in group g" },
        { "m*x tier1 - 1 - - - - - -", 1, "'*' may only" },
        { "m tier1 - 1 - - - - - unknown", 1, "source 'unknown'" },
        { "\xef\xbb\xbf" ROW, 1, "byte 0xef" },
        { "m\x1b tier1 - 1 - - - - - -", 1, "byte 0x1b" },
        { "@limit 3\n" ROW, 1, "'@limit' is none of" },
        { "@as_of\n" ROW, 1, "@as_of takes" },
        { "@as_of a b\n" ROW, 1, "@as_of takes" },
        { "@as_of a\n@as_of b\n" ROW, 2, "a second time" },
        { "@source key\n" ROW, 1, "@source takes" },
        { "@source k a\n@source k b\n" ROW, 2, "named a second time" },
        { "@tier tier1 5 0\n" ROW, 1, "3 columns" },
        { "@tier tier1 5 0 x\n" ROW, 1, "month is 'x'" },
        { "@tier tier1 5 99999 1\n" ROW, 1, "days is 99999" },
        { "@tier tier1 5 0 1\n@tier tier1 5 0 1\n" ROW, 2, "second time" },
        { "@tier none 5 0 1\n" ROW, 1, "'none' is no tier" },
    };
    EACH(rows)
    {
        struct lim_diag diag = { .line = -1, .text = "" };
        CU_ASSERT_PTR_NULL(parse(rows[i].text, &diag));
        CU_ASSERT_EQUAL(diag.line, rows[i].line);
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, rows[i].words));
        if (strstr(diag.text, rows[i].words) == NULL)
            printf("\n  not '%s': %s\n", rows[i].words, diag.text);
    }
    CU_ASSERT_PTR_NULL(parse("m tier1", NULL));
}

static void refuse(const char *text, size_t length, const char *words)
{
    struct lim_diag diag = { .text = "" };
    CU_ASSERT_PTR_NULL(lim_table_parse("t", text, length, &diag));
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, words));
}

static void sizes_are_bounded(void)
{
    static char text[LIM_TABLE_TEXT_MAX + 1];
    refuse("m tier1 - 1 - - - - - -\0", 24, "NUL");
    memset(text, '#', sizeof text);
    refuse(text, sizeof text, "a table of more than");
    refuse(text, LIM_TABLE_LINE_MAX + 1, "a line of more than");
    memset(text, 'm', LIM_TABLE_NAME_MAX + 1);
    strcpy(text + LIM_TABLE_NAME_MAX + 1, " tier1 - 1 - - - - - -");
    refuse(text, strlen(text), "is longer than");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " tier1"));
    char *at = text;
    for (int i = 0; i <= 256; i++)
        at += sprintf(at, "m%d tier1 - 1 - - - - - -\n", i);
    refuse(text, (size_t)(at - text), "more than 256 groups");
    at = text;
    for (int i = 0; i <= LIM_TABLE_ROWS_MAX; i++)
        at += sprintf(at, "m%d tier1 g 1 - - - - - -\n", i);
    refuse(text, (size_t)(at - text), "more than 10000 rows");
}

static void an_unknown_table_names_those_there_are(void)
{
    struct lim_diag diag = { .text = "" };
    CU_ASSERT_PTR_NULL(lim_table_builtin("sead", &diag));
    CU_ASSERT_STRING_EQUAL(diag.text,
                           "'sead' is no built-in table; those are current, "
                           "seed, official-2024-mid, late-2024, "
                           "model-pages-2025-26");
}

static void tiers_have_names(void)
{
    for (int i = 0; i < LIM_TIERS; i++) {
        enum lim_tier found = LIM_TIERS;
        CU_ASSERT_TRUE(lim_tier_find(lim_tier_name((enum lim_tier)i), &found));
        CU_ASSERT_EQUAL((int)found, i);
    }
    enum lim_tier found;
    CU_ASSERT_FALSE(lim_tier_find("tier", &found));
}

CU_TestInfo tier_tests[] = {
    { "the seed, cell by cell", the_seed_cell_by_cell },
    { "what qualifies for a tier", what_qualifies_for_a_tier },
    { "the other sets hold their numbers", the_other_sets_hold_their_numbers },
    { "current takes each model from its newest set",
      current_takes_each_model_from_its_newest_set },
    { "every row is found and has a source",
      every_row_is_found_and_has_a_source },
    { "names resolve to their base", names_resolve_to_their_base },
    { "a table of one's own", a_table_of_ones_own },
    { "a window may be longer than its name says",
      a_window_may_be_longer_than_its_name_says },
    { "says what is wrong and where", says_what_is_wrong_and_where },
    { "sizes are bounded", sizes_are_bounded },
    { "an unknown table names those there are",
      an_unknown_table_names_those_there_are },
    { "tiers have names", tiers_have_names },
    CU_TEST_INFO_NULL
};
