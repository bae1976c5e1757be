#include "mockserver/serve.h"

#include <stdlib.h>

#include "mockserver/flight.h"

struct mock_serve {
    struct mock_api *api;
    struct mock_loop *loop;
    pthread_mutex_t *lock;       /* of the API; NULL: nobody else has it */
    struct mock_answer answer;   /* of the request at hand */
    struct mock_exchange *clock; /* that waits for the clock, or NULL */
    struct sent *orphans;        /* answers that nobody waits for */
    bool advancing;
};

/* What the end of an exchange needs. */
struct sent {
    struct mock_serve *serve;
    struct mock_flight *flight;
    struct sent *previous, *next; /* of orphans */
    uint32_t timer;
};

struct mock_serve *mock_serve_new(struct mock_api *api, struct mock_loop *loop,
                                  pthread_mutex_t *lock)
{
    struct mock_serve *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->api = api;
    s->loop = loop;
    s->lock = lock;
    return s;
}

void mock_serve_free(struct mock_serve *s)
{
    if (s == NULL)
        return;
    while (s->orphans != NULL) {
        struct sent *e = s->orphans;
        s->orphans = e->next;
        free(e->flight);
        free(e);
    }
    mock_answer_fini(&s->answer);
    free(s);
}

static struct mock_slice header(const struct mock_request *r, const char *name)
{
    struct mock_slice s = { 0 };
    s.at = mock_request_header(r, name, &s.length);
    if (s.at == NULL)
        s.length = 0;
    return s;
}

static void enter(struct mock_serve *s)
{
    if (s->lock != NULL)
        pthread_mutex_lock(s->lock);
}

static void leave(struct mock_serve *s)
{
    if (s->lock != NULL)
        pthread_mutex_unlock(s->lock);
}

static void end_flight(struct mock_serve *s, struct mock_flight *flight,
                       lim_time now)
{
    enter(s);
    mock_api_end(s->api, flight, now);
    leave(s);
}

static void end_orphan(void *context, uint32_t timer, lim_time now)
{
    struct sent *e = context;
    struct mock_serve *s = e->serve;
    mock_loop_timer_free(s->loop, timer);
    if (e->previous != NULL)
        e->previous->next = e->next;
    else
        s->orphans = e->next;
    if (e->next != NULL)
        e->next->previous = e->previous;
    end_flight(s, e->flight, now);
    free(e);
}

/* The provider works on for a client that hung up, as in sim/world.  False:
   there is no memory for it. */
static bool outlive(struct sent *e)
{
    struct mock_serve *s = e->serve;
    e->timer = mock_loop_timer_new(s->loop, end_orphan, e);
    if (e->timer == UINT32_MAX)
        return false;
    mock_loop_timer_set(s->loop, e->timer, mock_flight_ends(e->flight));
    e->previous = NULL;
    e->next = s->orphans;
    if (e->next != NULL)
        e->next->previous = e;
    s->orphans = e;
    return true;
}

static void on_end(void *context, bool sent)
{
    struct sent *e = context;
    struct mock_serve *s = e->serve;
    lim_time now = mock_loop_now(s->loop);
    if (!sent) {
        enter(s);
        mock_api_abandon(s->api, e->flight);
        leave(s);
        if (now < mock_flight_ends(e->flight) && outlive(e))
            return;
    }
    end_flight(s, e->flight, now);
    free(e);
}

static void on_clock_end(void *context, bool sent)
{
    struct mock_serve *s = context;
    (void)sent;
    s->clock = NULL;
    s->api->clock.waiting = false;
}

static void reply(struct mock_serve *s, struct mock_exchange *x)
{
    const struct mock_answer *a = &s->answer;
    const struct mock_reply r = {
        .status = a->status,
        .content_type = a->type,
        .headers = a->headers.data,
        .headers_length = a->headers.length,
        .body = a->body.data != NULL ? a->body.data : "",
        .body_length = a->body.length,
        .at = a->at,
        .stream = a->stream,
        .wire = a->wire,
        .date_shift_ns = a->date_shift_ns,
    };
    mock_exchange_reply(x, &r);
}

/* Without memory for the record of its end, an answer ends as it begins. */
static void answer(struct mock_serve *s, struct mock_exchange *x)
{
    struct mock_flight *flight = s->answer.flight;
    if (flight != NULL) {
        struct sent *e = malloc(sizeof *e);
        if (e != NULL) {
            *e = (struct sent){ .serve = s, .flight = flight };
            mock_exchange_on_end(x, on_end, e);
        } else {
            end_flight(s, flight, mock_exchange_time(x));
        }
    }
    reply(s, x);
}

/*
 * Moves the clock when the request for it need not wait any more.  What is
 * due on the way is sent before it is answered; a request handled on the way
 * may not move the clock again.
 */
static void move_clock(struct mock_serve *s)
{
    while (!s->advancing && mock_api_clock_due(s->api) && s->clock != NULL) {
        s->advancing = true;
        mock_loop_advance(s->loop, s->api->clock.to);
        s->advancing = false;
        struct mock_exchange *x = s->clock;
        if (x == NULL)
            continue;
        mock_api_clock_answer(s->api, mock_loop_now(s->loop), &s->answer);
        reply(s, x);
    }
}

void mock_serve_handle(void *context, struct mock_exchange *x,
                       const struct mock_request *r)
{
    struct mock_serve *s = context;
    const struct mock_question q = {
        .method = { r->method, r->method_length },
        .path = { r->path, r->path_length },
        .query = { r->query, r->query_length },
        .body = { r->body, r->body_length },
        .authorization = header(r, "authorization"),
        .api_key = header(r, "api-key"),
        .project = header(r, "openai-project"),
        .content_type = header(r, "content-type"),
        .host = header(r, "host"),
        .client_request = header(r, "x-client-request-id"),
        .completion_tokens = header(r, "x-mock-completion-tokens"),
        .retry_count = header(r, "x-stainless-retry-count"),
        .now = mock_exchange_time(x),
    };
    enter(s);
    mock_api_answer(s->api, &q, &s->answer);
    leave(s);
    if (s->answer.status != 0) {
        answer(s, x);
    } else {
        s->clock = x;
        mock_exchange_on_end(x, on_clock_end, s);
    }
    move_clock(s);
}

void mock_serve_drained(void *context)
{
    const struct mock_serve *s = context;
    mock_loop_stop(s->loop);
}
