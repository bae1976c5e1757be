#include "bench/status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/output.h"
#include "mockserver/samples.h"

#define PAUSE_NS LIM_SEC
#define MINUTE_S 60.0
#define LIMITS_MAX 10000 /* that are told of */

static void add_state(struct mock_text *b, const struct bench_view *v)
{
    static const char *const ends[] = { [BENCH_END_DONE] = "done",
                                        [BENCH_END_STOPPED] = "interrupted",
                                        [BENCH_END_CUT] = "interrupted",
                                        [BENCH_END_BUDGET] = "bound reached",
                                        [BENCH_END_NOBODY] = "nobody left",
                                        [BENCH_END_TOO_LONG] = "wait too long",
                                        [BENCH_END_UNWRITTEN] =
                                            "cannot write" };
    const char *state = v->over ? ends[v->sent->ending]
                        : v->sent->ending != BENCH_END_DONE ? "ending"
                        : v->sent->waits_for[0] != '\0'     ? "waiting"
                                                            : "running";
    mock_text_puts(b, "{\"state\":");
    mock_text_json_or_null(b, state);
}

/* A number that may not be known. */
static void add_known(struct mock_text *b, const char *key, bool known,
                      double value)
{
    if (known)
        mock_text_printf(b, ",\"%s\":%.6g", key, value);
    else
        mock_text_printf(b, ",\"%s\":null", key);
}

/* What ended in the last minute of the run's time, a minute. */
static void rate(const struct bench_status *s, const struct bench_sent *sent,
                 double *requests, double *tokens)
{
    struct bench_point from = { 0, 0, 0 };
    size_t kept = s->points < BENCH_STATUS_RING ? s->points : BENCH_STATUS_RING;
    for (size_t i = 0; i < kept; i++) {
        const struct bench_point *p =
            &s->ring[(s->points - 1 - i) % BENCH_STATUS_RING];
        from = *p;
        if (sent->seconds - p->seconds >= MINUTE_S)
            break;
    }
    double minutes = (sent->seconds - from.seconds) / MINUTE_S;
    uint64_t over = sent->succeeded + sent->failed;
    *requests = minutes > 0 ? (double)(over - from.over) / minutes : 0;
    *tokens = minutes > 0 ? (double)(sent->tokens - from.tokens) / minutes : 0;
}

static void note_point(struct bench_status *s, const struct bench_sent *sent)
{
    s->ring[s->points++ % BENCH_STATUS_RING] =
        (struct bench_point){ sent->seconds, sent->succeeded + sent->failed,
                              sent->tokens };
}

/* The first of the models that share a group. */
static const char *name_of(const struct bench_status *s, unsigned group)
{
    const struct bench_roster *r = s->sender->roster;
    size_t i = 0;
    while (r->group_of[i] != group)
        i++;
    return s->sender->batch->models[i];
}

/* One window of an organisation, as the pool believes it. */
struct told {
    const char *organisation, *model, *limit;
    struct lim_window_belief belief;
};

typedef void told_fn(void *context, const struct told *t);

/* Calls for each limit that is known, of one organisation or of all (its
   number SIZE_MAX). */
static void each_limit(const struct bench_status *s, const struct bench_view *v,
                       size_t only, told_fn *fn, void *context)
{
    const struct bench_roster *r = s->sender->roster;
    size_t n = 0;
    for (uint32_t i = 0; i < r->count; i++)
        for (unsigned g = 0; g < r->groups; g++)
            for (int w = 0; w < LIM_WINDOWS && n < LIMITS_MAX; w++) {
                struct told t = { r->organisations[i].name, name_of(s, g),
                                  lim_limit_name((enum lim_limit)w),
                                  lim_pool_belief(v->pool, i, g,
                                                  (enum lim_limit)w, v->now) };
                if (!r->organisations[i].serves[g] || t.belief.limit < 0 ||
                    (only != SIZE_MAX && only != i))
                    continue;
                fn(context, &t);
                n++;
            }
}

static void add_limit(void *context, const struct told *t)
{
    struct mock_text *b = context;
    mock_text_puts(b, b->data[b->length - 1] == '[' ? "{\"model\":"
                                                    : ",{\"model\":");
    mock_text_json_or_null(b, t->model);
    mock_text_printf(
        b, ",\"limit\":\"%s\",\"max\":%" PRId64 ",\"left\":%" PRId64 "}",
        t->limit, t->belief.limit, t->belief.remaining);
}

