#define _GNU_SOURCE

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench/driver.h"
#include "mockserver/server.h"

/* Virtual seconds are 5 ms here. */
#define SPEED 200.0
#define REQUESTS 1024
#define OK_BODY                                                                \
    "{\"choices\":[],\"usage\":{\"prompt_tokens\":10,"                         \
    "\"completion_tokens\":5,\"total_tokens\":15}}"
#define REFUSAL                                                                \
    "{\"error\":{\"message\":\"Rate limit reached\",\"type\":\"requests\","    \
    "\"param\":null,\"code\":\"rate_limit_exceeded\"}}"

#define TOKEN                                                                  \
    "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":"    \
    "null}],\"usage\":null}\n\n"
#define END "data: " OK_BODY "\n\ndata: [DONE]\n\n"

/* A server in a thread of its own: what it answers, and what it saw. */
struct stand {
    double told;         /* in x-mock-speed; < 0: not told */
    int64_t delay_ns;    /* of each answer */
    unsigned refuse;     /* attempts of each request that get a 429 */
    bool streams;        /* a token, and after delay_ns again the end */
    enum mock_wire wire; /* of those that are refused: lost so, no 429 */
    bool cut;            /* likewise: the stream has no end */

    struct mock_loop *loop;
    struct mock_server *server;
    pthread_t thread;
    int stop; /* eventfd */
    char base_url[64];

    unsigned health, seen, in_flight, in_flight_max;
    unsigned attempts[REQUESTS]; /* by request number */
    unsigned first_org, lengths, bad;
};

static bool header_is(const struct mock_request *r, const char *name,
                      const char *value)
{
    size_t length = 0;
    const char *found = mock_request_header(r, name, &length);

    return found != NULL && length == strlen(value) &&
           memcmp(found, value, length) == 0;
}

/* Notes who asks what; returns the number of the attempt. */
static unsigned note(struct stand *s, const struct mock_request *r)
{
    char id[64] = "";
    unsigned long request;
    unsigned attempt;
    size_t length = 0;
    const char *found = mock_request_header(r, "x-client-request-id", &length);

    s->seen++;
    if (found != NULL && length < sizeof id)
        memcpy(id, found, length);
    if (sscanf(id, "%lu-%u", &request, &attempt) != 2 || request >= REQUESTS ||
        s->attempts[request]++ != attempt) {
        s->bad++;
        return 0;
    }
    s->first_org += header_is(r, "authorization", "Bearer sk-mock-org-1-1");
    s->lengths +=
        mock_request_header(r, "x-mock-completion-tokens", &length) != NULL;
    s->bad += r->path_length != strlen("/v1/chat/completions") ||
              memcmp(r->path, "/v1/chat/completions", r->path_length) != 0;
    return attempt;
}

static void on_end(void *context, bool sent)
{
    struct stand *s = context;

    (void)sent;
    s->in_flight--;
}

/* A stream of two pieces. */
struct pieces {
    struct stand *stand;
    lim_time end; /* LIM_NEVER: the first has not come */
    bool cut;
};

static lim_time next_piece(void *context, lim_time now, struct mock_text *out)
{
    struct pieces *p = context;

    if (p->end == LIM_NEVER) {
        p->end = now + p->stand->delay_ns;
        mock_text_puts(out, TOKEN);
        return p->end;
    }
    if (now < p->end)
        return p->end;
    if (p->cut)
        return MOCK_STREAM_CUT;
    mock_text_puts(out, END);
    return LIM_NEVER;
}

static struct mock_stream two_pieces(struct stand *s, bool cut)
{
    struct pieces *p = malloc(sizeof *p);

    if (p == NULL)
        abort();
    *p = (struct pieces){ .stand = s, .end = LIM_NEVER, .cut = cut };
    return (struct mock_stream){ next_piece, free, p };
}

static bool asks_for_a_stream(const struct mock_request *r)
{
    const char wish[] = "\"stream\":true";

    return memmem(r->body, r->body_length, wish, sizeof wish - 1) != NULL;
}

