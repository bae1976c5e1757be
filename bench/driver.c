#define _GNU_SOURCE

#include "bench/driver.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/budget.h"
#include "bench/message.h"
#include "bench/transport.h"
#include "mockserver/loop.h"

#define WARM_CONNECTIONS 64
#define WARM_WALL_NS (10 * LIM_SEC)
#define REPLY_NS (600 * LIM_SEC)     /* virtual, as the SDKs wait */
#define REPLY_WALL_NS (10 * LIM_SEC) /* but at least this */
#define PACE_WALL_NS (100 * LIM_MSEC)
#define LEAD_WALL_NS (20 * LIM_MSEC) /* to make the client ready */
#define BASE_URL_MAX 400

struct driver {
    const struct sim_scenario *scenario;
    const struct bench_target *target;
    const struct sim_pace *pace;
    struct lim_diag *diag;
    struct mock_loop *loop;
    struct bench_transport *transport;
    struct bench_message *messages; /* by workload */
    size_t message_count;
    struct sim_client *client; /* NULL: still warming up */
    uint32_t wake_timer, end_timer, wall_timer;
    size_t warming; /* connections not yet up */
    lim_time start; /* nothing is sent before */
    lim_time end;   /* LIM_NEVER: when all is done */
    lim_time due;   /* what wake_timer is armed for */
    uint64_t attempts;
    int64_t lag_ns_max;
    int64_t long_ns; /* of turns that took long */
    uint64_t network_errors, late;
    bool over, partial;
    int error;
};

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double wall_seconds(const struct driver *d)
{
    lim_time passed = mock_loop_now(d->loop) - d->start;

    return (double)passed / (double)LIM_SEC / d->target->speed;
}

static void stop(struct driver *d)
{
    d->over = true;
    mock_loop_stop(d->loop);
}

static void fail(struct driver *d, int error)
{
    d->error = error;
    stop(d);
}

/* A mock server that runs at another speed makes every figure wrong. */
static bool speed_fits(struct driver *d, double told)
{
    double speed = d->target->speed;

    if (fabs(told - speed) <= 1e-6 * speed)
        return true;
    if (told < 0)
        lim_fail(d->diag, LIM_ENOTFOUND, 0,
                 "%s is no mock server: it does not tell its speed",
                 d->target->base_url);
    else
        lim_fail(d->diag, LIM_ENOTFOUND, 0,
                 "%s is a mock server at speed %g; this run is at %g",
                 d->target->base_url, told, speed);
    fail(d, LIM_ENOTFOUND);
    return false;
}

static bool send_one(struct driver *d, const struct sim_send *send)
{
    const struct sim_workload *w = &d->scenario->workloads[send->workload];
    const struct bench_message *m = &d->messages[send->workload];
    const struct bench_credential *c =
        bench_accounts_key(d->target->accounts, send->organisation, send->key);
    struct bench_transfer *x = bench_transport_take(d->transport);

    if (x == NULL || bench_message_write(m, send->prompt_tokens, w->max_tokens,
                                         &x->body) != 0) {
        if (x != NULL)
            bench_transport_give(d->transport, x);
        return false;
    }
    x->slot = send->slot;
    x->tag = send->workload;
    x->lines = c->lines;
    if (!bench_accounts_address(c, d->target->base_url, m->path, w->model, x)) {
        bench_transport_give(d->transport, x);
        return false;
    }
    snprintf(x->own_lines[0], sizeof x->own_lines[0],
             "X-Client-Request-Id: %" PRIu64 "-%u", send->request,
             send->attempt);
    if (d->target->mock && send->completion_tokens >= 0)
        snprintf(x->own_lines[1], sizeof x->own_lines[1],
                 "x-mock-completion-tokens: %" PRId64, send->completion_tokens);
    bench_transport_send(d->transport, x);
    d->attempts++;
    return true;
}

static void pump(struct driver *d)
{
    struct sim_send send;

    while (!d->over) {
        lim_time now = mock_loop_update(d->loop);
        if (now >= d->end || !sim_client_next(d->client, now, &send))
            return;
        if (d->target->budget != NULL &&
            !bench_budget_take(d->target->budget)) {
            d->partial = true;
            stop(d);
            return;
        }
        if (!send_one(d, &send))
            fail(d, lim_fail(d->diag, LIM_ENOMEM, 0, "out of memory"));
    }
}

static void take_first_token(struct driver *d, const struct bench_transfer *x,
                             struct lim_outcome *outcome)
{
    if (!d->messages[x->tag].stream || x->first_byte == LIM_NEVER)
        return;
    outcome->first_token_ns = x->first_byte - x->sent;
}

