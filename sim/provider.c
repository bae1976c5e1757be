/* What is admitted, what is refused and why, and what the wire shows of it. */

#include "sim/provider_parts.h"

#include <stdlib.h>
#include <string.h>

#include "limiter/cold.h"

__extension__ typedef __int128 wide;

/* The windows of one group, with their rules. */
struct panel {
    const struct sim_rates *rates;
    struct sim_windows *windows;
};

/* What a request has to pass: the organisation's windows, and behind them
   those of the project where it has some. */
struct scope {
    struct sim_org *org;
    const struct sim_billing *billing;
    struct panel panel[2];
    int panels;
};

/* In place, for it is on the path of every decision: copies of what was just
   written wait for it. */
static void set_panel(struct panel *x, const struct sim_rates *rates,
                      struct sim_windows *windows)
{
    x->rates = rates;
    x->windows = windows;
}

static inline void set_scope(struct scope *s, const struct sim_provider *p,
                             uint32_t index, unsigned group)
{
    assert(group < p->groups);
    struct sim_org *o = sim_provider_org(p, index);
    s->org = o;
    s->billing = &o->billing;
    s->panels = 1;
    set_panel(&s->panel[0], &o->rates[group], o->windows[group]);
    if (index < SIM_PROJECT_FIRST)
        return;
    const struct sim_share *share = sim_provider_share(p, index);
    int32_t panel = share->panel_of[group];
    if (panel >= 0)
        set_panel(&s->panel[s->panels++], &share->rates[panel],
                  &share->windows[panel]);
}

/* Brings the organisation to `now`, which may give it another tier. */
static void set_scope_at(struct scope *s, const struct sim_provider *p,
                         uint32_t index, unsigned group, lim_time now)
{
    set_scope(s, p, index, group);
    if (now < s->billing->next_change)
        return;
    sim_provider_catch_up(p, s->org, now);
    set_scope(s, p, index, group);
}

/* Where an organisation will stand, for one group. */
struct glimpse {
    struct sim_billing billing;
    struct sim_windows windows;
};

/* The scope as it will be at `now`, in copies: nothing comes to be. */
static void look_ahead(struct scope *s, const struct sim_provider *p,
                       uint32_t index, unsigned group, lim_time now,
                       struct glimpse *g)
{
    set_scope(s, p, index, group);
    if (now < s->billing->next_change)
        return;
    struct panel *x = &s->panel[0];
    g->billing = s->org->billing;
    g->windows = *x->windows;
    s->billing = &g->billing;
    x->windows = &g->windows;
    while (g->billing.next_change <= now) {
        lim_time at = g->billing.next_change;
        sim_billing_step(&g->billing, &p->rules);
        const struct sim_rates *to =
            &sim_provider_rates(p, g->billing.tier)[group];
        for (int i = 0; i < LIM_WINDOWS && to != x->rates; i++)
            lim_meter_change(&x->rates->rule[i], &to->rule[i],
                             &g->windows.level[i], at);
        x->rates = to;
    }
}

static bool lets_through(const struct sim_rates *r)
{
    return r->rule[LIM_RPM].rate.limit != 0 && r->rule[LIM_RPD].rate.limit != 0;
}

bool sim_provider_serves(const struct sim_provider *p, uint32_t organisation,
                         unsigned group)
{
    struct scope s;
    set_scope(&s, p, organisation, group);
    return lets_through(s.panel[0].rates) &&
           (s.panels == 1 || lets_through(s.panel[1].rates));
}

static int64_t amount_of(const struct lim_cost *cost, unsigned i)
{
    return cost->amount[lim_limit_dimension((enum lim_limit)i)];
}

/* Finds the first window that makes the wait longer than it was; LIM_NEVER: it
   never fits. */
static bool find_longer(const struct panel *x, const struct lim_cost *cost,
                        lim_time now, struct sim_verdict *v)
{
    const struct sim_rates *r = x->rates;
    lim_time latest = v->admitted_at;
    enum lim_limit limit = v->limit;
    for (unsigned k = 0; k < r->limited_count; k++) {
        unsigned i = r->limited[k].limit;
        lim_time ready = lim_meter_ready(&r->rule[i], &x->windows->level[i],
                                         amount_of(cost, i), now);
        if (ready > latest) {
            latest = ready;
            limit = (enum lim_limit)i;
        }
    }
    bool longer = latest > v->admitted_at;
    v->admitted_at = latest;
    v->limit = limit;
    return longer;
}