/* A good answer, or one that is lost on its way. */
static void give(struct stand *s, struct mock_exchange *x, bool lost,
                 struct mock_reply *reply)
{
    reply->at = mock_exchange_time(x) + s->delay_ns;
    if (lost)
        reply->wire = s->wire;
    if (s->streams)
        reply->stream = two_pieces(s, lost && s->cut);
    if (s->streams)
        reply->body = "";
    mock_exchange_on_end(x, on_end, s);
    if (++s->in_flight > s->in_flight_max)
        s->in_flight_max = s->in_flight;
}

static void handle(void *context, struct mock_exchange *x,
                   const struct mock_request *r)
{
    struct stand *s = context;
    char headers[80] = "";
    struct mock_reply reply = { .status = 200,
                                .content_type = "application/json",
                                .headers = headers,
                                .body = OK_BODY };

    if (s->told >= 0)
        snprintf(headers, sizeof headers, "x-mock-speed: %g\r\n", s->told);
    if (r->path_length == 8 && memcmp(r->path, "/healthz", 8) == 0) {
        s->health++;
    } else {
        bool refused = note(s, r) < s->refuse;
        s->bad += asks_for_a_stream(r) != s->streams;
        if (refused && s->wire == MOCK_WIRE_WHOLE && !s->cut) {
            reply.status = 429;
            reply.body = REFUSAL;
            strncat(headers, "retry-after-ms: 500\r\n", 40);
        } else {
            give(s, x, refused, &reply);
        }
    }
    reply.headers_length = strlen(headers);
    reply.body_length = strlen(reply.body);
    mock_exchange_reply(x, &reply);
}

static void on_stop(void *context, uint32_t events)
{
    struct stand *s = context;

    (void)events;
    mock_loop_stop(s->loop);
}

static void *serve(void *context)
{
    struct stand *s = context;

    mock_loop_run(s->loop);
    return NULL;
}