static void take_reply(struct driver *d, const struct bench_transfer *x)
{
    struct lim_outcome outcome;
    lim_time now = mock_loop_update(d->loop);

    if (now >= d->end) {
        d->late++;
        return;
    }
    if (x->mock_speed >= 0 && !speed_fits(d, x->mock_speed))
        return;
    if (x->status == 0)
        d->network_errors++;
    bench_message_read(&d->messages[x->tag], x->status, &x->feedback,
                       x->answer.data, x->answer.length, &outcome);
    take_first_token(d, x, &outcome);
    if (d->target->budget != NULL)
        bench_budget_spend(d->target->budget, outcome.microusd);
    const struct sim_stations stations = { x->sent, x->first_byte };
    uint32_t other =
        sim_client_done(d->client, x->slot, &outcome, &stations, now);
    if (other != SIM_NO_SLOT)
        bench_transport_cut(d->transport, other);
}

static bool reap(struct driver *d)
{
    struct bench_transfer *x;
    bool any = false;

    while (!d->over && (x = bench_transport_reap(d->transport)) != NULL) {
        take_reply(d, x);
        bench_transport_give(d->transport, x);
        any = true;
    }
    return any;
}

/* Nothing is in flight, due, or going to end the run. */
static bool is_stuck(const struct driver *d)
{
    return d->due == LIM_NEVER && d->end == LIM_NEVER &&
           bench_transport_in_flight(d->transport) == 0;
}

/* After each event: everything that can be done now is done. */
static void turn(struct driver *d)
{
    lim_time now = mock_loop_update(d->loop);

    if (d->over || now < d->start)
        return;
    if (d->due <= now && now - d->due > d->lag_ns_max)
        d->lag_ns_max = now - d->due;
    do
        pump(d);
    while (reap(d));
    lim_time began = now;
    now = mock_loop_update(d->loop);
    if ((double)(now - began) > (double)BENCH_LONG_WALL_NS * d->target->speed)
        d->long_ns += now - began;
    d->due = sim_client_wakeup(d->client);
    mock_loop_timer_set(d->loop, d->wake_timer, d->due);
    if (sim_client_finished(d->client, now) || is_stuck(d))
        stop(d);
}

static void on_time(void *context, uint32_t timer, lim_time now)
{
    (void)timer;
    (void)now;
    turn(context);
}

static void on_pace(void *context, uint32_t timer, lim_time now)
{
    struct driver *d = context;

    if (d->client == NULL) {
        fail(d, lim_fail(d->diag, LIM_ENOTFOUND, 0, "%s does not answer",
                         d->target->base_url));
        return;
    }
    mock_loop_timer_wall(d->loop, timer, PACE_WALL_NS);
    if (d->pace != NULL && d->pace->go_on != NULL &&
        !d->pace->go_on(d->pace->context, now, d->attempts)) {
        d->partial = true;
        stop(d);
    }
}

/* An answer of the warm-up; the first that is not good ends it. */
static void take_warm(struct driver *d, const struct bench_transfer *x)
{
    if (x->status == 0) {
        fail(d, lim_fail(d->diag, LIM_ENOTFOUND, 0, "%s does not answer: %s",
                         d->target->base_url, x->trouble));
        return;
    }
    if (speed_fits(d, x->mock_speed) && --d->warming == 0)
        mock_loop_stop(d->loop);
}

static void on_wake(void *context)
{
    struct driver *d = context;
    struct bench_transfer *x;

    if (d->client != NULL) {
        turn(d);
        return;
    }
    while (!d->over && (x = bench_transport_reap(d->transport)) != NULL) {
        take_warm(d, x);
        bench_transport_give(d->transport, x);
    }
}

/* What waits for its connection is believed to be on its way. */
static void on_begun(void *context, const struct bench_transfer *x)
{
    struct driver *d = context;

    if (d->client != NULL)
        sim_client_sent(d->client, x->slot, x->sent);
}

static size_t connections_wanted(const struct sim_scenario *s)
{
    int64_t cap = s->client.cap_pool;

    return cap > 0 && cap < WARM_CONNECTIONS ? (size_t)cap : WARM_CONNECTIONS;
}

/*
 * Asks a mock server for its speed over as many connections at once, which
 * stay open.  A first request that waits for its connection reaches a full
 * window later than the pool believes, and what follows it at the earliest
 * instant would then be refused.
 */