static void add_organisations(struct bench_status *s,
                              const struct bench_view *v)
{
    struct mock_text *b = &s->json;
    const struct bench_roster *r = s->sender->roster;
    mock_text_puts(b, ",\"organisations\":[");
    for (size_t i = 0; i < r->count; i++) {
        const char *why = v->shutout->why[i];
        mock_text_puts(b, i > 0 ? ",{\"name\":" : "{\"name\":");
        mock_text_json_or_null(b, r->organisations[i].name);
        mock_text_puts(b, ",\"shut_out\":");
        mock_text_json_or_null(b, why[0] != '\0' ? why : NULL);
        mock_text_puts(b, ",\"limits\":[");
        each_limit(s, v, i, add_limit, b);
        mock_text_puts(b, "]}");
    }
    mock_text_puts(b, "]}\n");
}

static void make_json(struct bench_status *s, const struct bench_view *v)
{
    struct mock_text *b = &s->json;
    const struct bench_sent *n = v->sent;
    uint64_t over = n->succeeded + n->failed;
    double requests, tokens;
    rate(s, n, &requests, &tokens);
    mock_text_clear(b);
    add_state(b, v);
    mock_text_printf(b,
                     ",\"requests\":{\"total\":%zu,\"answered_before\":%zu,"
                     "\"succeeded\":%" PRIu64 ",\"failed\":%" PRIu64
                     ",\"in_flight\":%" PRIu64 ",\"left\":%" PRIu64
                     "},\"attempts\":%" PRIu64 ",\"http_429\":%" PRIu64
                     ",\"sent_twice\":%" PRIu64 ",\"tokens\":%" PRId64,
                     s->total, s->before, n->succeeded, n->failed, n->in_flight,
                     (uint64_t)(s->total - s->before) - over, n->attempts,
                     n->http_429, n->twice, n->tokens);
    add_known(b, "spend_usd", n->spend_known, (double)n->microusd / 1e6);
    mock_text_printf(b, ",\"per_minute\":{\"requests\":%.6g,\"tokens\":%.6g}",
                     requests, tokens);
    add_known(b, "seconds", true, n->seconds);
    add_known(b, "seconds_left", n->left_s >= 0, n->left_s);
    mock_text_puts(b, ",\"waits_for\":");
    mock_text_json_or_null(b, n->waits_for[0] != '\0' ? n->waits_for : NULL);
    if (n->waits_until != LIM_NEVER)
        mock_text_printf(b, ",\"waits_until\":%.3f",
                         (double)n->waits_until / (double)LIM_SEC);
    else
        mock_text_puts(b, ",\"waits_until\":null");
    add_organisations(s, v);
}

static void add_sample(struct mock_text *b, const char *name, const char *type,
                       const char *help, double value)
{
    mock_samples_begin(b, "tierlab_run_", name, type, help);
    mock_text_printf(b, "tierlab_run_%s %.17g\n", name, value);
}

struct family {
    struct mock_text *text;
    const char *name;
    bool level;
};

static void add_window(void *context, const struct told *t)
{
    const struct family *f = context;
    mock_text_printf(f->text, "tierlab_run_%s{", f->name);
    mock_samples_label(f->text, "organisation", t->organisation);
    mock_text_puts(f->text, ",");
    mock_samples_label(f->text, "model", t->model);
    mock_text_puts(f->text, ",");
    mock_samples_label(f->text, "limit", t->limit);
    mock_text_printf(f->text, "} %" PRId64 "\n",
                     f->level ? t->belief.remaining : t->belief.limit);
}

static void add_requests(struct bench_status *s, const struct bench_view *v)
{
    const struct bench_sent *n = v->sent;
    uint64_t over = n->succeeded + n->failed;
    mock_samples_begin(&s->samples, "tierlab_run_", "requests", "gauge",
                       "Requests of the file by state.");
    mock_text_printf(&s->samples,
                     "tierlab_run_requests{state=\"answered_before\"} %zu\n"
                     "tierlab_run_requests{state=\"succeeded\"} %" PRIu64
                     "\ntierlab_run_requests{state=\"failed\"} %" PRIu64
                     "\ntierlab_run_requests{state=\"in_flight\"} %" PRIu64
                     "\ntierlab_run_requests{state=\"waiting\"} %" PRIu64 "\n",
                     s->before, n->succeeded, n->failed, n->in_flight,
                     (uint64_t)(s->total - s->before) - over - n->in_flight);
}

