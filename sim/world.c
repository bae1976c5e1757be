/*
 * The client and the provider in one process and one virtual clock.  What
 * happens at one instant has one order: answers that end, then arrivals, then
 * sends; a send whose answer ends at once (a refusal) is an answer that ends.
 */

#include "sim/world.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/cold.h"
#include "limiter/row.h"
#include "limiter/timerq.h"
#include "sim/service.h"

#define PACE_STEPS 4096 /* instants between two looks at sim_pace */

struct flight { /* an answer on its way, by slot */
    struct sim_reply reply;
    uint32_t next_ghost; /* of those that are free */
};

struct world {
    const struct sim_scenario *scenario;
    struct sim_client *client;
    struct sim_service service;
    struct sim_call *calls; /* of each workload: what all have in common, and
                               the rest the last one's */
    struct lim_timerq *due; /* ends of answers, by slot */
    struct flight *flights;
    uint32_t flight_room;
    struct flight *ghosts;   /* nobody waits for them; their slots are free */
    struct lim_timerq *gone; /* their ends; NULL: there was none yet */
    uint32_t ghost_room, ghost_free;
    uint64_t attempts;
};

static void fini(struct world *w)
{
    sim_client_free(w->client);
    sim_service_fini(&w->service);
    lim_timerq_free(w->due);
    lim_timerq_free(w->gone);
    free(w->ghosts);
    free(w->flights);
    free(w->calls);
}

/* The share of one window that is used; of what is left, only whole requests,
   images and tokens count, as on the wire. */
static double used(const struct sim_provider *p, uint32_t organisation,
                   unsigned group, enum lim_limit limit, lim_time now)
{
    struct sim_window_view v;
    sim_provider_window(p, organisation, group, limit, now, &v);
    return v.limit > 0 ? 1 - floor(v.level) / (double)v.limit : 0;
}

LIM_COLD static void read_gauges(void *context, lim_time now,
                                 struct sim_gauges *out)
{
    const struct world *w = context;
    const struct sim_provider *p = w->service.provider;
    uint32_t n = sim_provider_organisations(p);
    n = n < SIM_GAUGES_MAX ? n : SIM_GAUGES_MAX;
    out->count = (uint8_t)n;
    for (uint32_t o = 0; o < n; o++) {
        double most = 0;
        for (size_t i = 0; i < w->scenario->workload_count; i++)
            for (int l = 0; w->calls[i].group >= 0 && l < LIM_WINDOWS; l++) {
                double share = used(p, o, (unsigned)w->calls[i].group,
                                    (enum lim_limit)l, now);
                most = share > most ? share : most;
            }
        out->percent[o] = (uint8_t)(100 * (most < 1 ? most : 1) + 0.5);
    }
}