/* Of what never fits, finds a limit that lets nothing through.  False: the
   request is too large. */
static bool find_closed(const struct scope *s, const struct lim_cost *cost,
                        struct sim_verdict *v)
{
    for (int k = 0; k < s->panels; k++) {
        for (unsigned i = 0; i < LIM_WINDOWS; i++) {
            if (s->panel[k].rates->rule[i].rate.limit != 0 ||
                amount_of(cost, i) == 0)
                continue;
            v->limit = (enum lim_limit)i;
            v->project = k > 0;
            return true;
        }
    }
    return false;
}

/* The money comes back with the next month, if any is allowed at all. */
static void refuse_quota(const struct sim_billing *b, struct sim_verdict *v)
{
    v->answer = SIM_QUOTA;
    v->limit = LIM_SPEND;
    v->project = false;
    v->max = b->spend_max;
    v->used = b->spent_microusd;
    if (b->spend_max == 0)
        v->admitted_at = LIM_NEVER;
    else if (v->admitted_at < b->month_end)
        v->admitted_at = b->month_end;
}

/* The panel that has the verdict's limit. */
static const struct panel *decisive(const struct scope *s,
                                    const struct sim_verdict *v)
{
    return &s->panel[v->project];
}

/* Nothing is decided or shown yet.  Field by field, for most are written only
   here: to clear all first would take longer than what is decided. */
static void open_verdict(struct sim_verdict *v, lim_time now)
{
    v->answer = SIM_ADMITTED;
    v->limit = LIM_RPM;
    v->max = -1;
    v->window_ns = 0;
    v->used = 0;
    v->requested = 0;
    v->admitted_at = now;
    v->shown = lim_feedback_none();
    v->project_tokens = v->shown.tokens;
    v->project = false;
}

/* Decides, but for the numbers that the wire shows. */
static void judge(const struct scope *s, const struct lim_cost *cost,
                  lim_time now, struct sim_verdict *v)
{
    const struct sim_billing *b = s->billing;
    open_verdict(v, now);
    find_longer(&s->panel[0], cost, now, v);
    if (s->panels > 1)
        v->project = find_longer(&s->panel[1], cost, now, v);
    bool never = v->admitted_at == LIM_NEVER;
    if (never && find_closed(s, cost, v))
        v->answer = SIM_NO_MODEL;
    else if (b->spend_max >= 0 && b->spent_microusd >= b->spend_max)
        refuse_quota(b, v);
    else if (never)
        v->answer = SIM_TOO_LARGE;
    else if (v->admitted_at > now)
        v->answer = SIM_RATE_LIMITED;
}

/* Tells which of a dimension's two windows takes longer until it is full: its
   headers have room for one (facts of 2023 to 2026: a day's hides a
   minute's). */
LIM_APART static unsigned longer(const struct panel *x, struct sim_headers h,
                                 lim_time now)
{
    const struct lim_meter_rule *r = x->rates->rule;
    const struct lim_meter *m = x->windows->level;
    return lim_meter_reset(&r[h.last], &m[h.last], now) >
                   lim_meter_reset(&r[h.first], &m[h.first], now)
               ? h.last
               : h.first;
}

/* As headers have it, of ns >= 0. */
static int64_t whole_ms(int64_t ns)
{
    return (int64_t)((uint64_t)ns / LIM_MSEC * LIM_MSEC);
}

static inline void show(const struct panel *x, enum lim_dimension d,
                        lim_time now, struct lim_shown *out)
{
    struct sim_headers h = x->rates->headers[d];
    unsigned i = h.first;
    if (i == LIM_WINDOWS)
        return;
    if (i != h.last)
        i = longer(x, h, now);
    const struct lim_meter_rule *r = &x->rates->rule[i];
    const struct lim_meter *m = &x->windows->level[i];
    int64_t left = lim_meter_remaining(r, m, now);
    out->limit = r->rate.limit;
    out->remaining = left > 0 ? left : 0;
    out->reset_ns = whole_ms(lim_meter_reset(r, m, now));
}

