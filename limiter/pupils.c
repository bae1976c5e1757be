#include "limiter/pupils.h"

#include <assert.h>
#include <stdlib.h>

#define GROWTH 8

struct pupil {
    struct lim_learn learn;
    lim_time blocked; /* what holds once it is not held */
    lim_time grew_at;
    uint32_t in_flight, admitted; /* since a limit grew */
    bool held, unsteady;
};

struct lim_pupils {
    struct lim_group *group;
    struct pupil pupils[]; /* by organisation */
};

struct lim_pupils *lim_pupils_new(struct lim_group *g,
                                  const struct lim_config *c)
{
    struct lim_pupils *b =
        calloc(1, sizeof *b + c->organisation_count * sizeof b->pupils[0]);
    if (b == NULL)
        return NULL;
    b->group = g;
    for (uint32_t i = 0; i < c->organisation_count; i++)
        lim_learn_init(&b->pupils[i].learn, c->discipline);
    return b;
}

void lim_pupils_free(struct lim_pupils *b)
{
    free(b);
}

static bool has_room(const struct pupil *u)
{
    if (!lim_learn_answered(&u->learn))
        return u->in_flight < 1;
    return (!u->unsteady &&
            lim_learn_limits(&u->learn)->max[LIM_RPM] != LIM_UNLIMITED) ||
           u->in_flight < GROWTH * (uint64_t)(u->admitted + (u->admitted == 0));
}

/* Holds it, or lets it go, as it now has room.  True: it was let go. */
static bool hold(struct lim_pupils *b, uint32_t organisation)
{
    struct pupil *u = &b->pupils[organisation];
    const struct lim_seat *p = &b->group->seats[organisation];
    bool was = u->held;
    u->held = !has_room(u);
    if (u->held && !was) {
        u->blocked = lim_index_get(p->index, p->leaf, LIM_VALUE_BLOCKED);
        lim_index_set(p->index, p->leaf, LIM_VALUE_BLOCKED, LIM_PUPILS_HELD);
    } else if (was && !u->held) {
        lim_index_set(p->index, p->leaf, LIM_VALUE_BLOCKED, u->blocked);
    }
    return was && !u->held;
}

void lim_pupils_sent(struct lim_pupils *b, uint32_t organisation)
{
    b->pupils[organisation].in_flight++;
    hold(b, organisation);
}

bool lim_pupils_ended(struct lim_pupils *b, uint32_t organisation)
{
    assert(b->pupils[organisation].in_flight > 0);
    b->pupils[organisation].in_flight--;
    return hold(b, organisation);
}

void lim_pupils_block(struct lim_pupils *b, uint32_t organisation,
                      lim_time until)
{
    struct pupil *u = &b->pupils[organisation];
    const struct lim_seat *p = &b->group->seats[organisation];
    if (u->held && u->blocked < until)
        u->blocked = until;
    else if (!u->held &&
             lim_index_get(p->index, p->leaf, LIM_VALUE_BLOCKED) < until)
        lim_index_set(p->index, p->leaf, LIM_VALUE_BLOCKED, until);
}

static bool move(struct lim_pupils *b, uint32_t organisation, lim_time now)
{
    const struct lim_learn *l = &b->pupils[organisation].learn;
    int64_t bursts[LIM_WINDOWS];
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        bursts[w] = lim_learn_burst(l, (enum lim_limit)w);
    return lim_group_move(b->group, organisation, lim_learn_limits(l), bursts,
                          now);
}

/* `units` later than `t`; two buckets are enough for either bound. */
static lim_time bounded(const struct lim_rate *r, lim_time t, int64_t units)
{
    int64_t most = 2 * r->burst;
    return t + lim_rate_span(r, units < most ? units : most).ns;
}

/*
 * The provider decided between the sending and now, so the bucket is full no
 * earlier than if it was at once, and no later than if it was just now, with
 * all that was on its way still to come.  The later bound mends a belief that
 * is too low: a charge that was none, a lie.
 */