static void warm_up(struct driver *d)
{
    const char *base = d->target->base_url;
    const char *version = strstr(base, "/v1");
    size_t length = version != NULL ? (size_t)(version - base) : strlen(base);

    while (length > 0 && base[length - 1] == '/')
        length--;
    d->warming = connections_wanted(d->scenario);
    for (size_t i = d->warming; i > 0; i--) {
        struct bench_transfer *x = bench_transport_take(d->transport);
        if (x == NULL) {
            fail(d, lim_fail(d->diag, LIM_ENOMEM, 0, "out of memory"));
            return;
        }
        snprintf(x->url, sizeof x->url, "%.*s/healthz", (int)length, base);
        bench_transport_send(d->transport, x);
    }
    mock_loop_timer_wall(d->loop, d->wall_timer, WARM_WALL_NS);
    on_wake(d);
    if (!d->over && mock_loop_run(d->loop) != 0)
        fail(d, lim_fail(d->diag, LIM_ENOTFOUND, 0, "event loop: %s",
                         strerror(errno)));
}

static int make_messages(struct driver *d)
{
    size_t count = d->scenario->workload_count;

    d->messages = calloc(count > 0 ? count : 1, sizeof *d->messages);
    if (d->messages == NULL)
        return lim_fail(d->diag, LIM_ENOMEM, 0, "out of memory");
    for (; d->message_count < count; d->message_count++) {
        const struct sim_workload *w =
            &d->scenario->workloads[d->message_count];
        int rc = bench_message_init(&d->messages[d->message_count], w,
                                    &d->scenario->provider.prices);
        if (rc == LIM_EINVAL)
            return lim_fail(d->diag, rc, 0,
                            "'%s' takes a file of sound, and none is sent: "
                            "without --on it can be simulated",
                            w->model);
        if (rc != LIM_OK)
            return lim_fail(d->diag, rc, 0, "out of memory");
    }
    return LIM_OK;
}

static bool make_timers(struct driver *d)
{
    d->wake_timer = mock_loop_timer_new(d->loop, on_time, d);
    d->end_timer = mock_loop_timer_new(d->loop, on_time, d);
    d->wall_timer = mock_loop_timer_new(d->loop, on_pace, d);
    return d->wake_timer != UINT32_MAX && d->end_timer != UINT32_MAX &&
           d->wall_timer != UINT32_MAX;
}

static int64_t reply_wall_ns(double speed)
{
    double ns = (double)REPLY_NS / speed;

    if (ns < (double)REPLY_WALL_NS)
        return REPLY_WALL_NS;
    return ns < (double)LIM_DAY ? (int64_t)ns : LIM_DAY;
}

static int prepare(struct driver *d)
{
    double speed = d->target->speed;
    struct bench_transport_config config = {
        .wake = on_wake,
        .begun = on_begun,
        .context = d,
        .timeout_ns = reply_wall_ns(speed),
        .proxies = !d->target->mock,
    };

    d->loop = mock_loop_new(d->scenario->provider.start, speed);
    if (d->loop == NULL)
        return lim_fail(d->diag, LIM_ENOTFOUND, 0, "event loop: %s",
                        strerror(errno));
    config.loop = d->loop;
    d->transport = bench_transport_new(&config);
    if (d->transport == NULL || !make_timers(d))
        return lim_fail(d->diag, LIM_ENOMEM, 0, "out of memory");
    return make_messages(d);
}

static int run(struct driver *d, uint64_t seed, const struct sim_watch *watch)
{
    const struct sim_scenario *s = d->scenario;
    double lead_ns = (double)LEAD_WALL_NS * d->target->speed;

    d->start = mock_loop_update(d->loop) + (lim_time)lead_ns;
    d->client = sim_client_new(s, seed, d->start, true, watch, d->diag);
    if (d->client == NULL)
        return LIM_EINVAL;
    if (s->duration_ns != LIM_NEVER && !s->drain)
        d->end = d->start + s->duration_ns;
    d->due = d->start;
    mock_loop_timer_set(d->loop, d->wake_timer, d->due);
    mock_loop_timer_set(d->loop, d->end_timer, d->end);
    mock_loop_timer_wall(d->loop, d->wall_timer, PACE_WALL_NS);
    if (mock_loop_run(d->loop) != 0)
        return lim_fail(d->diag, LIM_ENOTFOUND, 0, "event loop: %s",
                        strerror(errno));
    return d->error;
}

