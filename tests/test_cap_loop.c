/*
 * The caps in a loop with a small made-up server: it serves CAPACITY at its
 * base latency, more at a latency that grows with what is in flight, and
 * refuses, quickly, what comes when twice the capacity is there.  The client
 * always has work and sends whatever the cap lets go.
 */

#include <CUnit/CUnit.h>

#include <stdalign.h>

#include "limiter/cap.h"
#include "limiter/rng.h"

#define CAPACITY 20
#define PLACES 4096
#define BASE LIM_SEC
#define REFUSAL (LIM_SEC / 20)

struct server {
    bool steady;    /* its latency does not grow */
    bool lengths;   /* replies of 1 to 100 tokens, 10 ms each */
    double at_most; /* requests per second that the client's limits allow */
    int answers;    /* of a run */
};

struct request {
    lim_time sent_at, ends;
    int64_t in_flight, tokens;
    bool dropped;
};

struct loop {
    const struct server *server;
    const struct lim_cap *cap;
    enum lim_measure measure;
    alignas(16) unsigned char state[4096];
    struct request on_way[PLACES];
    int64_t in_flight, serving;
    uint64_t sent;
    lim_time now, allowed;
};

/* What the second half of a run was like. */
struct seen {
    double limit, served_per_s, dropped; /* mean; rate; share */
};

static bool may_send(const struct loop *l)
{
    int64_t most = l->cap->limit(l->state);
    if (l->in_flight >= PLACES || l->now < l->allowed)
        return false;
    if (l->cap->not_before != NULL && l->cap->not_before(l->state) > l->now)
        return false;
    return most == LIM_UNLIMITED || l->in_flight < most;
}

static int64_t serve(struct loop *l, struct request *r)
{
    const struct server *s = l->server;
    r->tokens = 100;
    if (s->lengths)
        r->tokens = 1 + (int64_t)(lim_rng_draw(3, l->sent, 0) % 100);
    r->dropped = l->serving >= 2 * CAPACITY;
    if (r->dropped)
        return REFUSAL;
    l->serving++;
    int64_t load = l->serving > CAPACITY ? l->serving : CAPACITY;
    return BASE / 100 * r->tokens * (s->steady ? CAPACITY : load) / CAPACITY;
}

static void send(struct loop *l)
{
    struct request *r = &l->on_way[l->in_flight++];
    *r = (struct request){ .sent_at = l->now, .in_flight = l->in_flight };
    r->ends = l->now + serve(l, r);
    l->sent++;
    if (l->server->at_most > 0)
        l->allowed = l->now + (lim_time)(1e9 / l->server->at_most);
    if (l->cap->sent != NULL)
        l->cap->sent(l->state, l->now);
}

/* Returns whether a request is on its way; the first to end is `*first`. */
static bool first_end(const struct loop *l, size_t *first)
{
    *first = 0;
    for (size_t i = 1; i < (size_t)l->in_flight; i++)
        if (l->on_way[i].ends < l->on_way[*first].ends)
            *first = i;
    return l->in_flight > 0;
}

static void tell(struct loop *l, const struct request *r)
{
    int64_t latency = r->ends - r->sent_at;
    if (l->measure == LIM_MEASURE_PER_TOKEN && !r->dropped)
        latency /= r->tokens;
    const struct lim_cap_sample s = {
        .latency_ns = latency,
        .in_flight = r->in_flight,
        .dropped = r->dropped,
        .tokens = r->tokens,
        .requests_per_s = l->server->at_most,
        .sent_at = r->sent_at,
        .now = l->now,
    };
    l->cap->ended(l->state, &s);
}

/* The earlier of the next answer and the next that may go. */
static bool step(struct loop *l, struct request *out)
{
    size_t i;
    lim_time next = l->allowed;
    if (l->cap->not_before != NULL && l->cap->not_before(l->state) > next)
        next = l->cap->not_before(l->state);
    bool ends = first_end(l, &i);
    if (!ends || (next > l->now && next < l->on_way[i].ends)) {
        l->now = next;
        return false;
    }
    *out = l->on_way[i];
    l->on_way[i] = l->on_way[--l->in_flight];
    l->serving -= !out->dropped;
    l->now = out->ends;
    tell(l, out);
    return true;
}