static int64_t hint(const struct lim_meter_rule *r, const struct sim_verdict *v,
                    lim_time now)
{
    if (r->discipline != LIM_DISCIPLINE_BUCKET)
        return (v->admitted_at - now + LIM_MSEC - 1) / LIM_MSEC * LIM_MSEC;
    wide excess = v->used + v->requested - v->max;
    wide ns = excess * r->rate.window_ns / r->rate.limit;
    return (int64_t)ns / LIM_MSEC * LIM_MSEC;
}

/* Adds the numbers as the wire shows them. */
static void describe(const struct scope *s, const struct lim_cost *cost,
                     lim_time now, struct sim_verdict *v)
{
    if (v->answer == SIM_QUOTA)
        return;
    const struct panel *d = decisive(s, v);
    const struct lim_meter_rule *r = &d->rates->rule[v->limit];
    if (v->answer != SIM_ADMITTED) {
        v->max = r->rate.limit;
        v->window_ns = r->rate.window_ns;
        v->requested = amount_of(cost, v->limit);
        v->used =
            v->max - lim_meter_remaining(r, &d->windows->level[v->limit], now);
    }
    if (v->answer == SIM_NO_MODEL)
        return;
    show(&s->panel[0], LIM_REQUESTS, now, &v->shown.requests);
    show(&s->panel[0], LIM_TOKENS, now, &v->shown.tokens);
    if (s->panels > 1)
        show(&s->panel[1], LIM_TOKENS, now, &v->project_tokens);
    if (v->answer == SIM_RATE_LIMITED)
        v->shown.hint_ns = hint(r, v, now);
}

/* Gives the organisation windows of its own, if it has none of this group. */
static int own(struct scope *s, unsigned group)
{
    struct panel *x = &s->panel[0];
    if (x->windows != &sim_unused)
        return LIM_OK;
    struct sim_windows *w = calloc(1, sizeof *w);
    if (w == NULL)
        return LIM_ENOMEM;
    s->org->windows[group] = x->windows = w;
    return LIM_OK;
}

static int reserve(const struct scope *s, lim_time now)
{
    for (int k = 0; k < s->panels; k++) {
        const struct panel *x = &s->panel[k];
        for (int i = 0; i < LIM_WINDOWS; i++)
            if (lim_meter_reserve(&x->rates->rule[i], &x->windows->level[i],
                                  now) != LIM_OK)
                return LIM_ENOMEM;
    }
    return LIM_OK;
}

static void count_in(struct sim_windows *w, const struct lim_cost *cost)
{
    for (unsigned d = 0; d <= LIM_IMAGES; d++)
        w->taken[d] += cost->amount[d];
}

static void take_from(const struct panel *x, const struct lim_cost *cost,
                      lim_time now)
{
    const struct sim_rates *r = x->rates;
    for (unsigned k = 0; k < r->limited_count; k++) {
        unsigned i = r->limited[k].limit;
        lim_meter_take(&r->rule[i], &x->windows->level[i], amount_of(cost, i),
                       now);
    }
    count_in(x->windows, cost);
}

static void take(const struct scope *s, const struct lim_cost *cost,
                 lim_time now)
{
    for (int k = 0; k < s->panels; k++)
        take_from(&s->panel[k], cost, now);
}

/* Takes what may not be there.  A debt is bounded, as the level is. */
static void owe(const struct panel *s, enum lim_limit i, int64_t amount,
                lim_time now)
{
    const struct lim_meter_rule *r = &s->rates->rule[i];
    struct lim_meter *m = &s->windows->level[i];
    if (r->rate.limit > 0) {
        int64_t room = lim_meter_remaining(r, m, now) + r->rate.limit;
        if (amount > room)
            amount = room > 0 ? room : 0;
        lim_meter_take(r, m, amount, now);
    }
    s->windows->more[i] += amount;
}

