/*
 * The rates of a tier are the same for all its organisations: they are made
 * once.  What an organisation has of its own is the level of its windows,
 * LIM_WINDOWS for each limit group, in one array.
 */

#include "sim/provider.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/pool.h"
#include "limiter/window.h"

__extension__ typedef __int128 wide;

struct window {
    struct lim_window level;
    int64_t admitted;
};

struct organisation {
    char *name;
    enum lim_tier tier;
    int64_t spend_max;
    int64_t spent; /* in the month that ends at month_end */
    lim_time month_end;
    struct window windows[];
};

/* The limits of one group at one tier; all 0 where it is not served. */
struct rates {
    struct lim_rate rate[LIM_WINDOWS];
};

struct sim_provider {
    const struct lim_table *table;
    double burst;
    struct sim_charge charge;
    lim_time start;
    unsigned groups;
    struct rates *rates; /* LIM_TIERS x groups */
    struct organisation **organisations;
    uint32_t count, room;
};

static struct rates make_rates(const struct lim_limits *limits, double burst)
{
    struct rates r;
    for (int i = 0; i < LIM_WINDOWS; i++) {
        int64_t limit = limits->max[i];
        r.rate[i] = lim_rate_make(limit, lim_limit_window((enum lim_limit)i),
                                  lim_rate_burst(limit, burst));
    }
    return r;
}

static struct rates *rates_at(const struct sim_provider *p, enum lim_tier tier,
                              size_t group)
{
    return &p->rates[(size_t)tier * p->groups + group];
}

static void fill_rates(struct sim_provider *p)
{
    struct lim_limits limits = lim_limits_none();
    if (p->table != NULL)
        limits = (struct lim_limits){ 0 };
    for (size_t i = 0; i < (size_t)LIM_TIERS * p->groups; i++)
        p->rates[i] = make_rates(&limits, p->burst);
    size_t rows = p->table != NULL ? lim_table_rows(p->table) : 0;
    for (size_t i = rows; i-- > 0;) { /* the first row of a group stays */
        const struct lim_tier_row *row = lim_table_row(p->table, i);
        int group = lim_table_group_index(p->table, row->group);
        assert(group >= 0);
        *rates_at(p, row->tier, (size_t)group) =
            make_rates(&row->limits, p->burst);
    }
}

static int add_all(struct sim_provider *p,
                   const struct sim_provider_config *config,
                   struct lim_diag *diag)
{
    for (size_t i = 0; i < config->organisation_count; i++) {
        int index = sim_provider_add(p, &config->organisations[i], diag);
        if (index < 0)
            return index;
    }
    return LIM_OK;
}

struct sim_provider *sim_provider_new(const struct sim_provider_config *config,
                                      struct lim_diag *diag)
{
    if (!(config->burst > 0 && config->burst <= 1)) {
        lim_fail(diag, LIM_EINVAL, 0, "burst: above 0, at most 1");
        return NULL;
    }
    struct sim_provider *p = calloc(1, sizeof *p);
    if (p == NULL)
        goto no_memory;
    p->table = config->table;
    p->burst = config->burst;
    p->charge = config->charge;
    p->start = config->start;
    p->groups = p->table != NULL ? (unsigned)lim_table_groups(p->table) : 1;
    p->rates = calloc((size_t)LIM_TIERS * p->groups + 1, sizeof *p->rates);
    if (p->rates == NULL)
        goto no_memory;
    fill_rates(p);
    if (add_all(p, config, diag) == LIM_OK)
        return p;
    sim_provider_free(p);
    return NULL;
no_memory:
    lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    sim_provider_free(p);
    return NULL;
}

void sim_provider_free(struct sim_provider *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->count; i++) {
        free(p->organisations[i]->name);
        free(p->organisations[i]);
    }
    free(p->organisations);
    free(p->rates);
    free(p);
}

static bool defines(const struct sim_provider *p, enum lim_tier tier)
{
    return p->table == NULL || lim_table_qualification(p->table, tier)->defined;
}