static void make_samples(struct bench_status *s, const struct bench_view *v)
{
    struct mock_text *b = &s->samples;
    const struct bench_sent *n = v->sent;
    struct family max = { b, "window_limit", false };
    struct family level = { b, "window_level", true };
    mock_text_clear(b);
    add_requests(s, v);
    add_sample(b, "attempts_total", "counter", "Requests sent.",
               (double)n->attempts);
    add_sample(b, "http_429_total", "counter", "Of them, refused by a limit.",
               (double)n->http_429);
    add_sample(b, "sent_twice_total", "counter",
               "Sent again after an answer that was lost.", (double)n->twice);
    add_sample(b, "tokens_total", "counter", "Tokens of what succeeded.",
               (double)n->tokens);
    add_sample(b, "spend_usd_total", "counter",
               "What it cost at list price, as far as prices are known.",
               (double)n->microusd / 1e6);
    if (n->left_s >= 0)
        add_sample(b, "seconds_left", "gauge", "Time left, by the limits.",
                   n->left_s);
    mock_samples_begin(b, "tierlab_run_", max.name, "gauge",
                       "What a full window holds, as the pool believes.");
    each_limit(s, v, SIZE_MAX, add_window, &max);
    mock_samples_begin(b, "tierlab_run_", level.name, "gauge",
                       "What is left in it.");
    each_limit(s, v, SIZE_MAX, add_window, &level);
}

/* GET /metrics */
static void answer(void *context, struct mock_exchange *x,
                   const struct mock_request *r)
{
    struct bench_status *s = context;
    bool here = r->path_length == 8 && memcmp(r->path, "/metrics", 8) == 0;
    bool get = r->method_length == 3 && memcmp(r->method, "GET", 3) == 0;
    struct mock_reply reply = { .status = 404,
                                .content_type = "text/plain",
                                .body = "There is only /metrics.\n",
                                .body_length = 24 };
    if (here && (get || r->head))
        reply =
            (struct mock_reply){ .status = 200,
                                 .content_type = MOCK_SAMPLES_TYPE,
                                 .body = s->samples.length > 0 ? s->samples.data
                                                               : "",
                                 .body_length = s->samples.length };
    mock_exchange_reply(x, &reply);
}

static int serve(struct bench_status *s, int port, struct lim_diag *diag)
{
    uint16_t bound = 0;
    struct mock_server_config config = mock_server_config_default();
    config.handler = answer;
    config.context = s;
    config.connections_max = 64;
    s->server = mock_server_new(s->sender->loop, &config);
    if (s->server == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    if (mock_server_listen(s->server, "127.0.0.1", (uint16_t)port, &bound) != 0)
        return lim_fail(diag, LIM_EINVAL, 0, "--metrics %d: %s", port,
                        strerror(errno));
    fprintf(stderr, "metrics at http://127.0.0.1:%u/metrics\n", bound);
    return LIM_OK;
}

int bench_status_begin(struct bench_status *s,
                       const struct bench_sender *sender, const char *path,
                       int port, struct lim_diag *diag)
{
    *s = (struct bench_status){ .sender = sender,
                                .path = path,
                                .total = sender->batch->count };
    for (size_t i = 0; i < s->total; i++)
        s->before += sender->done[i];
    return port >= 0 ? serve(s, port, diag) : LIM_OK;
}

/* It is tried again in a second: the disk may be full. */
static void write_file(struct bench_status *s)
{
    struct lim_diag diag;
    struct bench_output out;
    if (s->json.failed || bench_output_open(&out, s->path, &diag) != LIM_OK)
        return;
    fwrite(s->json.data, 1, s->json.length, out.file);
    (void)bench_output_commit(&out, &diag);
}

void bench_status_tell(struct bench_status *s, const struct bench_view *v)
{
    int64_t wall = mock_loop_wall(s->sender->loop);
    if ((s->path == NULL && s->server == NULL) ||
        (!v->over && s->points > 0 && wall - s->told < PAUSE_NS))
        return;
    s->told = wall;
    if (s->path != NULL) {
        make_json(s, v);
        write_file(s);
    }
    if (s->server != NULL)
        make_samples(s, v);
    note_point(s, v->sent);
}

void bench_status_end(struct bench_status *s)
{
    mock_server_free(s->server);
    mock_text_fini(&s->json);
    mock_text_fini(&s->samples);
    s->server = NULL;
}