static void charge_refusal(const struct scope *s, const struct lim_cost *cost,
                           lim_time now)
{
    for (int k = 0; k < s->panels; k++) {
        owe(&s->panel[k], LIM_RPM, cost->amount[LIM_REQUESTS], now);
        owe(&s->panel[k], LIM_RPD, cost->amount[LIM_REQUESTS], now);
    }
}

static void count(struct sim_decided *d, bool admitted)
{
    d->admitted += admitted;
    d->refused += !admitted;
}

LIM_APART static int decide(struct sim_provider *p, uint32_t organisation,
                            unsigned group, const struct lim_cost *cost,
                            lim_time now, struct sim_verdict *v)
{
    struct scope s;
    set_scope_at(&s, p, organisation, group, now);
    int error = LIM_OK;
    judge(&s, cost, now, v);
    bool taken = v->answer == SIM_ADMITTED;
    bool charged = p->charge.refused && (v->answer == SIM_RATE_LIMITED ||
                                         v->answer == SIM_TOO_LARGE);
    if (taken || charged)
        error = own(&s, group);
    if ((taken || charged) && error == LIM_OK &&
        p->discipline == LIM_DISCIPLINE_SLIDING_LOG)
        error = reserve(&s, now);
    if (taken && error == LIM_OK) {
        take(&s, cost, now);
    } else if (charged && error == LIM_OK) {
        charge_refusal(&s, cost, now);
        judge(&s, cost, now, v);
    }
    describe(&s, cost, now, v);
    if (error != LIM_OK)
        return error;
    count(&s.org->decided, taken);
    if (organisation >= SIM_PROJECT_FIRST)
        count(&sim_provider_share(p, organisation)->decided, taken);
    return LIM_OK;
}

LIM_APART static void put_back(const struct sim_rates *r, struct sim_windows *w,
                               const struct lim_window *before, unsigned count)
{
    for (unsigned k = 0; k < count; k++)
        w->level[r->limited[k].limit].u.bucket = before[k];
}

/* Both windows of a dimension are there, or none. */
LIM_APART static void show_pairs(const struct sim_rates *r,
                                 struct sim_windows *w, lim_time now,
                                 struct lim_feedback *shown)
{
    const struct panel x = { r, w };
    show(&x, LIM_REQUESTS, now, &shown->requests);
    show(&x, LIM_TOKENS, now, &shown->tokens);
}

/* Takes a cost from buckets, if all have room for it: then none owes. */
static inline bool take_plain(const struct sim_rates *r, struct sim_windows *w,
                              const struct lim_cost *cost, lim_time now,
                              struct lim_shown *const shown[])
{
    struct lim_window before[LIM_WINDOWS];
    for (unsigned k = 0; k < r->limited_count; k++) {
        const struct sim_limited *l = &r->limited[k];
        const struct lim_rate *rate = &l->rate;
        struct lim_window *bucket = &w->level[l->limit].u.bucket;
        int64_t amount = cost->amount[l->dimension];
        bool fits = amount <= rate->burst; /* beyond, a span may overflow */
        const struct lim_span used = lim_window_used(
            rate, bucket, lim_rate_span(rate, fits ? amount : 0), now);
        if (!fits || used.ns > rate->full.ns ||
            (used.ns == rate->full.ns && used.frac > rate->full.frac)) {
            put_back(r, w, before, k);
            return false;
        }
        before[k] = *bucket;
        bucket->tat = now + used.ns;
        bucket->frac = used.frac;
        if (l->shown)
            *shown[l->dimension] = (struct lim_shown){
                .limit = rate->limit,
                .remaining = rate->burst - lim_rate_units(rate, used),
                .reset_ns = whole_ms(used.ns + (used.frac > 0)),
            };
    }
    count_in(w, cost);
    return true;
}

/* Nothing is due, the windows are buckets, and all have room. */
static inline bool admit_plain(struct sim_org *o, unsigned group,
                               const struct lim_cost *cost, lim_time now,
                               struct lim_feedback *shown)
{
    struct lim_shown *const of[] = { &shown->requests, &shown->tokens };
    const struct sim_billing *b = &o->billing;
    const struct sim_rates *r = &o->rates[group];
    struct sim_windows *w = o->windows[group];
    if (now >= b->next_change || !r->plain || w == &sim_unused ||
        (b->spend_max >= 0 && b->spent_microusd >= b->spend_max))
        return false;
    *shown = lim_feedback_none();
    if (!take_plain(r, w, cost, now, of))
        return false;
    if (r->paired)
        show_pairs(r, w, now, shown);
    o->decided.admitted++;
    return true;
}