static struct seen run(const struct server *server, const char *name,
                       struct lim_cap_options o)
{
    struct loop l = { .server = server, .cap = lim_cap_find(name) };
    struct seen seen = { 0 };
    struct request r;
    lim_time half = 0;
    int count = 0, dropped = 0;
    l.measure = o.measure;
    l.cap->init(l.state, &o, 0);
    for (int ended = 0; ended < server->answers;) {
        while (may_send(&l))
            send(&l);
        if (!step(&l, &r))
            continue;
        if (++ended <= server->answers / 2) {
            half = l.now;
            continue;
        }
        count++;
        dropped += r.dropped;
        seen.limit += (double)l.cap->limit(l.state);
    }
    seen.limit /= count;
    seen.dropped = (double)dropped / count;
    seen.served_per_s = (count - dropped) * 1e9 / (double)(l.now - half);
    return seen;
}

static void each_finds_the_capacity(void)
{
    const struct server server = { .answers = 20000 };
    const char *const names[] = { "aimd", "vegas", "gradient2", "adaptive" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (double initial = 1; initial <= 1000; initial *= 10) {
            struct lim_cap_options o = { .initial = initial, .drops = true };
            struct seen s = run(&server, names[i], o);
            CU_ASSERT_TRUE(s.limit >= CAPACITY && s.limit <= 2 * CAPACITY);
            CU_ASSERT_TRUE(s.served_per_s >= 0.85 * CAPACITY);
            CU_ASSERT_TRUE(s.dropped <= 0.02);
        }
    }
}

static void cubic_finds_the_rate(void)
{
    const struct server server = { .answers = 20000 };
    struct seen s = run(&server, "cubic", (struct lim_cap_options){ 0 });
    CU_ASSERT_TRUE(s.served_per_s >= 0.9 * CAPACITY);
    CU_ASSERT_TRUE(s.dropped <= 0.05);
}

static void littles_law_leaves_room_above_the_rate(void)
{
    const struct server half = { .answers = 2000, .at_most = 10 };
    struct seen s = run(&half, "littles_law", (struct lim_cap_options){ 0 });
    CU_ASSERT_DOUBLE_EQUAL(s.limit, 15, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(s.served_per_s, 10, 0.1);
    CU_ASSERT_EQUAL(s.dropped, 0);
}

static void gradient2_is_blind_without_drops(void)
{
    const struct server steady = { .answers = 20000, .steady = true };
    struct seen blind =
        run(&steady, "gradient2", (struct lim_cap_options){ .drops = false });
    struct seen sees =
        run(&steady, "gradient2", (struct lim_cap_options){ .drops = true });
    CU_ASSERT_TRUE(blind.dropped >= 0.5);
    CU_ASSERT_TRUE(sees.dropped <= 0.02);
    CU_ASSERT_TRUE(sees.limit <= 2 * CAPACITY);
}

static void vegas_wants_the_time_for_each_token(void)
{
    const struct server lengths = { .answers = 20000, .lengths = true };
    struct lim_cap_options o = { .measure = LIM_MEASURE_TOTAL };
    struct seen total = run(&lengths, "vegas", o);
    o.measure = LIM_MEASURE_PER_TOKEN;
    struct seen each = run(&lengths, "vegas", o);
    CU_ASSERT_TRUE(total.limit <= CAPACITY / 2.0);
    CU_ASSERT_TRUE(each.limit >= CAPACITY && each.limit <= 2 * CAPACITY);
    CU_ASSERT_TRUE(each.served_per_s >= 3 * total.served_per_s);
}

CU_TestInfo cap_loop_tests[] = {
    { "each finds the capacity", each_finds_the_capacity },
    { "cubic finds the rate", cubic_finds_the_rate },
    { "littles_law leaves room above the rate",
      littles_law_leaves_room_above_the_rate },
    { "gradient2 is blind without drops", gradient2_is_blind_without_drops },
    { "vegas wants the time for each token",
      vegas_wants_the_time_for_each_token },
    CU_TEST_INFO_NULL
};
