#include "limiter/members_parts.h"

#include <assert.h>
#include <string.h>

#include "limiter/cold.h"
#include "limiter/shown.h"

#define DEBT_MAX 1000 /* full buckets that a window may owe */

static struct lim_seat *seat_of(const struct lim_members *m,
                                uint32_t organisation, unsigned group)
{
    assert(organisation < m->count);
    assert(group < m->group_count);
    return &m->groups[group].seats[organisation];
}

/* Writes a value of an organisation in every group that it serves. */
LIM_APART static void set_all(struct lim_members *m, uint32_t organisation,
                              enum lim_value value, int64_t to)
{
    for (unsigned g = 0; g < m->group_count; g++) {
        struct lim_seat *p = seat_of(m, organisation, g);
        if (p->index != NULL)
            lim_index_set(p->index, p->leaf, value, to);
    }
}

static void set_spent(struct lim_members *m, uint32_t organisation)
{
    if (m->keeps_spent)
        set_all(m, organisation, LIM_VALUE_SPENT,
                m->members[organisation].spent);
}

/* Tells how much more than nothing is in flight beyond the cap. */
static void set_over(struct lim_members *m, uint32_t organisation)
{
    struct lim_trait *t = &m->traits[organisation];
    if (!m->capped)
        return;
    t->limit = lim_throttle_limit(m->throttle, organisation);
    set_all(m, organisation, LIM_VALUE_OVER,
            t->limit == LIM_UNLIMITED
                ? INT64_MIN / 2
                : m->members[organisation].in_flight - t->limit);
}

static struct lim_event event_of(const struct lim_members *m,
                                 uint32_t organisation, lim_time now)
{
    const struct lim_trait *t = &m->traits[organisation];
    return (struct lim_event){ .organisation = organisation,
                               .organisations = m->count,
                               .weight = m->weights[organisation],
                               .weights = m->weight_sum,
                               .priority = m->members[organisation].priority,
                               .price = t->price,
                               .key = t->key,
                               .now = now };
}

static void set_key(struct lim_members *m, uint32_t organisation, int64_t key)
{
    struct lim_trait *t = &m->traits[organisation];
    if (t->key == key)
        return;
    t->key = key;
    set_all(m, organisation, LIM_VALUE_KEY, key);
}

void lim_members_start(struct lim_members *m, lim_time now)
{
    for (uint32_t i = 0; i < m->count; i++) {
        set_over(m, i);
        set_all(m, i, LIM_VALUE_KEY, 0);
        if (m->strategy->start != NULL) {
            struct lim_event e = event_of(m, i, now);
            set_key(m, i, m->strategy->start(m->strategy_state, &e));
        }
    }
}

bool lim_members_fit(struct lim_members *m, unsigned group,
                     const struct lim_cost *cost, lim_time now,
                     struct lim_refusal *refusal)
{
    const struct lim_group *g = &m->groups[group];
    if (lim_group_fits(g, cost))
        return true;
    lim_group_explain(g, cost, refusal);
    return m->pupils != NULL && lim_pupils_doubt(m->pupils[group], cost, now);
}

void lim_members_turn_month(struct lim_members *m, lim_time now)
{
    if (now < m->month_end)
        return;
    m->month_end = m->query.month_end = lim_month_end(now);
    for (uint32_t i = 0; i < m->count; i++) {
        m->members[i].spent = m->members[i].reserved;
        set_spent(m, i);
    }
}

lim_time lim_members_month_end(const struct lim_members *m)
{
    return m->month_end;
}

static void ask(struct lim_query *q, const struct lim_asked *a, lim_time now)
{
    q->cost = a->cost;
    q->affinity = a->affinity;
    q->draw = a->draw;
    q->now = now;
}

lim_time lim_members_choose(struct lim_members *m, const struct lim_asked *a,
                            lim_time now, uint32_t *organisation)
{
    ask(&m->query, a, now);
    lim_time t =
        lim_group_choose(&m->groups[a->group], &m->query, organisation);
    return t == LIM_PUPILS_HELD ? LIM_NEVER : t;
}