bool sim_provider_admit_plain(struct sim_provider *p, uint32_t organisation,
                              unsigned group, const struct lim_cost *cost,
                              lim_time now, struct lim_feedback *shown)
{
    assert(group < p->groups);
    return organisation < p->count &&
           admit_plain(p->orgs[organisation], group, cost, now, shown);
}

int sim_provider_admit(struct sim_provider *p, uint32_t organisation,
                       unsigned group, const struct lim_cost *cost,
                       lim_time now, struct sim_verdict *v)
{
    open_verdict(v, now);
    if (sim_provider_admit_plain(p, organisation, group, cost, now, &v->shown))
        return LIM_OK;
    return decide(p, organisation, group, cost, now, v);
}

void sim_provider_probe(const struct sim_provider *p, uint32_t organisation,
                        unsigned group, const struct lim_cost *cost,
                        lim_time now, struct sim_verdict *v)
{
    struct glimpse g;
    struct scope s;
    look_ahead(&s, p, organisation, group, now, &g);
    judge(&s, cost, now, v);
    describe(&s, cost, now, v);
}

static void settle_window(const struct panel *s, enum lim_limit i,
                          const struct sim_usage *u, lim_time now)
{
    int64_t more = u->tokens - u->reserved_tokens;
    if (more >= 0) {
        owe(s, i, more, now);
        return;
    }
    lim_meter_give(&s->rates->rule[i], &s->windows->level[i], -more,
                   u->admitted_at);
    s->windows->more[i] += more;
}

/* The organisation has been brought to `now`. */
LIM_APART static int settle(struct sim_provider *p, uint32_t organisation,
                            unsigned group, const struct sim_usage *u,
                            lim_time now)
{
    struct scope s;
    assert(u->reserved_tokens >= 0);
    assert(u->tokens >= 0);
    set_scope(&s, p, organisation, group);
    int error = own(&s, group); /* none: a reset came between */
    if (error == LIM_OK && u->tokens > u->reserved_tokens)
        error = reserve(&s, now);
    if (error != LIM_OK)
        return error;
    for (int k = 0; k < s.panels; k++) {
        settle_window(&s.panel[k], LIM_TPM, u, now);
        settle_window(&s.panel[k], LIM_TPD, u, now);
    }
    return LIM_OK;
}

int sim_provider_settle(struct sim_provider *p, uint32_t organisation,
                        unsigned group, const struct sim_usage *u, lim_time now)
{
    assert(u->microusd >= 0);
    struct sim_org *o = sim_provider_org(p, organisation);
    if (now >= o->billing.next_change)
        sim_provider_catch_up(p, o, now);
    o->billing.spent_microusd += u->microusd;
    return p->charge.settle ? settle(p, organisation, group, u, now) : LIM_OK;
}

void sim_provider_window(const struct sim_provider *p, uint32_t organisation,
                         unsigned group, enum lim_limit limit, lim_time now,
                         struct sim_window_view *out)
{
    assert(limit < LIM_WINDOWS);
    struct glimpse g;
    struct scope s;
    look_ahead(&s, p, organisation, group, now, &g);
    int k = organisation >= SIM_PROJECT_FIRST;
    *out = (struct sim_window_view){ LIM_UNLIMITED, LIM_UNLIMITED, -1, 0, 0 };
    if (k >= s.panels)
        return;
    const struct lim_meter_rule *r = &s.panel[k].rates->rule[limit];
    const struct sim_windows *w = s.panel[k].windows;
    const struct lim_meter *m = &w->level[limit];
    *out = (struct sim_window_view){
        .limit = r->rate.limit,
        .remaining = lim_meter_remaining(r, m, now),
        .level = lim_meter_level(r, m, now),
        .used_ns = lim_meter_reset(r, m, now),
        .admitted = w->taken[lim_limit_dimension(limit)] + w->more[limit],
    };
}