static void start(struct stand *s)
{
    struct mock_server_config config = mock_server_config_default();
    uint16_t port = 0;

    config.handler = handle;
    config.context = s;
    s->loop = mock_loop_new(0, SPEED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->loop);
    s->server = mock_server_new(s->loop, &config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->server);
    CU_ASSERT_EQUAL_FATAL(mock_server_listen(s->server, "127.0.0.1", 0, &port),
                          0);
    s->stop = eventfd(0, EFD_CLOEXEC);
    CU_ASSERT_FATAL(s->stop >= 0);
    mock_loop_watch(s->loop, s->stop, EPOLLIN, on_stop, s);
    snprintf(s->base_url, sizeof s->base_url, "http://127.0.0.1:%u/v1", port);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void finish(struct stand *s)
{
    uint64_t one = 1;

    CU_ASSERT_EQUAL(write(s->stop, &one, sizeof one), (ssize_t)sizeof one);
    pthread_join(s->thread, NULL);
    mock_server_free(s->server);
    mock_loop_free(s->loop);
    close(s->stop);
}

/* A scenario without limits: a batch to two organisations in turn. */
struct scene {
    struct sim_organisation organisations[2];
    struct sim_workload workload;
    struct sim_scenario scenario;
};

static void set_scene(struct scene *s, int64_t batch, int64_t cap)
{
    *s = (struct scene){
        .organisations = { { .name = "org-1",
                             .keys = 1,
                             .first_payment_days_ago = -1 },
                           { .name = "org-2",
                             .keys = 1,
                             .first_payment_days_ago = -1 } },
        .workload = { .model = "gpt-4o",
                      .prompt_tokens = sim_dist_constant(10),
                      .completion_tokens = sim_dist_constant(5),
                      .max_tokens = 20,
                      .deadline_ns = LIM_NEVER },
        .scenario = { .name = "test", .seed = 1, .duration_ns = LIM_NEVER },
    };
    s->workload.arrivals =
        (struct sim_arrivals){ .kind = SIM_ARRIVE_BATCH, .batch = batch };
    s->scenario.provider = sim_provider_config_default();
    s->scenario.provider.table = NULL;
    s->scenario.provider.organisations = s->organisations;
    s->scenario.provider.organisation_count = 2;
    s->scenario.client = sim_client_config_default();
    s->scenario.client.strategy = lim_strategy_find("round_robin");
    s->scenario.client.cap_pool = cap;
    s->scenario.workloads = &s->workload;
    s->scenario.workload_count = 1;
}

/* A run and what came of it. */
struct take {
    struct sim_summary summary;
    struct bench_wall wall;
    struct lim_diag diag;
    int error;
};

static void drive(struct take *t, const struct scene *s, const char *base_url,
                  bool mock, const struct sim_pace *pace)
{
    *t = (struct take){ .error = LIM_EINVAL };
    struct bench_accounts *a =
        bench_accounts_mock(&s->scenario.provider, &t->diag);
    struct bench_target target = {
        .base_url = base_url, .accounts = a, .mock = mock, .speed = SPEED
    };

    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    t->error = bench_drive(&s->scenario, &target, 1, NULL, pace, &t->summary,
                           NULL, NULL, &t->wall, &t->diag);
    bench_accounts_free(a);
}

static void every_request_is_sent_and_answered_once(void)
{
    struct stand stand = { .told = SPEED, .delay_ns = 2 * LIM_SEC };
    struct scene scene;
    struct take t;

    set_scene(&scene, 20, 5);
    start(&stand);
    drive(&t, &scene, stand.base_url, true, NULL);
    finish(&stand);
    CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
    CU_ASSERT_EQUAL(t.summary.requests, 20);
    CU_ASSERT_EQUAL(t.summary.succeeded, 20);
    CU_ASSERT_EQUAL(t.summary.attempts, 20);
    CU_ASSERT(t.summary.makespan_s >= 8);
    CU_ASSERT(t.summary.service_ms.p50 >= 2000);
    CU_ASSERT_EQUAL(stand.seen, 20);
    CU_ASSERT_EQUAL(stand.bad, 0);
    CU_ASSERT_EQUAL(stand.in_flight_max, 5);
    CU_ASSERT_EQUAL(stand.first_org, 10);
    CU_ASSERT_EQUAL(stand.lengths, 20);
    sim_summary_fini(&t.summary);
}

static void connections_are_opened_once_and_before(void)
{
    struct stand stand = { .told = SPEED, .delay_ns = LIM_SEC };
    struct scene scene;
    struct take t;

    set_scene(&scene, 100, 7);
    start(&stand);
    drive(&t, &scene, stand.base_url, true, NULL);
    finish(&stand);
    CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
    CU_ASSERT_EQUAL(stand.health, 7);
    CU_ASSERT_EQUAL(t.wall.connections, 7);
    CU_ASSERT_EQUAL(t.summary.succeeded, 100);
    sim_summary_fini(&t.summary);
}

static void many_in_flight_are_spread(void)
{
    struct stand stand = { .told = SPEED, .delay_ns = 60 * LIM_SEC };
    struct scene scene;
    struct take t;

    set_scene(&scene, 700, 700);
    start(&stand);
    drive(&t, &scene, stand.base_url, true, NULL);
    finish(&stand);
    CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
    CU_ASSERT_EQUAL(t.summary.succeeded, 700);
    CU_ASSERT_EQUAL(stand.bad, 0);
    sim_summary_fini(&t.summary);
}

static void a_refusal_is_tried_again_after_its_hint(void)
{
    struct stand stand = { .told = SPEED, .refuse = 2 };
    struct scene scene;
    struct take t;

    set_scene(&scene, 10, 5);
    start(&stand);
    drive(&t, &scene, stand.base_url, true, NULL);
    finish(&stand);
    CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
    CU_ASSERT_EQUAL(t.summary.succeeded, 10);
    CU_ASSERT_EQUAL(t.summary.http_429, 20);
    CU_ASSERT_EQUAL(t.summary.attempts, 30);
    CU_ASSERT_EQUAL(stand.bad, 0);
    CU_ASSERT(t.summary.makespan_s >= 1);
    sim_summary_fini(&t.summary);
}

/* No matter how an answer is lost, its request is sent again just once, by
   the pool, also where the connection had been used before. */
static void a_lost_answer_is_one_attempt(void)
{
    static const enum mock_wire wires[] = {
        MOCK_WIRE_SILENT,           MOCK_WIRE_RESET,    MOCK_WIRE_RESET_IN_HEAD,
        MOCK_WIRE_RESET_AFTER_HEAD, MOCK_WIRE_CUT_BODY, MOCK_WIRE_LONG,
    };

    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        struct stand stand = { .told = SPEED, .refuse = 1, .wire = wires[i] };
        struct scene scene;
        struct take t;
        set_scene(&scene, 20, 5);
        start(&stand);
        drive(&t, &scene, stand.base_url, true, NULL);
        finish(&stand);
        CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
        CU_ASSERT_EQUAL(t.summary.succeeded, 20);
        CU_ASSERT_EQUAL(t.summary.attempts, 40);
        CU_ASSERT_EQUAL(t.wall.network_errors, 20);
        CU_ASSERT_EQUAL(stand.seen, 40);
        CU_ASSERT_EQUAL(stand.bad, 0);
        sim_summary_fini(&t.summary);
    }
}