static int refuse_tier(const struct sim_provider *p,
                       const struct sim_organisation *o, struct lim_diag *diag)
{
    char list[64] = "";
    for (int t = 0; t < LIM_TIERS; t++) {
        size_t at = strlen(list);
        if (defines(p, (enum lim_tier)t))
            snprintf(list + at, sizeof list - at, " %s",
                     lim_tier_name((enum lim_tier)t));
    }
    return lim_fail(diag, LIM_EINVAL, 0,
                    "organisation %s: table %s has no %s; it has:%s", o->name,
                    lim_table_name(p->table), lim_tier_name(o->tier), list);
}

static struct organisation *make_organisation(const struct sim_provider *p,
                                              const struct sim_organisation *o)
{
    size_t windows = (size_t)p->groups * LIM_WINDOWS;
    size_t length = strlen(o->name) + 1;
    struct organisation *made =
        calloc(1, sizeof *made + windows * sizeof made->windows[0]);
    char *name = malloc(length);
    if (made == NULL || name == NULL) {
        free(made);
        free(name);
        return NULL;
    }
    memcpy(name, o->name, length);
    made->name = name;
    made->tier = o->tier;
    made->spend_max = LIM_UNLIMITED;
    if (p->table != NULL)
        made->spend_max =
            lim_table_qualification(p->table, o->tier)->month_microusd;
    made->spent = o->spent_microusd;
    made->month_end = lim_month_end(p->start);
    for (size_t i = 0; i < windows; i++)
        lim_window_init(&made->windows[i].level, p->start);
    return made;
}

static bool make_room(struct sim_provider *p)
{
    if (p->count < p->room)
        return true;
    uint32_t room = p->room == 0 ? 8 : 2 * p->room;
    struct organisation **more =
        realloc(p->organisations, room * sizeof(struct organisation *));
    if (more == NULL)
        return false;
    p->organisations = more;
    p->room = room;
    return true;
}