static int init(struct world *w, const struct sim_scenario *s, uint64_t seed,
                const struct sim_watch *watch, struct lim_diag *diag)
{
    struct sim_provider_config config = s->provider;
    config.seed = seed;
    *w = (struct world){ .scenario = s };
    w->client = sim_client_new(s, seed, s->provider.start, false, watch, diag);
    if (w->client == NULL)
        return LIM_EINVAL;
    if (sim_service_init(&w->service, &config, diag) != LIM_OK)
        return LIM_EINVAL;
    w->due = lim_timerq_new(1);
    w->calls = calloc(s->workload_count, sizeof *w->calls);
    if (w->due == NULL || w->calls == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    if (s->shuffled)
        lim_timerq_shuffle(w->due, s->shuffle_seed);
    for (size_t i = 0; i < s->workload_count; i++) {
        w->calls[i].model = s->workloads[i].model;
        w->calls[i].stream = s->workloads[i].stream;
        w->calls[i].max_tokens = s->workloads[i].max_tokens;
        w->calls[i].images = s->workloads[i].images;
        sim_service_resolve(&w->service, &w->calls[i]);
    }
    const struct sim_gauge gauge = { read_gauges, w };
    sim_client_gauge(w->client, &gauge);
    return LIM_OK;
}

LIM_COLD static int make_room(struct world *w, uint32_t slot)
{
    uint32_t room = w->flight_room == 0 ? 64 : w->flight_room;
    while (room <= slot)
        room *= 2;
    struct flight *flights = realloc(w->flights, room * sizeof *flights);
    if (flights == NULL)
        return LIM_ENOMEM;
    w->flights = flights;
    w->flight_room = room;
    return lim_timerq_grow(w->due, room);
}

static int begin(struct world *w, const struct sim_send *s, lim_time now)
{
    if (s->slot >= w->flight_room && make_room(w, s->slot) != LIM_OK)
        return LIM_ENOMEM;
    struct sim_reply *r = &w->flights[s->slot].reply;
    struct sim_call *call = &w->calls[s->workload];
    call->organisation = s->organisation;
    call->prompt_tokens = s->prompt_tokens;
    call->completion_tokens = s->completion_tokens;
    call->request = s->request;
    call->attempt = s->attempt;
    call->wrong = sim_service_too_long(call);
    if (sim_service_reply(&w->service, call, now, r) != LIM_OK)
        return LIM_ENOMEM;
    lim_timerq_set(w->due, s->slot, r->end, 0);
    w->attempts++;
    return LIM_OK;
}

#define NOBODY UINT32_MAX

static int make_ghosts(struct world *w)
{
    uint32_t room = w->ghost_room == 0 ? 16 : 2 * w->ghost_room;
    struct flight *ghosts = realloc(w->ghosts, room * sizeof *ghosts);
    if (ghosts == NULL)
        return LIM_ENOMEM;
    w->ghosts = ghosts;
    for (uint32_t i = w->ghost_room; i < room; i++)
        ghosts[i].next_ghost = i + 1 < room ? i + 1 : NOBODY;
    w->ghost_free = w->ghost_room;
    w->ghost_room = room;
    if (w->gone == NULL)
        w->gone = lim_timerq_new(room);
    else if (lim_timerq_grow(w->gone, room) != LIM_OK)
        return LIM_ENOMEM;
    return w->gone != NULL ? LIM_OK : LIM_ENOMEM;
}

/* The client hangs up.  The provider does not mind: it goes on to the end, and
   charges it. */
LIM_COLD static int break_off(struct world *w, uint32_t slot)
{
    const struct flight *f = &w->flights[slot];
    lim_timerq_cancel(w->due, slot);
    if (!f->reply.admitted)
        return LIM_OK;
    if ((w->ghost_room == 0 || w->ghost_free == NOBODY) &&
        make_ghosts(w) != LIM_OK)
        return LIM_ENOMEM;
    uint32_t ghost = w->ghost_free;
    w->ghost_free = w->ghosts[ghost].next_ghost;
    w->ghosts[ghost] = *f;
    lim_timerq_set(w->gone, ghost, f->reply.end, 0);
    return LIM_OK;
}

static int end_ghosts(struct world *w, lim_time now)
{
    uint32_t ghost;
    while (lim_timerq_pop(w->gone, now, &ghost)) {
        struct flight *f = &w->ghosts[ghost];
        if (sim_service_end(&w->service, &f->reply.debt, now) != LIM_OK)
            return LIM_ENOMEM;
        f->next_ghost = w->ghost_free;
        w->ghost_free = ghost;
    }
    return LIM_OK;
}

/* On the way to `next` those end of whom nobody hears. */
LIM_APART static int pass_ghosts(struct world *w, lim_time latest,
                                 lim_time *next)
{
    if (lim_timerq_next(w->gone) < *next)
        *next = lim_timerq_next(w->gone);
    return *next < latest ? end_ghosts(w, *next) : LIM_OK;
}

/* Who comes next is known long before it is dealt with. */
static void foresee(const struct world *w)
{
    uint32_t slot = lim_timerq_first(w->due);
    if (slot == LIM_TIMERQ_NOBODY)
        return;
    const char *f = (const char *)&w->flights[slot];
    for (size_t at = 0; at < sizeof *w->flights; at += LIM_CACHE_LINE)
        __builtin_prefetch(f + at);
    sim_client_foresee(w->client, slot);
}

/* An answer ends, the first that is due. */
static int end_first(struct world *w, lim_time now)
{
    int error = LIM_OK;
    uint32_t slot = SIM_NO_SLOT;
    lim_timerq_pop(w->due, now, &slot);
    foresee(w);
    const struct sim_reply *r = &w->flights[slot].reply;
    if (r->admitted)
        error = sim_service_end(&w->service, &r->debt, now);
    uint32_t other = sim_client_done(w->client, slot, &r->outcome, NULL, now);
    if (other != SIM_NO_SLOT && error == LIM_OK)
        error = break_off(w, other);
    return error;
}

LIM_APART static int run(struct world *w, const struct sim_pace *pace,
                         lim_time *end, bool *partial)
{
    const lim_time latest = sim_client_end(w->client);
    lim_time now = *end, wakeup = now; /* until then the client has no more */
    struct sim_send send;
    uint64_t instants = 1;
    int error = LIM_OK;
    if (sim_client_finished(w->client, now))
        return LIM_OK;
    while (error == LIM_OK) {
        lim_time due = lim_timerq_next(w->due);
        lim_time next = due < wakeup ? due : wakeup;
        if (next > now) {
            if (next == LIM_NEVER)
                break;
            if (w->gone != NULL && pass_ghosts(w, latest, &next) != LIM_OK)
                return LIM_ENOMEM;
            now = next;
            if (now >= latest)
                break;
            *partial = ++instants % PACE_STEPS == 0 && pace != NULL &&
                       !pace->go_on(pace->context, now, w->attempts);
            if (*partial)
                break;
        }
        if (due <= now) {
            error = end_first(w, now);
            wakeup = sim_client_wakeup(w->client);
        } else if (wakeup <= now) {
            bool any = sim_client_next(w->client, now, &send);
            if (any)
                error = begin(w, &send, now);
            if (any && sim_client_waiting(w->client))
                continue; /* whoever waits may be next */
            wakeup = sim_client_wakeup(w->client);
            assert(any || wakeup > now);
        }
    }
    *end = now;
    return error;
}

static int copy_moments(const struct sim_client *c, struct sim_moment **out,
                        size_t *count)
{
    const struct sim_moment *moments;
    *count = sim_client_moments(c, &moments);
    *out = malloc((*count + 1) * sizeof **out);
    if (*out == NULL)
        return LIM_ENOMEM;
    memcpy(*out, moments, *count * sizeof **out);
    return LIM_OK;
}

int sim_world_run(const struct sim_scenario *s, uint64_t seed,
                  const struct sim_watch *watch, const struct sim_pace *pace,
                  struct sim_summary *out, struct sim_moment **moments,
                  size_t *moment_count, struct lim_diag *diag)
{
    struct world w;
    lim_time now = s->provider.start;
    bool partial = false;
    int error = init(&w, s, seed, watch, diag);
    if (error == LIM_OK)
        error = run(&w, pace, &now, &partial);
    if (error == LIM_OK)
        error = sim_client_finish(w.client, now, out, diag);
    if (error == LIM_OK) {
        out->partial = partial;
        if (moments != NULL)
            error = copy_moments(w.client, moments, moment_count);
        if (error != LIM_OK)
            sim_summary_fini(out);
    }
    if (error == LIM_ENOMEM)
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    fini(&w);
    return error;
}
