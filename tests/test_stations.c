#include <CUnit/CUnit.h>

#include "bench/scenario.h"
#include "sim/client.h"

/*
 * The stations of a request in the client that all worlds share: due, let go
 * by the pool, sent, first byte, done.  A batch of five to an organisation with
 * three requests a minute (seed, gpt-3.5-turbo, free).
 */
struct fixture {
    struct bench_scenario scenario;
    struct sim_client *client;
    lim_time start;
    struct sim_attempt seen;
};

static void see(void *context, const struct sim_attempt *a)
{
    struct fixture *f = context;
    f->seen = *a;
}

static void setup_with(struct fixture *f, const char *stream,
                       const char *limits, bool tells_sent)
{
    char text[500];
    struct lim_diag diag = { 0 };
    const struct sim_watch watch = { .context = f, .attempt = see };
    snprintf(text, sizeof text,
             "{\"duration\": \"10m\", \"provider\": {\"table\": \"seed\", "
             "\"organisations\": [{\"name\": \"o\", \"tier\": \"free\"}]}, "
             "\"client\": {\"limits\": \"%s\"}, "
             "\"workload\": {\"model\": \"gpt-3.5-turbo\", \"arrivals\": "
             "{\"batch\": 5}, \"prompt_tokens\": 10, \"stream\": %s}}",
             limits, stream);
    cJSON *tree = cJSON_Parse(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    CU_ASSERT_EQUAL_FATAL(
        bench_scenario_from_json(&f->scenario, tree, NULL, &diag), LIM_OK);
    cJSON_Delete(tree);
    f->start = f->scenario.sim.provider.start;
    f->client = sim_client_new(&f->scenario.sim, 1, f->start, tells_sent,
                               &watch, &diag);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->client);
}

static void setup(struct fixture *f, const char *stream, bool tells_sent)
{
    setup_with(f, stream, "known", tells_sent);
}

static void teardown(struct fixture *f)
{
    sim_client_free(f->client);
    bench_scenario_fini(&f->scenario);
}

/* Sends all that may go at `at` s; the slot of the first. */
static uint32_t send_all(struct fixture *f, int64_t at, int wanted)
{
    struct sim_send s, first = { .slot = SIM_NO_SLOT };
    int sent = 0;
    while (sim_client_next(f->client, f->start + at * LIM_SEC, &s))
        if (sent++ == 0)
            first = s;
    CU_ASSERT_EQUAL(sent, wanted);
    return first.slot;
}

static void answer(struct fixture *f, uint32_t slot, int status,
                   const struct sim_stations *stations, int64_t at)
{
    const struct lim_outcome o = { .status = status,
                                   .first_token_ns = -1,
                                   .class = status == 200 ? LIM_CLASS_OK
                                                          : LIM_CLASS_TRANSIENT,
                                   .feedback = lim_feedback_none() };
    sim_client_done(f->client, slot, &o, stations, f->start + at * LIM_SEC);
}

static void a_pool_that_is_told_charges_what_leaves_when_it_leaves(void)
{
    struct fixture f;
    setup(&f, "false", true);
    uint32_t slots[3];
    struct sim_send s;
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(sim_client_next(f.client, f.start, &s));
        slots[i] = s.slot;
    }
    for (int i = 0; i < 3; i++)
        sim_client_sent(f.client, slots[i], f.start + 5 * LIM_SEC);
    /* One flows in each 20 s, from when the window was no longer full. */
    send_all(&f, 24, 0);
    send_all(&f, 25, 1);
    teardown(&f);
}

static void every_station_is_told(void)
{
    struct fixture f;
    setup(&f, "true", true);
    uint32_t slot = send_all(&f, 1, 3);
    sim_client_sent(f.client, slot, f.start + 2 * LIM_SEC);
    const struct sim_stations stations = { f.start + 2 * LIM_SEC,
                                           f.start + 3 * LIM_SEC };
    answer(&f, slot, 200, &stations, 4);
    CU_ASSERT_EQUAL(f.seen.arrival_ns, 0);
    CU_ASSERT_EQUAL(f.seen.admitted_ns, 1 * LIM_SEC);
    CU_ASSERT_EQUAL(f.seen.sent_ns, 2 * LIM_SEC);
    CU_ASSERT_EQUAL(f.seen.first_byte_ns, 3 * LIM_SEC);
    CU_ASSERT_EQUAL(f.seen.done_ns, 4 * LIM_SEC);
    teardown(&f);
}