static int copy_moments(const struct sim_client *c, struct sim_moment **out,
                        size_t *count)
{
    const struct sim_moment *moments;
    size_t n = sim_client_moments(c, &moments);

    *out = malloc((n > 0 ? n : 1) * sizeof **out);
    if (*out == NULL)
        return LIM_ENOMEM;
    if (n > 0)
        memcpy(*out, moments, n * sizeof **out);
    *count = n;
    return LIM_OK;
}

static int finish(struct driver *d, struct sim_summary *out,
                  struct sim_moment **moments, size_t *count)
{
    lim_time now = mock_loop_now(d->loop);
    struct sim_batches goodput, latency;

    /* Nobody waits for a time in which nothing can happen; it passes all the
       same, as it does in the simulator. */
    if (d->end != LIM_NEVER && (now > d->end || !d->partial))
        now = d->end;

    if (sim_client_batches(d->client, &goodput, &latency) != LIM_OK)
        return lim_fail(d->diag, LIM_ENOMEM, 0, "out of memory");
    int error = sim_client_finish(d->client, now, out, d->diag);
    if (error != LIM_OK)
        return error;
    out->batched = true;
    out->goodput_batches = goodput;
    out->latency_batches = latency;
    out->partial = d->partial;
    if (moments != NULL && copy_moments(d->client, moments, count) != LIM_OK) {
        sim_summary_fini(out);
        return lim_fail(d->diag, LIM_ENOMEM, 0, "out of memory");
    }
    return LIM_OK;
}

static bool is_saturated(const struct driver *d, double cpu_s)
{
    lim_time passed = mock_loop_now(d->loop) - d->start;

    return cpu_s > BENCH_BUSY * wall_seconds(d) ||
           (double)d->long_ns > BENCH_LONG_SHARE * (double)passed;
}

static void tear_down(struct driver *d)
{
    bench_transport_free(d->transport);
    mock_loop_free(d->loop);
    for (size_t i = 0; i < d->message_count; i++)
        bench_message_fini(&d->messages[i]);
    free(d->messages);
    sim_client_free(d->client);
}

/* A URL is named in messages: one with a password in it is refused. */
static int check(const struct sim_scenario *s, const struct bench_target *t,
                 struct lim_diag *diag)
{
    const char *url = t->base_url;
    bool http = strncmp(url, "http://", 7) == 0;
    bool https = strncmp(url, "https://", 8) == 0;

    if ((!http && !https) || strlen(url) > BASE_URL_MAX)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "a base URL begins with http:// or https:// and has "
                        "at most %d characters",
                        BASE_URL_MAX);
    if (strchr(url, '@') != NULL)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "a base URL has no user or password in it: keys come "
                        "from the environment or an accounts file");
    if (!(t->speed > 0))
        return lim_fail(diag, LIM_EINVAL, 0,
                        "a run over HTTP needs a speed above 0");
    if (bench_accounts_organisations(t->accounts) !=
        s->provider.organisation_count)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "accounts of %zu organisations for a scenario of %zu",
                        bench_accounts_organisations(t->accounts),
                        s->provider.organisation_count);
    return LIM_OK;
}

int bench_drive(const struct sim_scenario *s, const struct bench_target *target,
                uint64_t seed, const struct sim_watch *watch,
                const struct sim_pace *pace, struct sim_summary *out,
                struct sim_moment **moments, size_t *moment_count,
                struct bench_wall *wall, struct lim_diag *diag)
{
    struct driver d = { .scenario = s,
                        .target = target,
                        .pace = pace,
                        .diag = diag,
                        .end = LIM_NEVER,
                        .due = LIM_NEVER };
    int error = check(s, target, diag);

    if (error == LIM_OK)
        error = prepare(&d);
    if (error == LIM_OK && target->mock) {
        warm_up(&d);
        error = d.error;
    }
    double cpu_start = cpu_seconds();
    if (error == LIM_OK)
        error = run(&d, seed, watch);
    double cpu_s = cpu_seconds() - cpu_start;
    if (error == LIM_OK)
        error = finish(&d, out, moments, moment_count);
    if (error == LIM_OK)
        *wall = (struct bench_wall){
            .wall_s = wall_seconds(&d),
            .cpu_s = cpu_s,
            .lag_ms_max = (double)d.lag_ns_max / (double)LIM_MSEC,
            .connections = bench_transport_connections(d.transport),
            .network_errors = d.network_errors,
            .aborted = d.late + bench_transport_in_flight(d.transport),
            .saturated = is_saturated(&d, cpu_s),
        };
    tear_down(&d);
    return error;
}
