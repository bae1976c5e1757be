#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>

#include "limiter/rng.h"
#include "limiter/window.h"
#include "sim/bound.h"

#define HOUR (60 * LIM_MIN)

static struct lim_limits limits_of(int64_t rpm, int64_t rpd, int64_t tpm)
{
    struct lim_limits l = lim_limits_none();
    l.max[LIM_RPM] = rpm;
    l.max[LIM_RPD] = rpd;
    l.max[LIM_TPM] = tpm;
    return l;
}

static struct sim_demand alike(uint64_t requests, int64_t tokens)
{
    return (struct sim_demand){
        .requests = requests,
        .least = { [LIM_REQUESTS] = 1, [LIM_TOKENS] = tokens },
    };
}

/* As they are from the start to the end. */
static struct sim_bound bound(const struct sim_demand *d,
                              const struct lim_limits *limits, size_t n,
                              double burst, int64_t duration_ns)
{
    struct sim_room rooms[10] = { { { 0 }, { 0 } } };
    for (size_t i = 0; i < n; i++) {
        sim_room_open(&rooms[i], &limits[i], NULL, burst);
        sim_room_flow(&rooms[i], &limits[i], duration_ns);
    }
    return sim_bound_group(d, rooms, n);
}

static void check(struct sim_bound b, double requests, int binding)
{
    CU_ASSERT_DOUBLE_EQUAL(b.requests, requests, 1e-9 * (1 + requests));
    CU_ASSERT_EQUAL(b.binding, binding);
}

