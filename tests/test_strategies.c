#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "limiter/rng.h"
#include "tests/strategy_table.h"

static void expect(struct table *t, const char *sequence)
{
    for (const char *s = sequence; *s != '\0'; s++)
        CU_ASSERT_EQUAL((char)('a' + pick(t)), *s);
}

static void count(struct table *t, int picks, int shares[LIM_BLOCK])
{
    memset(shares, 0, LIM_BLOCK * sizeof *shares);
    for (int i = 0; i < picks; i++)
        shares[pick(t)]++;
}

static void weigh(struct table *t, double a, double b, double c)
{
    t->weight[0] = a;
    t->weight[1] = b;
    t->weight[2] = c;
    start(t);
}

static void the_table_is_in_order(void)
{
    for (size_t i = 0; lim_strategies[i] != NULL; i++) {
        const struct lim_strategy *s = lim_strategies[i];
        CU_ASSERT_PTR_EQUAL(lim_strategy_find(s->name), s);
        CU_ASSERT_EQUAL(s->abi, LIM_STRATEGY_ABI);
        CU_ASSERT_TRUE(strlen(s->summary) > 0 && strlen(s->summary) < 72);
        if (i > 0)
            CU_ASSERT_TRUE(strcmp(lim_strategies[i - 1]->name, s->name) < 0);
    }
    CU_ASSERT_PTR_NULL(lim_strategy_find("best"));
}

static void smooth_turns_are_interleaved(void)
{
    struct table t;
    set_up(&t, "swrr", 3);
    weigh(&t, 5, 1, 1);
    expect(&t, "aabacaa"
               "aabacaa");
    free(t.state);
    set_up(&t, "swrr", 3);
    weigh(&t, 50e6, 10e6, 10e6); /* tokens a minute are weights as well */
    expect(&t, "aabacaa");
    free(t.state);
}

/* The turns as they are defined: gain the weight, pay the sum. */
static uint32_t turn(const struct table *t, int64_t credit[LIM_BLOCK])
{
    uint32_t most = 0;
    int64_t sum = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        credit[i] += (int64_t)t->weight[i];
        sum += (int64_t)t->weight[i];
        most = credit[i] > credit[most] ? i : most;
    }
    credit[most] -= sum;
    return most;
}

static void smooth_turns_are_as_defined(void)
{
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct table t;
        int64_t credit[LIM_BLOCK] = { 0 };
        uint64_t stream = lim_rng_stream(seed, LIM_DRAW_ID);
        set_up(&t, "swrr", 1 + (uint32_t)(stream % LIM_BLOCK));
        for (uint32_t i = 0; i < t.count; i++) {
            uint64_t bits = lim_rng_draw(stream, i, 0);
            t.weight[i] = (double)(1 + bits % (bits >> 63 ? 1000 : 5));
        }
        start(&t);
        for (int i = 0; i < 500; i++)
            CU_ASSERT_EQUAL(pick(&t), turn(&t, credit));
        free(t.state);
    }
}

/* Who was absent gets a few turns when it is back, then its share again. */
static void absence_is_worth_a_few_turns(void)
{
    const char *const names[] = { "swrr", "edf_wrr" };
    for (size_t k = 0; k < 2; k++) {
        struct table t;
        int n[LIM_BLOCK];
        set_up(&t, names[k], 3);
        weigh(&t, 5, 1, 1);
        count(&t, 70, n);
        t.absent = 4;
        count(&t, 6000, n);
        CU_ASSERT_TRUE(abs(n[0] - 5000) <= 5);
        CU_ASSERT_TRUE(abs(n[1] - 1000) <= 5);
        t.absent = 0;
        count(&t, 700, n);
        CU_ASSERT_TRUE(abs(n[2] - 100) <= 3);
        free(t.state);
    }
}

static void shares_are_as_the_weights(void)
{
    const char *const names[] = { "swrr", "edf_wrr" };
    for (size_t k = 0; k < 2; k++) {
        struct table t;
        int n[LIM_BLOCK];
        set_up(&t, names[k], 3);
        weigh(&t, 0.5, 0.3, 0.2);
        count(&t, 1000, n);
        CU_ASSERT_TRUE(abs(n[0] - 500) <= 1);
        CU_ASSERT_TRUE(abs(n[1] - 300) <= 1);
        CU_ASSERT_TRUE(abs(n[2] - 200) <= 1);
        free(t.state);
    }
}

static void the_neighbour_of_an_absent_one_gets_no_double_share(void)
{
    struct table t;
    int n[LIM_BLOCK];
    set_up(&t, "round_robin", 4);
    start(&t);
    expect(&t, "abcdab");
    t.absent = 2;
    expect(&t, "cdacda");
    t.absent = 0;
    expect(&t, "bcd");
    t.absent = 2;
    count(&t, 600, n);
    CU_ASSERT_EQUAL(n[0], 200);
    CU_ASSERT_EQUAL(n[2], 200);
    CU_ASSERT_EQUAL(n[3], 200);
    free(t.state);
}