static void what_nobody_tells_of_is_left_at_once_and_there_at_once(void)
{
    struct fixture f;
    setup(&f, "false", false);
    uint32_t slot = send_all(&f, 1, 3);
    answer(&f, slot, 200, NULL, 4);
    CU_ASSERT_EQUAL(f.seen.admitted_ns, 1 * LIM_SEC);
    CU_ASSERT_EQUAL(f.seen.sent_ns, 1 * LIM_SEC);
    CU_ASSERT_EQUAL(f.seen.first_byte_ns, 4 * LIM_SEC);
    teardown(&f);
}

static void no_answer_has_no_first_byte(void)
{
    struct fixture f;
    setup(&f, "false", false);
    answer(&f, send_all(&f, 1, 3), 0, NULL, 4);
    CU_ASSERT_EQUAL(f.seen.first_byte_ns, -1);
    teardown(&f);
}

/* Where no provider tells how far its windows are used. */
static void moments_tell_what_the_pool_believes(void)
{
    struct fixture f;
    const struct sim_moment *m;
    setup(&f, "false", true);
    send_all(&f, 0, 3);
    send_all(&f, 10, 0); /* half of one has flowed in by then */
    CU_ASSERT_FATAL(sim_client_moments(f.client, &m) > 0);
    CU_ASSERT_EQUAL(m[0].gauges.count, 1);
    CU_ASSERT_EQUAL(m[0].gauges.percent[0], 100);
    teardown(&f);
    setup_with(&f, "false", "none", true);
    send_all(&f, 0, 5);
    send_all(&f, 10, 0);
    CU_ASSERT_FATAL(sim_client_moments(f.client, &m) > 0);
    CU_ASSERT_EQUAL(m[0].gauges.count, 0);
    teardown(&f);
}

static void what_was_due_is_told_beside_what_was_sent(void)
{
    struct fixture f;
    struct sim_summary s;
    struct lim_diag diag = { 0 };
    setup(&f, "false", true);
    answer(&f, send_all(&f, 0, 3), 200, NULL, 1);
    CU_ASSERT_EQUAL(
        sim_client_finish(f.client, f.start + 120 * LIM_SEC, &s, &diag),
        LIM_OK);
    CU_ASSERT_EQUAL(s.requested_rpm, 2.5);
    CU_ASSERT_EQUAL(s.achieved_rpm, 1.5);
    sim_summary_fini(&s);
    teardown(&f);
    /* Nobody came in time to take them. */
    setup(&f, "false", true);
    CU_ASSERT_EQUAL(
        sim_client_finish(f.client, f.start + 120 * LIM_SEC, &s, &diag),
        LIM_OK);
    CU_ASSERT_EQUAL(s.requests, 0);
    CU_ASSERT_EQUAL(s.requested_rpm, 2.5);
    CU_ASSERT_EQUAL(s.achieved_rpm, 0);
    sim_summary_fini(&s);
    teardown(&f);
}

CU_TestInfo stations_tests[] = {
    { "a pool that is told charges what leaves when it leaves",
      a_pool_that_is_told_charges_what_leaves_when_it_leaves },
    { "every station is told", every_station_is_told },
    { "what nobody tells of left at once and is there at once",
      what_nobody_tells_of_is_left_at_once_and_there_at_once },
    { "no answer has no first byte", no_answer_has_no_first_byte },
    { "moments tell what the pool believes",
      moments_tell_what_the_pool_believes },
    { "what was due is told beside what was sent",
      what_was_due_is_told_beside_what_was_sent },
    CU_TEST_INFO_NULL
};