static void a_stream_tells_its_first_token(void)
{
    struct stand stand = { .told = SPEED,
                           .delay_ns = 5 * LIM_SEC,
                           .streams = true };
    struct scene scene;
    struct take t;

    set_scene(&scene, 10, 10);
    scene.workload.stream = true;
    start(&stand);
    drive(&t, &scene, stand.base_url, true, NULL);
    finish(&stand);
    CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
    CU_ASSERT_EQUAL(t.summary.succeeded, 10);
    CU_ASSERT_EQUAL(t.summary.attempts, 10);
    CU_ASSERT_TRUE_FATAL(t.summary.ttft_ms.any);
    CU_ASSERT(t.summary.ttft_ms.p50 >= 5000);
    CU_ASSERT(t.summary.ttft_ms.p50 < t.summary.latency_ms.p50);
    CU_ASSERT(t.summary.latency_ms.p50 >= 10000);
    CU_ASSERT(t.summary.tokens_per_min > 0);
    CU_ASSERT_EQUAL(stand.bad, 0);
    sim_summary_fini(&t.summary);
}

static void a_stream_without_end_is_tried_again(void)
{
    struct stand stand = { .told = SPEED,
                           .delay_ns = LIM_SEC,
                           .refuse = 2,
                           .streams = true,
                           .cut = true };
    struct scene scene;
    struct take t;

    set_scene(&scene, 10, 5);
    scene.workload.stream = true;
    start(&stand);
    drive(&t, &scene, stand.base_url, true, NULL);
    finish(&stand);
    CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
    CU_ASSERT_EQUAL(t.summary.succeeded, 10);
    CU_ASSERT_EQUAL(t.summary.attempts, 30);
    CU_ASSERT_EQUAL(t.wall.network_errors, 20);
    CU_ASSERT_EQUAL(stand.bad, 0);
    sim_summary_fini(&t.summary);
}

static void others_are_not_treated_as_mocks(void)
{
    struct stand stand = { .told = -1 };
    struct scene scene;
    struct take t;

    set_scene(&scene, 10, 5);
    start(&stand);
    drive(&t, &scene, stand.base_url, false, NULL);
    finish(&stand);
    CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
    CU_ASSERT_EQUAL(t.summary.succeeded, 10);
    CU_ASSERT_EQUAL(stand.health, 0);
    CU_ASSERT_EQUAL(stand.lengths, 0);
    sim_summary_fini(&t.summary);
}

static void another_speed_is_an_error(void)
{
    static const struct {
        double told;
        bool mock;
        const char *word;
    } rows[] = {
        { 20, true, "at speed 20" },
        { 20, false, "at speed 20" },
        { -1, true, "is no mock server" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stand stand = { .told = rows[i].told };
        struct scene scene;
        struct take t;
        set_scene(&scene, 10, 5);
        start(&stand);
        drive(&t, &scene, stand.base_url, rows[i].mock, NULL);
        finish(&stand);
        CU_ASSERT_EQUAL(t.error, LIM_ENOTFOUND);
        CU_ASSERT_PTR_NOT_NULL(strstr(t.diag.text, rows[i].word));
        CU_ASSERT_PTR_NULL(strstr(t.diag.text, "sk-mock"));
    }
}

/* Port 1 of the local host: nobody listens there. */
static void nobody_there_is_told(void)
{
    struct scene scene;
    struct take t;

    set_scene(&scene, 10, 5);
    drive(&t, &scene, "http://127.0.0.1:1/v1", true, NULL);
    CU_ASSERT_EQUAL(t.error, LIM_ENOTFOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.diag.text, "http://127.0.0.1:1/v1"));
    CU_ASSERT_PTR_NULL(strstr(t.diag.text, "sk-mock"));
}