static void priority_comes_before_order(void)
{
    struct table t;
    set_up(&t, "fill_first", 4);
    t.priority[0] = 1;
    t.priority[3] = -1;
    start(&t);
    expect(&t, "ddd");
    t.absent = 8;
    expect(&t, "bb");
    t.absent = 8 + 2;
    expect(&t, "cc");
    t.absent = 8 + 2 + 4;
    expect(&t, "aa");
    free(t.state);
}

static void the_ring_drops_its_oldest(void)
{
    struct table t;
    const int64_t *key = t.values[LIM_VALUE_KEY];
    set_up(&t, "lowest_latency", 3);
    start(&t);
    expect(&t, "abc"); /* the unknown in turn */
    for (int i = 0; i < 10; i++)
        answer(&t, 0, true, LIM_SEC);
    CU_ASSERT_EQUAL(key[0], LIM_SEC);
    for (int i = 1; i <= 10; i++) {
        answer(&t, 0, true, LIM_MSEC);
        CU_ASSERT_EQUAL(key[0], (i * LIM_MSEC + (10 - i) * LIM_SEC) / 10);
    }
    answer(&t, 1, true, 2 * LIM_MSEC);
    answer(&t, 2, false, LIM_MSEC); /* fails fast and is not the fastest */
    CU_ASSERT_EQUAL(key[2], 10 * LIM_SEC);
    expect(&t, "aaa");
    free(t.state);
}

static void a_token_or_the_first_of_them_is_timed(void)
{
    struct table t;
    set_up(&t, "lowest_latency", 1);
    struct lim_event e = event_of(&t, 0);
    e.ok = true;
    e.latency_ns = 10 * LIM_SEC;
    e.tokens = 500;
    CU_ASSERT_EQUAL(t.strategy->ended(t.state, &e), 20 * LIM_MSEC);
    e.first_token_ns = 400 * LIM_MSEC;
    CU_ASSERT_EQUAL(t.strategy->ended(t.state, &e), 210 * LIM_MSEC);
    free(t.state);
}

static void a_peak_counts_at_once_and_fades(void)
{
    struct table t;
    int64_t *key = t.values[LIM_VALUE_KEY];
    set_up(&t, "peak_ewma", 2);
    start(&t);
    send(&t, 0);
    CU_ASSERT_EQUAL(best(&t, 1), 1); /* one try of the unknown at a time */
    answer(&t, 0, true, LIM_SEC);
    answer(&t, 0, true, 5 * LIM_SEC);
    CU_ASSERT_EQUAL(key[0], 5 * LIM_SEC);
    answer(&t, 0, false, LIM_MSEC); /* a refusal is no quick answer */
    CU_ASSERT_EQUAL(key[0], 5 * LIM_SEC);
    t.now += 10 * LIM_SEC;
    answer(&t, 0, true, LIM_SEC);
    int64_t due = LIM_SEC + (int64_t)(4e9 * 0.36787944);
    CU_ASSERT_TRUE(llabs(key[0] - due) < 4000 * LIM_USEC * 2);
    free(t.state);
}

static void latency_is_weighed_by_what_is_in_flight(void)
{
    struct table t;
    set_up(&t, "peak_ewma", 2);
    t.values[LIM_VALUE_KEY][0] = LIM_SEC;
    t.values[LIM_VALUE_KEY][1] = 3 * LIM_SEC;
    t.in_flight[0] = 1;
    t.now = 0;
    CU_ASSERT_EQUAL(best(&t, 1), 0);
    t.in_flight[0] = 3;
    CU_ASSERT_EQUAL(best(&t, 1), 1);
    free(t.state);
}

static void the_longest_ready_goes_first(void)
{
    struct table t;
    set_up(&t, "earliest", 3);
    limit(&t, LIM_RPM, 60);
    limit(&t, LIM_TPM, 6000);
    limit(&t, LIM_IPM, 10);
    use(&t, 0, LIM_RPM, 0.5);
    use(&t, 1, LIM_TPM, 0.4);
    use(&t, 2, LIM_IPM, 0.9); /* it takes no images */
    CU_ASSERT_EQUAL(best(&t, 10), 2);
    t.absent = 4;
    CU_ASSERT_EQUAL(best(&t, 10), 1);
    CU_ASSERT_EQUAL(best(&t, 3000), 0); /* the request decides */
    free(t.state);
}