bool lim_members_choose_other(struct lim_members *m, const struct lim_asked *a,
                              uint32_t taken, lim_time now,
                              uint32_t *organisation)
{
    ask(&m->query, a, now);
    return lim_group_choose_other(&m->groups[a->group], &m->query, taken,
                                  organisation);
}

bool lim_members_hope(const struct lim_members *m, const struct lim_asked *a,
                      lim_time now)
{
    struct lim_query q = m->query;
    ask(&q, a, now);
    q.capped = false;
    return lim_group_earliest(&m->groups[a->group], &q).at < LIM_NEVER;
}

lim_time lim_members_ready(const struct lim_members *m, uint32_t organisation,
                           const struct lim_asked *a, lim_time now)
{
    struct lim_query q = m->query;
    ask(&q, a, now);
    lim_time t = lim_group_ready(&m->groups[a->group], organisation, &q);
    return t == LIM_PUPILS_HELD ? LIM_NEVER : t;
}

int64_t lim_members_cap(const struct lim_members *m)
{
    return lim_throttle_limit_all(m->throttle);
}

lim_time lim_members_not_before(const struct lim_members *m)
{
    return lim_throttle_not_before_all(m->throttle);
}

/* What meters keep of a flight. */
static int64_t *marks_of(const struct lim_members *m,
                         const struct lim_mark *mark)
{
    return m->marks == NULL ? NULL
                            : &m->marks[(size_t)mark->place * LIM_WINDOWS];
}

/* Its cost, which other numbers do not overlap, on all that has come so far. */
static void add_up(int64_t *restrict charged, const struct lim_cost *restrict c,
                   int64_t *restrict mark)
{
    for (unsigned d = 0; d < LIM_RATED; d++)
        mark[d] = charged[d] += c->amount[d];
}

static inline void spend(struct lim_members *m, uint32_t organisation,
                         int64_t money)
{
    struct lim_member *x = &m->members[organisation];
    x->spent += money;
    x->reserved += money;
    if (money != 0)
        set_spent(m, organisation);
}

LIM_APART static void tell_strategy_sent(struct lim_members *m,
                                         uint32_t organisation,
                                         const struct lim_cost *cost,
                                         lim_time now)
{
    struct lim_event e = event_of(m, organisation, now);
    e.cost = cost;
    set_key(m, organisation, m->strategy->sent(m->strategy_state, &e));
}

/* Tells those who bound what is in flight. */
LIM_APART static void tell_bounds_sent(struct lim_members *m,
                                       uint32_t organisation, unsigned group,
                                       lim_time now)
{
    if (m->listens) {
        lim_throttle_sent(m->throttle, organisation, now);
        lim_members_block(m, organisation, LIM_ALL_GROUPS,
                          lim_throttle_not_before(m->throttle, organisation));
    }
    if (m->pupils != NULL)
        lim_pupils_sent(m->pupils[group], organisation);
    set_over(m, organisation);
}

/* Tells who wants to know that an attempt went out. */
LIM_APART static void tell_sent(struct lim_members *m, uint32_t organisation,
                                const struct lim_asked *a, lim_time now)
{
    if (m->keeps_sent)
        set_all(m, organisation, LIM_VALUE_SENT,
                ++m->traits[organisation].sent);
    if (m->strategy->sent != NULL)
        tell_strategy_sent(m, organisation, a->cost, now);
    if (m->bounded)
        tell_bounds_sent(m, organisation, a->group, now);
}

unsigned lim_members_send(struct lim_members *m, uint32_t organisation,
                          const struct lim_asked *a, lim_time now,
                          struct lim_mark *mark)
{
    struct lim_member *x = &m->members[organisation];
    struct lim_seat *p = seat_of(m, organisation, a->group);
    int64_t money = a->cost->amount[LIM_MONEY];
    lim_index_take(p->index, p->leaf, a->cost, now);
    if (m->marks != NULL && lim_index_meters(p->index) != NULL)
        lim_meters_mark(lim_index_meters(p->index), p->leaf, now,
                        marks_of(m, mark));
    add_up(p->charged, a->cost, mark->charged);
    spend(m, organisation, money);
    x->in_flight++;
    mark->sent_at = now;
    mark->gone = false;
    mark->in_flight = x->in_flight;
    if (m->keeps_in_flight)
        set_all(m, organisation, LIM_VALUE_IN_FLIGHT, x->in_flight);
    if (m->hears_sent)
        tell_sent(m, organisation, a, now);
    unsigned key = x->next_key;
    x->next_key = key + 1 < x->keys ? key + 1 : 0;
    return key;
}