static void equal_requests_are_bounded_by_the_tightest_limit(void)
{
    const struct {
        struct lim_limits limits;
        size_t organisations;
        uint64_t arrived;
        int64_t tokens;
        double requests;
        int binding;
    } rows[] = {
        { limits_of(3, 200, 10000), 1, 1000, 10, 183, LIM_RPM },
        { limits_of(3, 200, 10000), 10, 5000, 10, 1830, LIM_RPM },
        { limits_of(3, 200, 10000), 10, 1000, 10, 1000, -1 },
        { limits_of(100, 200, 10000), 1, 1000, 10, 200 + 200 / 24.0, LIM_RPD },
        { limits_of(500, -1, 10000), 1, 5000, 900, 610000 / 900.0, LIM_TPM },
        { limits_of(-1, -1, -1), 1, 5000, 900, 5000, -1 },
        { limits_of(0, 0, 0), 2, 5000, 900, 0, LIM_RPM },
        { limits_of(500, -1, 10000), 1, 5000, 10001, 0, LIM_TPM },
        { limits_of(500, -1, 10000), 0, 5000, 1, 0, LIM_RPM },
        { limits_of(500, -1, 10000), 1, 0, 1, 0, -1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_limits all[10];
        for (size_t k = 0; k < rows[i].organisations; k++)
            all[k] = rows[i].limits;
        struct sim_demand d = alike(rows[i].arrived, rows[i].tokens);
        check(bound(&d, all, rows[i].organisations, 1, HOUR), rows[i].requests,
              rows[i].binding);
    }
}

static void a_small_burst_lowers_the_start(void)
{
    struct lim_limits l = limits_of(60, -1, -1);
    struct sim_demand d = alike(100000, 0);
    check(bound(&d, &l, 1, 0.1, HOUR), 3606, LIM_RPM);
    check(bound(&d, &l, 1, 0.1, 0), 6, LIM_RPM);
}

/* A window that grows gives the difference at once; from no limit, all. */
static void limits_that_grow_add_their_difference(void)
{
    struct lim_limits few = limits_of(3, 0, -1), more = limits_of(10, 100, 50);
    struct sim_demand d = alike(100000, 0);
    struct sim_room r = { { 0 }, { 0 } };
    sim_room_open(&r, &few, NULL, 1);
    sim_room_flow(&r, &few, HOUR / 2);
    sim_room_open(&r, &more, &few, 1);
    sim_room_flow(&r, &more, HOUR / 2);
    CU_ASSERT_EQUAL(r.total[LIM_RPM], 3 + 90 + 7 + 300);
    CU_ASSERT_EQUAL(r.largest[LIM_RPM], 10);
    CU_ASSERT_DOUBLE_EQUAL(r.total[LIM_RPD], 100 + 100 / 48.0, 1e-9);
    CU_ASSERT(r.total[LIM_TPM] > 1e300);
    check(sim_bound_group(&d, &r, 1), 100 + 100 / 48.0, LIM_RPD);
}

static void small_requests_are_picked_first(void)
{
    int64_t tokens[] = { 400, 100, 300, 100, 900 };
    struct sim_demand d = { .requests = 5, .sums = { [LIM_TOKENS] = tokens } };
    d.least[LIM_REQUESTS] = 1;
    sim_bound_sums(tokens, 5);
    CU_ASSERT_EQUAL(tokens[0], 100);
    CU_ASSERT_EQUAL(tokens[2], 500);
    CU_ASSERT_EQUAL(tokens[4], 1800);
    const struct {
        int64_t tpm;
        double requests;
    } rows[] = {
        { 50, 0 }, /* none fits a bucket of 50 */
        { 100, 1 },
        { 300, 2 + 100 / 300.0 },
        { 500, 3 },
        { 700, 3 + 200 / 400.0 },
        { 899, 3 + 399 / 400.0 },
        { 900, 4 },
        { 1000, 4 + 100 / 900.0 },
        { 1800, 5 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lim_limits l = limits_of(-1, -1, rows[i].tpm);
        struct sim_bound b = bound(&d, &l, 1, 1, 0);
        CU_ASSERT_DOUBLE_EQUAL(b.requests, rows[i].requests, 1e-9);
    }
}

static void each_organisation_has_its_own_bottleneck(void)
{
    const struct lim_limits two[] = { limits_of(3, -1, 1000000),
                                      limits_of(10000, -1, 1000) };
    struct sim_demand d = alike(100000, 100);
    /* 3 + 3 x 60 and (1000 + 60000) / 100. */
    struct sim_bound b = bound(&d, two, 2, 1, HOUR);
    CU_ASSERT_DOUBLE_EQUAL(b.requests, 183 + 610, 1e-9);
}

#define REQUESTS 120
#define ORGANISATIONS 4

/* A random run: sizes and arrivals, limits, and a policy that tries. */
struct run {
    uint64_t seed, draws;
    struct lim_limits limits[ORGANISATIONS];
    int64_t tokens[REQUESTS], images[REQUESTS];
    int64_t at[REQUESTS];
    bool gone[REQUESTS];
};

static int64_t random_below(struct run *r, int64_t most)
{
    return (int64_t)(lim_rng_draw(r->seed, 98, r->draws++) % (uint64_t)most);
}

static void make(struct run *r, uint64_t seed, int64_t duration_ns)
{
    *r = (struct run){ .seed = seed };
    for (int o = 0; o < ORGANISATIONS; o++) {
        r->limits[o] =
            limits_of(1 + random_below(r, 12), -1, 1 + random_below(r, 5000));
        if (random_below(r, 3) == 0)
            r->limits[o].max[LIM_RPM] = LIM_UNLIMITED;
        if (random_below(r, 3) == 0)
            r->limits[o].max[LIM_RPD] = 1 + random_below(r, 20);
        if (random_below(r, 2) == 0)
            r->limits[o].max[LIM_IPM] = random_below(r, 9);
    }
    for (int i = 0; i < REQUESTS; i++) {
        r->tokens[i] = random_below(r, 10) == 0 ? random_below(r, 5000)
                                                : random_below(r, 300);
        r->images[i] = random_below(r, 2);
        r->at[i] = random_below(r, 2) * random_below(r, duration_ns + 1);
    }
}

struct seats {
    struct lim_rate rate[LIM_WINDOWS];
    struct lim_window window[LIM_WINDOWS];
};

static void open_seats(struct seats *s, const struct lim_limits *l)
{
    for (int i = 0; i < LIM_WINDOWS; i++) {
        int64_t limit = l->max[i];
        s->rate[i] = lim_rate_make(limit, lim_limit_window((enum lim_limit)i),
                                   limit > 0 ? limit : 0);
        lim_window_init(&s->window[i], 0);
    }
}

static bool sit(struct seats *s, const int64_t amount[LIM_WINDOWS],
                lim_time now)
{
    for (int i = 0; i < LIM_WINDOWS; i++)
        if (lim_window_ready(&s->rate[i], &s->window[i], amount[i], now) != now)
            return false;
    for (int i = 0; i < LIM_WINDOWS; i++)
        lim_window_take(&s->rate[i], &s->window[i], amount[i], now);
    return true;
}

/* Offers every request that has come to every organisation, the smallest
   first where `greedy`, at 31 instants of the run. */
static int admitted_by(struct run *r, int64_t duration_ns, bool greedy)
{
    struct seats seats[ORGANISATIONS];
    int n = 0;
    for (int o = 0; o < ORGANISATIONS; o++)
        open_seats(&seats[o], &r->limits[o]);
    for (int step = 0; step <= 30; step++) {
        lim_time now = duration_ns / 30 * step;
        for (int64_t size = greedy ? 0 : 5000; size <= 5000; size += 250) {
            for (int i = 0; i < REQUESTS * ORGANISATIONS; i++) {
                int k = i / ORGANISATIONS;
                const int64_t amount[LIM_WINDOWS] = { 1, 1, r->tokens[k],
                                                      r->tokens[k],
                                                      r->images[k] };
                if (r->gone[k] || r->at[k] > now || r->tokens[k] > size ||
                    !sit(&seats[i % ORGANISATIONS], amount, now))
                    continue;
                r->gone[k] = true;
                n++;
            }
        }
    }
    return n;
}

static struct sim_bound bound_of(struct run *r, int64_t duration_ns)
{
    struct sim_demand d = { .requests = REQUESTS,
                            .least = { [LIM_REQUESTS] = 1 } };
    sim_bound_sums(r->tokens, REQUESTS);
    sim_bound_sums(r->images, REQUESTS);
    d.sums[LIM_TOKENS] = r->tokens;
    d.sums[LIM_IMAGES] = r->images;
    return bound(&d, r->limits, ORGANISATIONS, 1, duration_ns);
}

#define SIZES 5
#define ROWS (SIZES + 2 * ORGANISATIONS)
#define COLUMNS (SIZES * ORGANISATIONS)

/* The greatest sum of x >= 0 with A x <= b, b >= 0: the simplex method, with
   Bland's rule.  The last column is b, the last row the prices. */
static double simplex(double t[ROWS + 1][COLUMNS + ROWS + 1])
{
    const int width = COLUMNS + ROWS;
    for (;;) {
        int in = 0, out = -1;
        while (in < width && t[ROWS][in] >= -1e-9)
            in++;
        if (in == width)
            return t[ROWS][width];
        for (int i = 0; i < ROWS; i++)
            if (t[i][in] > 1e-9 &&
                (out < 0 ||
                 t[i][width] * t[out][in] < t[out][width] * t[i][in] - 1e-12))
                out = i;
        CU_ASSERT_FATAL(out >= 0);
        double pivot = t[out][in];
        for (int j = 0; j <= width; j++)
            t[out][j] /= pivot;
        for (int i = 0; i <= ROWS; i++) {
            double times = t[i][in];
            for (int j = 0; i != out && j <= width; j++)
                t[i][j] -= times * t[out][j];
        }
    }
}

/* Every request class to every organisation, in any share. */
static double programme(const int64_t sizes[SIZES], const int many[SIZES],
                        const double requests[ORGANISATIONS],
                        const double tokens[ORGANISATIONS])
{
    double t[ROWS + 1][COLUMNS + ROWS + 1] = { { 0 } };
    const int width = COLUMNS + ROWS;
    for (int o = 0; o < ORGANISATIONS; o++) {
        int row = SIZES + 2 * o;
        for (int k = 0; k < SIZES; k++) {
            int x = o * SIZES + k;
            t[k][x] = t[row][x] = 1;
            t[row + 1][x] = (double)sizes[k];
            t[ROWS][x] = -1;
        }
        t[row][width] = requests[o];
        t[row + 1][width] = tokens[o];
    }
    for (int k = 0; k < SIZES; k++)
        t[k][width] = many[k];
    for (int i = 0; i < ROWS; i++)
        t[i][COLUMNS + i] = 1;
    return simplex(t);
}

/* Organisations with few requests, or few tokens: what neither limit of the
   pool as a whole says, nor those of each for itself. */
static void the_bound_is_that_of_a_linear_programme(void)
{
    int mixed = 0;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct run r = { .seed = seed };
        struct sim_room rooms[ORGANISATIONS] = { { { 0 }, { 0 } } };
        double requests[ORGANISATIONS], tokens[ORGANISATIONS];
        int64_t sizes[SIZES], costs[SIZES * 20];
        double all_requests = 0;
        int many[SIZES], n = 0;
        for (int k = 0; k < SIZES; k++) {
            sizes[k] = 1 + random_below(&r, 40);
            many[k] = 1 + (int)random_below(&r, 20);
            for (int i = 0; i < many[k]; i++)
                costs[n++] = sizes[k];
        }
        for (int o = 0; o < ORGANISATIONS; o++) {
            requests[o] = (double)random_below(&r, 30);
            tokens[o] = (double)random_below(&r, 400);
            for (int w = 0; w < LIM_WINDOWS; w++)
                rooms[o].total[w] = rooms[o].largest[w] = 1e9;
            rooms[o].total[seed % 2 ? LIM_RPM : LIM_RPD] = requests[o];
            rooms[o].total[seed % 3 ? LIM_TPM : LIM_TPD] = tokens[o];
            all_requests += requests[o];
        }
        struct sim_demand d = { .requests = (uint64_t)n,
                                .least = { [LIM_REQUESTS] = 1 } };
        sim_bound_sums(costs, (size_t)n);
        d.sums[LIM_TOKENS] = costs;
        double best = programme(sizes, many, requests, tokens);
        struct sim_bound b = sim_bound_group(&d, rooms, ORGANISATIONS);
        CU_ASSERT_DOUBLE_EQUAL(b.requests, best, 1e-6);
        mixed += best < n - 1 && best < all_requests - 1;
    }
    CU_ASSERT(mixed > 500);
}

static void no_policy_does_better(void)
{
    int near = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct run r;
        int64_t duration_ns = (int64_t)(seed % 5) * LIM_MIN;
        make(&r, seed, duration_ns);
        int n = admitted_by(&r, duration_ns, seed % 2 == 0);
        struct sim_bound b = bound_of(&r, duration_ns);
        CU_ASSERT(n <= b.requests * (1 + 1e-12));
        if (n > b.requests * (1 + 1e-12))
            printf("seed %d: %d above %g\n", (int)seed, n, b.requests);
        near += n > 0.8 * b.requests;
    }
    CU_ASSERT(near > 20); /* it is not a bound because it is far off */
}

CU_TestInfo bound_tests[] = {
    { "equal requests are bounded by the tightest limit",
      equal_requests_are_bounded_by_the_tightest_limit },
    { "a small burst lowers the start", a_small_burst_lowers_the_start },
    { "limits that grow add their difference",
      limits_that_grow_add_their_difference },
    { "small requests are picked first", small_requests_are_picked_first },
    { "each organisation has its own bottleneck",
      each_organisation_has_its_own_bottleneck },
    { "no policy does better", no_policy_does_better },
    { "the bound is that of a linear programme",
      the_bound_is_that_of_a_linear_programme },
    CU_TEST_INFO_NULL
};