int sim_provider_add(struct sim_provider *p, const struct sim_organisation *o,
                     struct lim_diag *diag)
{
    if (!defines(p, o->tier))
        return refuse_tier(p, o, diag);
    if (p->count == LIM_ORGANISATIONS_MAX)
        return lim_fail(diag, LIM_EFULL, 0, "more than %d organisations",
                        LIM_ORGANISATIONS_MAX);
    struct organisation *made = make_room(p) ? make_organisation(p, o) : NULL;
    if (made == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    p->organisations[p->count] = made;
    return (int)p->count++;
}

static struct organisation *at(const struct sim_provider *p,
                               uint32_t organisation)
{
    assert(organisation < p->count);
    return p->organisations[organisation];
}

uint32_t sim_provider_organisations(const struct sim_provider *p)
{
    return p->count;
}

const char *sim_provider_organisation_name(const struct sim_provider *p,
                                           uint32_t organisation)
{
    return at(p, organisation)->name;
}

enum lim_tier sim_provider_tier(const struct sim_provider *p,
                                uint32_t organisation)
{
    return at(p, organisation)->tier;
}

int sim_provider_group(const struct sim_provider *p, const char *model)
{
    if (p->table == NULL)
        return 0;
    const char *group = lim_table_group(p->table, model);
    return group != NULL ? lim_table_group_index(p->table, group) : -1;
}

bool sim_provider_serves(const struct sim_provider *p, uint32_t organisation,
                         unsigned group)
{
    assert(group < p->groups);
    const struct rates *r = rates_at(p, at(p, organisation)->tier, group);
    return r->rate[LIM_RPM].limit != 0 && r->rate[LIM_RPD].limit != 0;
}

/* One organisation's windows of one group, with their rates. */
struct panel {
    const struct lim_rate *rate;
    struct window *window;
};

static struct panel panel_of(const struct sim_provider *p,
                             struct organisation *o, unsigned group)
{
    assert(group < p->groups);
    return (struct panel){
        rates_at(p, o->tier, group)->rate,
        &o->windows[(size_t)group * LIM_WINDOWS],
    };
}

static int64_t amount_of(const struct lim_cost *cost, int i)
{
    return cost->amount[lim_limit_dimension((enum lim_limit)i)];
}

/* Finds the first window with the longest wait; LIM_NEVER: it never fits. */
static lim_time longest_wait(struct panel s, const struct lim_cost *cost,
                             lim_time now, enum lim_limit *limit)
{
    lim_time latest = now;
    for (int i = 0; i < LIM_WINDOWS; i++) {
        lim_time ready = lim_window_ready(&s.rate[i], &s.window[i].level,
                                          amount_of(cost, i), now);
        if (ready > latest) {
            latest = ready;
            *limit = (enum lim_limit)i;
        }
    }
    return latest;
}

static int64_t spent_at(const struct organisation *o, lim_time now)
{
    return now < o->month_end ? o->spent : 0;
}

/* The money comes back with the next month, if any is allowed at all. */
static void refuse_quota(const struct organisation *o, lim_time now,
                         struct sim_verdict *v)
{
    v->answer = SIM_QUOTA;
    v->limit = LIM_SPEND;
    v->max = o->spend_max;
    v->used = spent_at(o, now);
    if (o->spend_max == 0)
        v->admitted_at = LIM_NEVER;
    else if (v->admitted_at < o->month_end)
        v->admitted_at = o->month_end;
}

/* Decides, but for the numbers that the wire shows. */
static void judge(struct organisation *o, struct panel s,
                  const struct lim_cost *cost, lim_time now,
                  struct sim_verdict *v)
{
    *v = (struct sim_verdict){ .answer = SIM_ADMITTED,
                               .max = -1,
                               .shown = lim_feedback_none() };
    v->admitted_at = longest_wait(s, cost, now, &v->limit);
    bool never = v->admitted_at == LIM_NEVER;
    if (never && s.rate[v->limit].limit == 0)
        v->answer = SIM_NO_MODEL;
    else if (o->spend_max >= 0 && spent_at(o, now) >= o->spend_max)
        refuse_quota(o, now, v);
    else if (never)
        v->answer = SIM_TOO_LARGE;
    else if (v->admitted_at > now)
        v->answer = SIM_RATE_LIMITED;
}

/*
 * The headers of a dimension have room for one window: the one that takes
 * longer until it is full (facts of 2023 to 2026: a day's hides a minute's).
 */
static struct lim_shown show(struct panel s, enum lim_limit minute,
                             enum lim_limit day, lim_time now)
{
    enum lim_limit i = minute;
    int64_t reset = lim_window_reset(&s.window[minute].level, now);
    int64_t day_reset = lim_window_reset(&s.window[day].level, now);
    bool has_day = s.rate[day].limit != LIM_UNLIMITED;
    bool has_minute = s.rate[minute].limit != LIM_UNLIMITED;
    if (!has_day && !has_minute)
        return (struct lim_shown){ -1, -1, -1 };
    if (has_day && (!has_minute || day_reset > reset)) {
        i = day;
        reset = day_reset;
    }
    int64_t left = lim_window_remaining(&s.rate[i], &s.window[i].level, now);
    return (struct lim_shown){ .limit = s.rate[i].limit,
                               .remaining = left > 0 ? left : 0,
                               .reset_ns = reset / LIM_MSEC * LIM_MSEC };
}

/* The formula that reproduces every hint seen in error messages. */
static int64_t hint(const struct lim_rate *r, int64_t excess)
{
    wide ns = (wide)excess * r->window_ns / r->limit;
    return (int64_t)ns / LIM_MSEC * LIM_MSEC;
}

/* Adds the numbers as the wire shows them. */
static void describe(struct panel s, const struct lim_cost *cost, lim_time now,
                     struct sim_verdict *v)
{
    if (v->answer == SIM_QUOTA)
        return;
    if (v->answer != SIM_ADMITTED) {
        const struct lim_rate *r = &s.rate[v->limit];
        v->max = r->limit;
        v->requested = amount_of(cost, (int)v->limit);
        v->used =
            r->limit - lim_window_remaining(r, &s.window[v->limit].level, now);
    }
    if (v->answer == SIM_NO_MODEL)
        return;
    v->shown.requests = show(s, LIM_RPM, LIM_RPD, now);
    v->shown.tokens = show(s, LIM_TPM, LIM_TPD, now);
    if (v->answer == SIM_RATE_LIMITED)
        v->shown.hint_ns =
            hint(&s.rate[v->limit], v->used + v->requested - v->max);
}

static void take(struct panel s, const struct lim_cost *cost, lim_time now)
{
    for (int i = 0; i < LIM_WINDOWS; i++) {
        int64_t amount = amount_of(cost, i);
        lim_window_take(&s.rate[i], &s.window[i].level, amount, now);
        s.window[i].admitted += amount;
    }
}

/* Takes what may not be there.  A debt is bounded, as the level is. */
static void owe(struct panel s, enum lim_limit i, int64_t amount, lim_time now)
{
    const struct lim_rate *r = &s.rate[i];
    struct window *w = &s.window[i];
    if (r->limit > 0) {
        int64_t room = lim_window_remaining(r, &w->level, now) + r->limit;
        if (amount > room)
            amount = room > 0 ? room : 0;
        lim_window_take(r, &w->level, amount, now);
    }
    w->admitted += amount;
}

static void charge_refusal(struct panel s, const struct lim_cost *cost,
                           lim_time now)
{
    owe(s, LIM_RPM, cost->amount[LIM_REQUESTS], now);
    owe(s, LIM_RPD, cost->amount[LIM_REQUESTS], now);
}

void sim_provider_admit(struct sim_provider *p, uint32_t organisation,
                        unsigned group, const struct lim_cost *cost,
                        lim_time now, struct sim_verdict *v)
{
    struct organisation *o = at(p, organisation);
    struct panel s = panel_of(p, o, group);
    judge(o, s, cost, now, v);
    if (v->answer == SIM_ADMITTED) {
        take(s, cost, now);
    } else if (p->charge.refused &&
               (v->answer == SIM_RATE_LIMITED || v->answer == SIM_TOO_LARGE)) {
        charge_refusal(s, cost, now);
        judge(o, s, cost, now, v);
    }
    describe(s, cost, now, v);
}

void sim_provider_probe(const struct sim_provider *p, uint32_t organisation,
                        unsigned group, const struct lim_cost *cost,
                        lim_time now, struct sim_verdict *v)
{
    struct organisation *o = at(p, organisation);
    struct panel s = panel_of(p, o, group);
    judge(o, s, cost, now, v);
    describe(s, cost, now, v);
}

static void settle_window(struct panel s, enum lim_limit i, int64_t more,
                          lim_time now)
{
    if (more >= 0) {
        owe(s, i, more, now);
        return;
    }
    lim_window_give(&s.rate[i], &s.window[i].level, -more);
    s.window[i].admitted += more;
}

void sim_provider_settle(struct sim_provider *p, uint32_t organisation,
                         unsigned group, int64_t reserved_tokens,
                         int64_t tokens, int64_t microusd, lim_time now)
{
    assert(reserved_tokens >= 0);
    assert(tokens >= 0);
    assert(microusd >= 0);
    struct organisation *o = at(p, organisation);
    if (now >= o->month_end) {
        o->spent = 0;
        o->month_end = lim_month_end(now);
    }
    o->spent += microusd;
    if (!p->charge.settle)
        return;
    struct panel s = panel_of(p, o, group);
    settle_window(s, LIM_TPM, tokens - reserved_tokens, now);
    settle_window(s, LIM_TPD, tokens - reserved_tokens, now);
}

void sim_provider_window(const struct sim_provider *p, uint32_t organisation,
                         unsigned group, enum lim_limit limit, lim_time now,
                         struct sim_window_view *out)
{
    assert(limit < LIM_WINDOWS);
    struct panel s = panel_of(p, at(p, organisation), group);
    const struct lim_rate *r = &s.rate[limit];
    const struct window *w = &s.window[limit];
    *out = (struct sim_window_view){
        .limit = r->limit,
        .remaining = lim_window_remaining(r, &w->level, now),
        .used_ns = r->limit > 0 ? lim_window_reset(&w->level, now) : 0,
        .admitted = w->admitted,
    };
}

int64_t sim_provider_spent(const struct sim_provider *p, uint32_t organisation,
                           lim_time now)
{
    return spent_at(at(p, organisation), now);
}

int64_t sim_provider_spend_max(const struct sim_provider *p,
                               uint32_t organisation)
{
    return at(p, organisation)->spend_max;
}