static struct lim_gone *gone_of(const struct lim_members *m,
                                uint32_t organisation, unsigned group)
{
    return &m->gone[(size_t)group * m->count + organisation];
}

static void note_gone(struct lim_gone *gone, const struct lim_cost *cost)
{
    for (unsigned d = 0; d < LIM_RATED; d++)
        gone->units[d] += cost->amount[d];
}

void lim_members_gone(struct lim_members *m, uint32_t organisation,
                      const struct lim_asked *a, lim_time now,
                      struct lim_mark *mark)
{
    if (m->gone == NULL || mark->gone)
        return;
    struct lim_seat *p = seat_of(m, organisation, a->group);
    struct lim_gone *gone = gone_of(m, organisation, a->group);
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        const struct lim_rate *r = lim_index_rate(p->index, (enum lim_limit)w);
        enum lim_dimension d = lim_limit_dimension((enum lim_limit)w);
        int64_t due = p->charged[d] - gone->units[d];
        if (r->limit <= 0 || due <= 0)
            continue;
        due = due < r->burst ? due : r->burst;
        struct lim_window window =
            lim_index_window(p->index, p->leaf, (enum lim_limit)w);
        lim_window_delay(&window, now + lim_rate_span(r, due).ns);
        lim_index_set_window(p->index, p->leaf, (enum lim_limit)w, window);
    }
    if (lim_index_meters(p->index) != NULL)
        lim_meters_postpone(lim_index_meters(p->index), p->leaf, a->cost,
                            mark->sent_at, now);
    note_gone(gone, a->cost);
    for (unsigned d = 0; d < LIM_RATED; d++)
        mark->charged[d] = gone->units[d];
    mark->sent_at = now;
    mark->gone = true;
}

LIM_APART static void tell_throttle(struct lim_members *m,
                                    uint32_t organisation,
                                    const struct lim_asked *a,
                                    const struct lim_mark *mark,
                                    const struct lim_outcome *o, lim_time now)
{
    const struct lim_seat *p = seat_of(m, organisation, a->group);
    const struct lim_cap_sample s = {
        .latency_ns = now - mark->sent_at,
        .in_flight = mark->in_flight,
        .tokens = a->cost->amount[LIM_TOKENS],
        .requests_per_s = lim_seat_rate(p, LIM_REQUESTS),
        .tokens_per_s = lim_seat_rate(p, LIM_TOKENS),
        .sent_at = mark->sent_at,
        .now = now,
    };
    lim_throttle_ended(m->throttle, organisation, o, &s);
    lim_members_block(m, organisation, LIM_ALL_GROUPS,
                      lim_throttle_not_before(m->throttle, organisation));
}

LIM_APART static void tell_strategy_ended(
    struct lim_members *m, uint32_t organisation, const struct lim_asked *a,
    const struct lim_mark *mark, const struct lim_outcome *o, lim_time now)
{
    struct lim_event e = event_of(m, organisation, now);
    e.cost = a->cost;
    e.ok = o == NULL || o->class == LIM_CLASS_OK;
    e.latency_ns = now - mark->sent_at;
    e.first_token_ns =
        o != NULL && o->first_token_ns > 0 ? o->first_token_ns : -1;
    e.tokens = o != NULL && o->reply_tokens > 0 ? o->reply_tokens : -1;
    set_key(m, organisation, m->strategy->ended(m->strategy_state, &e));
}