static bool set_level(struct lim_seat *p, enum lim_limit limit,
                      const struct lim_level *level, const struct lim_heard *h,
                      bool changed, lim_time now)
{
    const struct lim_rate *r = lim_index_rate(p->index, limit);
    struct lim_window w = lim_index_window(p->index, p->leaf, limit);
    enum lim_dimension d = lim_limit_dimension(limit);
    int64_t since = h->since[d] > 0 ? h->since[d] : 0;
    int64_t before = h->before * h->lesson.cost->amount[d];
    if (r->limit <= 0 || level->at == LIM_NEVER ||
        (h->since[d] < 0 && !changed))
        return false;
    lim_time full = level->at;
    if (level->units != LIM_UNLIMITED && level->units < r->burst)
        full += lim_rate_span(r, r->burst - level->units).ns;
    lim_time latest = full + (now - h->lesson.sent_at) + LIM_MSEC;
    latest = bounded(r, latest > now ? latest : now, since + before + 1);
    full = bounded(r, full, since);
    bool raised = w.tat > latest;
    if (changed || w.tat < full)
        w = (struct lim_window){ full, 0 };
    else if (raised)
        w = (struct lim_window){ latest, 0 };
    lim_index_set_window(p->index, p->leaf, limit, w);
    return raised;
}

/* Likewise of a meter: what was left when the request was decided, or when
   there is room for one that was refused.  True: it was raised. */
static bool set_meter(const struct lim_seat *p, enum lim_limit limit,
                      const struct lim_level *level, const struct lim_heard *h,
                      bool changed, lim_time now)
{
    struct lim_meters *m = lim_index_meters(p->index);
    const struct lim_lesson *l = &h->lesson;
    if (m == NULL || level->at == LIM_NEVER || level->units == LIM_UNLIMITED)
        return false;
    enum lim_dimension d = lim_limit_dimension(limit);
    int64_t left = level->units - 1;
    int64_t since = h->since[d] > 0 ? h->since[d] : 0;
    int64_t own = l->refused ? l->cost->amount[d] : 0;
    if (level->at > l->sent_at)
        lim_meters_refused(m, p->leaf, limit, level->units, level->at, now);
    else if (changed)
        lim_meters_heed_first(m, p->leaf, limit, left - since, now);
    else
        lim_meters_heed(m, p->leaf, limit, left, h->mark[limit] + own,
                        l->sent_at, now);
    if (changed || level->at > l->sent_at || h->since[d] < 0)
        return false;
    left -= since + h->before * l->cost->amount[d];
    return lim_meters_raise(m, p->leaf, limit, left, now);
}

/* Growth is steady once a request sent thereafter was admitted. */
static void note_growth(struct pupil *u, const struct lim_heard *h, bool grew,
                        lim_time now)
{
    if (grew) {
        u->grew_at = now;
        u->admitted = 0;
        u->unsteady = true;
    } else if (h->lesson.admitted && u->admitted < UINT32_MAX) {
        u->admitted++;
        u->unsteady = u->unsteady && h->lesson.sent_at < u->grew_at;
    }
}

bool lim_pupils_hear(struct lim_pupils *b, uint32_t organisation,
                     const struct lim_heard *h, lim_time now)
{
    struct pupil *u = &b->pupils[organisation];
    const struct lim_learn before = u->learn;
    struct lim_learned out;
    lim_learn_from(&u->learn, &h->lesson, &out);
    if (out.changed != 0 && !move(b, organisation, now)) {
        u->learn = before;
        return false;
    }
    bool raised = false;
    for (unsigned i = 0; i < LIM_WINDOWS; i++) {
        const enum lim_limit w = (enum lim_limit)i;
        bool changed = (out.changed >> i & 1) != 0;
        struct lim_seat *p = &b->group->seats[organisation];
        raised |= set_level(p, w, &out.level[i], h, changed, now);
        raised |= set_meter(p, w, &out.level[i], h, changed, now);
    }
    note_growth(u, h, out.grew, now);
    return hold(b, organisation) || out.changed != 0 || raised;
}

/* The windows that do not hold `cost` even when full. */
static unsigned too_small(const struct lim_index *x,
                          const struct lim_cost *cost)
{
    unsigned windows = 0;
    for (unsigned i = 0; i < LIM_WINDOWS; i++) {
        enum lim_limit w = (enum lim_limit)i;
        if (!lim_window_fits(lim_index_rate(x, w),
                             cost->amount[lim_limit_dimension(w)]))
            windows |= 1u << i;
    }
    return windows;
}

bool lim_pupils_doubt(struct lim_pupils *b, const struct lim_cost *cost,
                      lim_time now)
{
    const struct lim_group *g = b->group;
    for (uint32_t i = 0; i < g->serving_count; i++) {
        struct pupil *u = &b->pupils[g->serving[i]];
        const struct lim_learn before = u->learn;
        unsigned windows = too_small(g->seats[g->serving[i]].index, cost);
        if (windows == 0 || !lim_learn_doubt(&u->learn, windows))
            continue;
        if (move(b, g->serving[i], now))
            return true;
        u->learn = before;
    }
    return false;
}