static void a_dead_network_uses_up_the_retries(void)
{
    struct scene scene;
    struct take t;

    set_scene(&scene, 10, 5);
    scene.scenario.client.retry.max = 2;
    drive(&t, &scene, "http://127.0.0.1:1/v1", false, NULL);
    CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
    CU_ASSERT_EQUAL(t.summary.failed, 10);
    CU_ASSERT_EQUAL(t.summary.attempts, 30);
    CU_ASSERT_EQUAL(t.wall.network_errors, 30);
    sim_summary_fini(&t.summary);
}

static void the_duration_cuts_off(void)
{
    struct stand stand = { .told = SPEED, .delay_ns = LIM_HOUR };
    struct scene scene;
    struct take t;

    set_scene(&scene, 10, 4);
    scene.scenario.duration_ns = 5 * LIM_SEC;
    start(&stand);
    drive(&t, &scene, stand.base_url, true, NULL);
    finish(&stand);
    CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
    CU_ASSERT_EQUAL(t.summary.unfinished, 10);
    CU_ASSERT_EQUAL(t.summary.attempts, 4);
    CU_ASSERT_EQUAL(t.wall.aborted, 4);
    CU_ASSERT_FALSE(t.summary.partial);
    sim_summary_fini(&t.summary);
}

static bool never(void *context, lim_time now, uint64_t attempts)
{
    (void)now;
    (void)attempts;
    ++*(unsigned *)context;
    return false;
}

static void an_interrupt_makes_it_partial(void)
{
    struct stand stand = { .told = SPEED, .delay_ns = LIM_HOUR };
    unsigned asked = 0;
    struct sim_pace pace = { .context = &asked, .go_on = never };
    struct scene scene;
    struct take t;

    set_scene(&scene, 10, 4);
    start(&stand);
    drive(&t, &scene, stand.base_url, true, &pace);
    finish(&stand);
    CU_ASSERT_EQUAL_FATAL(t.error, LIM_OK);
    CU_ASSERT_TRUE(t.summary.partial);
    CU_ASSERT_EQUAL(asked, 1);
    sim_summary_fini(&t.summary);
}

static void bad_targets_are_refused(void)
{
    static const char *const urls[] = {
        "",
        "127.0.0.1:8080/v1",
        "ftp://127.0.0.1/v1",
        "http://user:sk-test-secret@127.0.0.1/v1",
    };
    struct scene scene;

    set_scene(&scene, 1, 1);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct take t;
        drive(&t, &scene, urls[i], false, NULL);
        CU_ASSERT_EQUAL(t.error, LIM_EINVAL);
        CU_ASSERT_PTR_NULL(strstr(t.diag.text, "secret"));
    }
}

CU_TestInfo driver_tests[] = {
    { "every request is sent and answered once",
      every_request_is_sent_and_answered_once },
    { "connections are opened once, and before the run",
      connections_are_opened_once_and_before },
    { "many in flight are spread over handles", many_in_flight_are_spread },
    { "a refusal is tried again after its hint",
      a_refusal_is_tried_again_after_its_hint },
    { "a lost answer is one attempt", a_lost_answer_is_one_attempt },
    { "a stream tells its first token", a_stream_tells_its_first_token },
    { "a stream without end is tried again",
      a_stream_without_end_is_tried_again },
    { "others are not treated as mock servers",
      others_are_not_treated_as_mocks },
    { "another speed is an error", another_speed_is_an_error },
    { "nobody there is told", nobody_there_is_told },
    { "a dead network uses up the retries",
      a_dead_network_uses_up_the_retries },
    { "the duration cuts off", the_duration_cuts_off },
    { "an interrupt makes it partial", an_interrupt_makes_it_partial },
    { "bad targets are refused", bad_targets_are_refused },
    CU_TEST_INFO_NULL
};