static void the_best_fit_leaves_the_large_hole(void)
{
    struct table t;
    set_up(&t, "best_fit", 3);
    limit(&t, LIM_RPM, 60);
    limit(&t, LIM_TPM, 6000);
    use(&t, 0, LIM_TPM, 0.2);
    use(&t, 1, LIM_TPM, 0.6);
    use(&t, 2, LIM_RPM, 0.5);
    CU_ASSERT_EQUAL(best(&t, 1000), 1);
    CU_ASSERT_EQUAL(best(&t, 10), 2); /* of small ones requests are scarce */
    free(t.state);
}

static void headroom_looks_at_the_scarcest_window(void)
{
    struct table t;
    set_up(&t, "headroom", 3);
    limit(&t, LIM_RPM, 60);
    limit(&t, LIM_TPM, 6000);
    use(&t, 0, LIM_TPM, 0.5);
    use(&t, 1, LIM_RPM, 0.4);
    use(&t, 2, LIM_RPM, 0.6);
    CU_ASSERT_EQUAL(best(&t, 10), 1);
    free(t.state);
}

/* Many tokens go where requests are scarce, few the other way round. */
static void opportunity_matches_requests_to_what_is_left(void)
{
    struct table t;
    set_up(&t, "opportunity", 2);
    limit(&t, LIM_RPM, 60);
    limit(&t, LIM_TPM, 60000);
    use(&t, 0, LIM_RPM, 0.6);
    use(&t, 0, LIM_TPM, 0.1);
    use(&t, 1, LIM_RPM, 0.1);
    use(&t, 1, LIM_TPM, 0.5);
    CU_ASSERT_EQUAL(best(&t, 10000), 0);
    CU_ASSERT_EQUAL(best(&t, 100), 1);
    use(&t, 0, LIM_RPM, 0);
    use(&t, 0, LIM_TPM, 0);
    CU_ASSERT_EQUAL(best(&t, 100), 0); /* what is full is free */
    free(t.state);
}

static void the_cheapest_is_paced(void)
{
    struct table t;
    set_up(&t, "cheapest", 3);
    t.price[0] = 1.5;
    t.price[2] = 1.2;
    start(&t);
    limit(&t, LIM_RPM, 60);
    CU_ASSERT_EQUAL(best(&t, 1), 1);
    use(&t, 1, LIM_RPM, 0.9);
    CU_ASSERT_EQUAL(best(&t, 1), 1); /* to the brim */
    t.spend_max = 100000000;
    t.values[LIM_VALUE_SPENT][1] = 45000000;
    CU_ASSERT_EQUAL(best(&t, 1), 1); /* half of the month has passed */
    t.values[LIM_VALUE_SPENT][1] = 80000000;
    CU_ASSERT_EQUAL(best(&t, 1), 2);
    t.price[2] = t.price[0] = 1;
    start(&t);
    use(&t, 0, LIM_RPM, 0.5);
    CU_ASSERT_EQUAL(best(&t, 1), 2); /* equal: headroom */
    free(t.state);
}

static void a_prompt_stays_at_its_home(void)
{
    struct table t;
    int n[LIM_BLOCK] = { 0 };
    set_up(&t, "sticky", 8);
    for (uint64_t a = 1; a <= 800; a++) {
        t.affinity = a;
        uint32_t home = best(&t, 1);
        CU_ASSERT_EQUAL(best(&t, 100), home);
        n[home]++;
        t.absent = 1u << home;
        CU_ASSERT_EQUAL(best(&t, 1), (home + 1) % 8);
        t.absent = 0;
        t.count = 7; /* one less: only its own prompts move */
        CU_ASSERT_TRUE(home == 7 || best(&t, 1) == home);
        t.count = 8;
    }
    for (int i = 0; i < 8; i++)
        CU_ASSERT_TRUE(n[i] > 70 && n[i] < 130);
    free(t.state);
}

static void a_popular_prompt_does_not_fill_its_home(void)
{
    struct table t;
    int n[LIM_BLOCK];
    set_up(&t, "sticky", 4);
    t.affinity = 7;
    count(&t, 400, n);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_TRUE(n[i] <= 126);
    for (uint32_t i = 0; i < 4; i++)
        while (t.values[LIM_VALUE_IN_FLIGHT][i] > 0)
            answer(&t, i, true, LIM_SEC);
    CU_ASSERT_EQUAL(*(int64_t *)t.state, 0);
    free(t.state);
}