/* Tells those who bound what is in flight.  True: see lim_members_end. */
LIM_APART static bool tell_bounds_ended(
    struct lim_members *m, uint32_t organisation, const struct lim_asked *a,
    const struct lim_mark *mark, const struct lim_outcome *o, lim_time now)
{
    const struct lim_trait *t = &m->traits[organisation];
    uint32_t in_flight = m->members[organisation].in_flight;
    bool full =
        m->capped && t->limit != LIM_UNLIMITED && in_flight >= t->limit - 1;
    if (o != NULL && m->listens)
        tell_throttle(m, organisation, a, mark, o, now);
    set_over(m, organisation);
    bool freed = m->pupils != NULL &&
                 lim_pupils_ended(m->pupils[a->group], organisation);
    return freed ||
           (full && (t->limit == LIM_UNLIMITED || in_flight < t->limit));
}

/* Tells who wants to know that an attempt ended.  True: likewise. */
LIM_APART static bool tell_ended(struct lim_members *m, uint32_t organisation,
                                 const struct lim_asked *a,
                                 const struct lim_mark *mark,
                                 const struct lim_outcome *o, lim_time now)
{
    if (m->gone != NULL && !mark->gone)
        note_gone(gone_of(m, organisation, a->group), a->cost);
    if (m->strategy->ended != NULL)
        tell_strategy_ended(m, organisation, a, mark, o, now);
    return m->bounded && tell_bounds_ended(m, organisation, a, mark, o, now);
}

bool lim_members_end(struct lim_members *m, uint32_t organisation,
                     const struct lim_asked *a, const struct lim_mark *mark,
                     const struct lim_outcome *o, lim_time now)
{
    struct lim_member *x = &m->members[organisation];
    assert(x->in_flight > 0);
    x->in_flight--;
    x->reserved -= a->cost->amount[LIM_MONEY];
    if (m->keeps_in_flight)
        set_all(m, organisation, LIM_VALUE_IN_FLIGHT, x->in_flight);
    return m->hears_ended && tell_ended(m, organisation, a, mark, o, now);
}

/* An absurd number bends the belief, but nothing overflows. */
static void correct(const struct lim_rate *r, struct lim_window *w,
                    int64_t less, lim_time now)
{
    int64_t most = r->burst * DEBT_MAX;
    lim_time latest = now + r->full.ns * DEBT_MAX;
    if (r->limit <= 0)
        return;
    if (less > 0) {
        lim_window_give(r, w, less < r->burst ? less : r->burst);
        return;
    }
    lim_window_take(r, w, -less < most ? -less : most, now);
    if (w->tat > latest)
        *w = (struct lim_window){ latest, 0 };
}

void lim_members_settle(struct lim_members *m, uint32_t organisation,
                        unsigned group, const struct lim_mark *mark,
                        const struct lim_cost *give,
                        const struct lim_cost *take, lim_time now)
{
    struct lim_member *member = &m->members[organisation];
    struct lim_seat *p = seat_of(m, organisation, group);
    if (give->amount[LIM_MONEY] != take->amount[LIM_MONEY]) {
        member->spent += take->amount[LIM_MONEY] - give->amount[LIM_MONEY];
        set_spent(m, organisation);
    }
    if (memcmp(give->amount, take->amount, sizeof p->charged) == 0)
        return;
    struct lim_meters *meters = lim_index_meters(p->index);
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        enum lim_limit l = (enum lim_limit)w;
        enum lim_dimension d = lim_limit_dimension(l);
        int64_t less = give->amount[d] - take->amount[d];
        if (less == 0)
            continue;
        struct lim_window window = lim_index_window(p->index, p->leaf, l);
        correct(lim_index_rate(p->index, l), &window, less, now);
        lim_index_set_window(p->index, p->leaf, l, window);
        if (meters != NULL)
            lim_meters_settle(meters, p->leaf, l, less, mark->sent_at, now);
    }
    for (unsigned d = 0; d < LIM_RATED; d++)
        p->charged[d] -= give->amount[d] - take->amount[d];
    for (unsigned d = 0; m->gone != NULL && d < LIM_RATED; d++)
        gone_of(m, organisation, group)->units[d] -=
            give->amount[d] - take->amount[d];
}

/* What an answer to an attempt tells; only its head is there yet: no `o`. */
static struct lim_answer answer_of(const struct lim_members *m,
                                   const struct lim_asked *a,
                                   const struct lim_mark *mark,
                                   const struct lim_feedback *f,
                                   const struct lim_outcome *o)
{
    return (struct lim_answer){
        .feedback = f,
        .cost = a->cost,
        .mark = mark,
        .meters = marks_of(m, mark),
        .admitted = o != NULL && o->class == LIM_CLASS_OK,
        .refused = o != NULL && (o->class == LIM_CLASS_RATE_LIMIT ||
                                 o->class == LIM_CLASS_TOO_LARGE),
    };
}

LIM_APART static bool learn(struct lim_members *m, uint32_t organisation,
                            const struct lim_asked *a,
                            const struct lim_mark *mark,
                            const struct lim_feedback *f,
                            const struct lim_outcome *o, lim_time now)
{
    const struct lim_answer answer = answer_of(m, a, mark, f, o);
    return lim_shown_learn(m->pupils[a->group], organisation,
                           seat_of(m, organisation, a->group), &answer, now);
}

bool lim_members_observe(struct lim_members *m, uint32_t organisation,
                         const struct lim_asked *a, const struct lim_mark *mark,
                         const struct lim_feedback *f,
                         const struct lim_outcome *o, lim_time now)
{
    if (m->pupils != NULL)
        return learn(m, organisation, a, mark, f, o, now);
    struct lim_seat *p = seat_of(m, organisation, a->group);
    if (lim_shown_believed(p, mark, f))
        return false;
    const struct lim_answer answer = answer_of(m, a, mark, f, o);
    lim_shown_heed(p, &answer, now);
    return false;
}

static bool is_limits(const struct lim_limits *l)
{
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        if (l->max[w] < LIM_UNLIMITED || l->max[w] > LIM_LIMIT_MAX)
            return false;
    return true;
}

int lim_members_change(struct lim_members *m, uint32_t organisation,
                       unsigned group, const struct lim_limits *limits,
                       lim_time now)
{
    struct lim_rate before[LIM_WINDOWS];
    struct lim_window used[LIM_WINDOWS];
    if (organisation >= m->count || group >= m->group_count ||
        seat_of(m, organisation, group)->index == NULL || !is_limits(limits))
        return LIM_EINVAL;
    struct lim_seat *p = seat_of(m, organisation, group);
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        before[w] = *lim_index_rate(p->index, (enum lim_limit)w);
        used[w] = lim_index_window(p->index, p->leaf, (enum lim_limit)w);
    }
    if (!lim_group_move(&m->groups[group], organisation, limits, NULL, now))
        return LIM_ENOMEM;
    for (unsigned w = 0; w < LIM_WINDOWS; w++) {
        const struct lim_rate *r = lim_index_rate(p->index, (enum lim_limit)w);
        if (r->limit <= 0 || before[w].limit <= 0 ||
            r->limit == before[w].limit || r->window_ns != before[w].window_ns)
            continue;
        lim_window_change(&before[w], r, &used[w], r->burst, now);
        lim_index_set_window(p->index, p->leaf, (enum lim_limit)w, used[w]);
    }
    return LIM_OK;
}

void lim_members_block(struct lim_members *m, uint32_t organisation,
                       unsigned group, lim_time until)
{
    for (unsigned g = 0; g < m->group_count; g++) {
        struct lim_seat *p = seat_of(m, organisation, g);
        if (p->index == NULL || (group != LIM_ALL_GROUPS && group != g))
            continue;
        if (m->pupils != NULL)
            lim_pupils_block(m->pupils[g], organisation, until);
        else if (lim_index_get(p->index, p->leaf, LIM_VALUE_BLOCKED) < until)
            lim_index_set(p->index, p->leaf, LIM_VALUE_BLOCKED, until);
    }
}

struct lim_window_belief lim_members_belief(const struct lim_members *m,
                                            uint32_t organisation,
                                            unsigned group,
                                            enum lim_limit limit, lim_time now)
{
    return lim_seat_belief(seat_of(m, organisation, group), limit, now);
}