/* The score of the least values is at most the least of the scores. */
static void check_bound(struct table *t, uint64_t stream)
{
    const struct lim_cost cost = { { 1, (int64_t)(stream % 5000), 0, 700 } };
    uint32_t number[LIM_BLOCK], first = 0, last = LIM_BLOCK - 1;
    int64_t least[LIM_VALUES * LIM_BLOCK], out[LIM_BLOCK], bound[LIM_BLOCK];
    for (uint32_t i = 0; i < LIM_BLOCK; i++)
        number[i] = i;
    for (int v = 0; v < LIM_VALUES; v++) {
        least[v * LIM_BLOCK] = INT64_MAX;
        for (int i = 0; i < LIM_BLOCK; i++)
            if (t->values[v][i] < least[v * LIM_BLOCK])
                least[v * LIM_BLOCK] = t->values[v][i];
    }
    score(t, &cost, &t->values[0][0], number, number, LIM_BLOCK, out);
    score(t, &cost, least, &first, &last, 1, bound);
    for (int i = 0; i < LIM_BLOCK; i++)
        CU_ASSERT_TRUE(bound[0] <= out[i]);
}

static void random_block(struct table *t, uint64_t stream)
{
    uint64_t draws = 0;
    for (uint32_t i = 0; i < LIM_BLOCK; i++)
        t->weight[i] = (double)(1 + lim_rng_draw(stream, draws++, 1) % 3);
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        uint64_t d = lim_rng_draw(stream, draws++, 2);
        int64_t max = d % 7 == 0 ? LIM_LIMIT_MAX : 5000 + (int64_t)(d % 100000);
        if (d >> 32 & 1)
            limit(t, (enum lim_limit)w, max);
    }
    start(t);
    t->now += (int64_t)(lim_rng_draw(stream, draws++, 3) >> 3);
    t->now = t->now < INT64_MAX / 2 ? t->now : INT64_MAX / 2;
    t->affinity = stream % 3;
    t->spend_max = stream % 2 ? 1000000 : LIM_UNLIMITED;
    for (uint32_t i = 0; i < LIM_BLOCK; i++) {
        for (unsigned w = 0; w < LIM_WINDOWS; w++) {
            int64_t full = t->rates[w].full.ns;
            uint64_t d = lim_rng_draw(stream, draws++, 4);
            t->values[w][i] =
                full == 0 ? 0 : t->now - full + (int64_t)(d >> 2) % (2 * full);
        }
        t->values[LIM_VALUE_SPENT][i] =
            (int64_t)(lim_rng_draw(stream, draws++, 5) % 1000000);
    }
}

static void minima_bound_every_score(void)
{
    for (size_t s = 0; lim_strategies[s] != NULL; s++) {
        if (lim_strategies[s]->samples > 0)
            continue; /* it never sees minima */
        for (uint64_t seed = 0; seed < 300; seed++) {
            struct table t;
            uint64_t stream = lim_rng_stream(seed, LIM_DRAW_ID);
            set_up(&t, lim_strategies[s]->name, LIM_BLOCK);
            random_block(&t, stream);
            for (uint64_t i = 0; i < 30; i++) {
                uint32_t k = (uint32_t)(lim_rng_draw(stream, i, 6) % LIM_BLOCK);
                send(&t, k);
                if (i % 3 > 0)
                    answer(&t, k, i % 5 > 0, (int64_t)(stream >> (10 + i)));
                check_bound(&t, stream + i);
            }
            free(t.state);
        }
    }
}

CU_TestInfo strategies_tests[] = {
    { "the table is in order", the_table_is_in_order },
    { "smooth turns are interleaved", smooth_turns_are_interleaved },
    { "smooth turns are as defined", smooth_turns_are_as_defined },
    { "absence is worth a few turns", absence_is_worth_a_few_turns },
    { "shares are as the weights", shares_are_as_the_weights },
    { "the neighbour of an absent one gets no double share",
      the_neighbour_of_an_absent_one_gets_no_double_share },
    { "priority comes before order", priority_comes_before_order },
    { "the ring drops its oldest", the_ring_drops_its_oldest },
    { "a token or the first of them is timed",
      a_token_or_the_first_of_them_is_timed },
    { "a peak counts at once and fades", a_peak_counts_at_once_and_fades },
    { "latency is weighed by what is in flight",
      latency_is_weighed_by_what_is_in_flight },
    { "the longest ready goes first", the_longest_ready_goes_first },
    { "the best fit leaves the large hole",
      the_best_fit_leaves_the_large_hole },
    { "headroom looks at the scarcest window",
      headroom_looks_at_the_scarcest_window },
    { "opportunity matches requests to what is left",
      opportunity_matches_requests_to_what_is_left },
    { "the cheapest is paced", the_cheapest_is_paced },
    { "a prompt stays at its home", a_prompt_stays_at_its_home },
    { "a popular prompt does not fill its home",
      a_popular_prompt_does_not_fill_its_home },
    { "minima bound every score", minima_bound_every_score },
    CU_TEST_INFO_NULL
};
