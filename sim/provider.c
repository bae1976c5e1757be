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

#include "limiter/meter.h"
#include "limiter/pool.h"

__extension__ typedef __int128 wide;

struct window {
    struct lim_meter level;
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
    struct lim_meter_rule rule[LIM_WINDOWS];
};

struct sim_provider {
    const struct lim_table *table;
    enum lim_discipline discipline;
    int64_t quantum_ns;
    double burst;
    struct sim_charge charge;
    lim_time start;
    unsigned groups;
    struct rates *rates; /* LIM_TIERS x groups */
    struct organisation **organisations;
    uint32_t count, room;
};

static struct rates make_rates(const struct sim_provider *p,
                               const struct lim_limits *limits)
{
    struct rates r;
    for (int i = 0; i < LIM_WINDOWS; i++) {
        int64_t limit = limits->max[i];
        int64_t window_ns = lim_limit_window((enum lim_limit)i);
        const struct lim_meter_config c = {
            .discipline = p->discipline,
            .limit = limit,
            .window_ns = window_ns,
            .burst = lim_rate_burst(limit, p->burst),
            .quantum_ns = window_ns == LIM_MIN ? p->quantum_ns : 0,
        };
        r.rule[i] = lim_meter_rule_make(&c);
    }
    return r;
}

static struct rates *rates_at(const struct sim_provider *p, enum lim_tier tier,
                              size_t group)
{
    return &p->rates[(size_t)tier * p->groups + group];
}

/* The rule of an organisation's i-th window. */
static const struct lim_meter_rule *rule_of(const struct sim_provider *p,
                                            const struct organisation *o,
                                            size_t i)
{
    return &rates_at(p, o->tier, i / LIM_WINDOWS)->rule[i % LIM_WINDOWS];
}

static void fill_rates(struct sim_provider *p)
{
    struct lim_limits limits = lim_limits_none();
    if (p->table != NULL)
        limits = (struct lim_limits){ 0 };
    for (size_t i = 0; i < (size_t)LIM_TIERS * p->groups; i++)
        p->rates[i] = make_rates(p, &limits);
    size_t rows = p->table != NULL ? lim_table_rows(p->table) : 0;
    for (size_t i = rows; i-- > 0;) { /* the first row of a group stays */
        const struct lim_tier_row *row = lim_table_row(p->table, i);
        int group = lim_table_group_index(p->table, row->group);
        assert(group >= 0);
        *rates_at(p, row->tier, (size_t)group) = make_rates(p, &row->limits);
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

static int check_windows(const struct sim_provider_config *config,
                         struct lim_diag *diag)
{
    if (!(config->burst > 0 && config->burst <= 1))
        return lim_fail(diag, LIM_EINVAL, 0, "burst: above 0, at most 1");
    if (config->burst < 1 && !lim_discipline_has_burst(config->discipline))
        return lim_fail(diag, LIM_EINVAL, 0, "burst: %s windows have none",
                        lim_discipline_name(config->discipline));
    if (config->quantum_ns <= 0 || config->quantum_ns > LIM_MIN)
        return lim_fail(diag, LIM_EINVAL, 0, "quantum: above 0, at most 1m");
    return LIM_OK;
}

struct sim_provider *sim_provider_new(const struct sim_provider_config *config,
                                      struct lim_diag *diag)
{
    if (check_windows(config, diag) != LIM_OK)
        return NULL;
    struct sim_provider *p = calloc(1, sizeof *p);
    if (p == NULL)
        goto no_memory;
    p->table = config->table;
    p->discipline = config->discipline;
    p->quantum_ns = config->quantum_ns;
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

static void free_organisation(const struct sim_provider *p,
                              struct organisation *o)
{
    for (size_t i = 0; i < (size_t)p->groups * LIM_WINDOWS; i++)
        lim_meter_fini(rule_of(p, o, i), &o->windows[i].level);
    free(o->name);
    free(o);
}

void sim_provider_free(struct sim_provider *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->count; i++)
        free_organisation(p, p->organisations[i]);
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
        lim_meter_init(rule_of(p, made, i), &made->windows[i].level, p->start);
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
    return r->rule[LIM_RPM].rate.limit != 0 && r->rule[LIM_RPD].rate.limit != 0;
}

/* One organisation's windows of one group, with their rules. */
struct panel {
    const struct lim_meter_rule *rule;
    struct window *window;
};

static struct panel panel_of(const struct sim_provider *p,
                             struct organisation *o, unsigned group)
{
    assert(group < p->groups);
    return (struct panel){
        rates_at(p, o->tier, group)->rule,
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
        lim_time ready = lim_meter_ready(&s.rule[i], &s.window[i].level,
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
    if (never && s.rule[v->limit].rate.limit == 0)
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
    const struct lim_meter_rule *r = s.rule;
    int64_t reset = lim_meter_reset(&r[minute], &s.window[minute].level, now);
    int64_t day_reset = lim_meter_reset(&r[day], &s.window[day].level, now);
    bool has_day = r[day].rate.limit != LIM_UNLIMITED;
    bool has_minute = r[minute].rate.limit != LIM_UNLIMITED;
    if (!has_day && !has_minute)
        return (struct lim_shown){ -1, -1, -1 };
    if (has_day && (!has_minute || day_reset > reset)) {
        i = day;
        reset = day_reset;
    }
    int64_t left = lim_meter_remaining(&r[i], &s.window[i].level, now);
    return (struct lim_shown){ .limit = r[i].rate.limit,
                               .remaining = left > 0 ? left : 0,
                               .reset_ns = reset / LIM_MSEC * LIM_MSEC };
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
static void describe(struct panel s, const struct lim_cost *cost, lim_time now,
                     struct sim_verdict *v)
{
    if (v->answer == SIM_QUOTA)
        return;
    const struct lim_meter_rule *r = &s.rule[v->limit];
    if (v->answer != SIM_ADMITTED) {
        v->max = r->rate.limit;
        v->requested = amount_of(cost, (int)v->limit);
        v->used =
            v->max - lim_meter_remaining(r, &s.window[v->limit].level, now);
    }
    if (v->answer == SIM_NO_MODEL)
        return;
    v->shown.requests = show(s, LIM_RPM, LIM_RPD, now);
    v->shown.tokens = show(s, LIM_TPM, LIM_TPD, now);
    if (v->answer == SIM_RATE_LIMITED)
        v->shown.hint_ns = hint(r, v, now);
}

static int reserve(struct panel s, lim_time now)
{
    for (int i = 0; i < LIM_WINDOWS; i++)
        if (lim_meter_reserve(&s.rule[i], &s.window[i].level, now) != LIM_OK)
            return LIM_ENOMEM;
    return LIM_OK;
}

static void take(struct panel s, const struct lim_cost *cost, lim_time now)
{
    for (int i = 0; i < LIM_WINDOWS; i++) {
        int64_t amount = amount_of(cost, i);
        lim_meter_take(&s.rule[i], &s.window[i].level, amount, now);
        s.window[i].admitted += amount;
    }
}

/* Takes what may not be there.  A debt is bounded, as the level is. */
static void owe(struct panel s, enum lim_limit i, int64_t amount, lim_time now)
{
    const struct lim_meter_rule *r = &s.rule[i];
    struct window *w = &s.window[i];
    if (r->rate.limit > 0) {
        int64_t room = lim_meter_remaining(r, &w->level, now) + r->rate.limit;
        if (amount > room)
            amount = room > 0 ? room : 0;
        lim_meter_take(r, &w->level, amount, now);
    }
    w->admitted += amount;
}

static void charge_refusal(struct panel s, const struct lim_cost *cost,
                           lim_time now)
{
    owe(s, LIM_RPM, cost->amount[LIM_REQUESTS], now);
    owe(s, LIM_RPD, cost->amount[LIM_REQUESTS], now);
}

int sim_provider_admit(struct sim_provider *p, uint32_t organisation,
                       unsigned group, const struct lim_cost *cost,
                       lim_time now, struct sim_verdict *v)
{
    struct organisation *o = at(p, organisation);
    struct panel s = panel_of(p, o, group);
    int error = LIM_OK;
    judge(o, s, cost, now, v);
    bool taken = v->answer == SIM_ADMITTED;
    bool charged = p->charge.refused && (v->answer == SIM_RATE_LIMITED ||
                                         v->answer == SIM_TOO_LARGE);
    if ((taken || charged) && p->discipline == LIM_DISCIPLINE_SLIDING_LOG)
        error = reserve(s, now);
    if (taken && error == LIM_OK) {
        take(s, cost, now);
    } else if (charged && error == LIM_OK) {
        charge_refusal(s, cost, now);
        judge(o, s, cost, now, v);
    }
    describe(s, cost, now, v);
    return error;
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

static void settle_window(struct panel s, enum lim_limit i,
                          const struct sim_usage *u, lim_time now)
{
    int64_t more = u->tokens - u->reserved_tokens;
    if (more >= 0) {
        owe(s, i, more, now);
        return;
    }
    lim_meter_give(&s.rule[i], &s.window[i].level, -more, u->admitted_at);
    s.window[i].admitted += more;
}

int sim_provider_settle(struct sim_provider *p, uint32_t organisation,
                        unsigned group, const struct sim_usage *u, lim_time now)
{
    assert(u->reserved_tokens >= 0);
    assert(u->tokens >= 0);
    assert(u->microusd >= 0);
    struct organisation *o = at(p, organisation);
    if (now >= o->month_end) {
        o->spent = 0;
        o->month_end = lim_month_end(now);
    }
    o->spent += u->microusd;
    if (!p->charge.settle)
        return LIM_OK;
    struct panel s = panel_of(p, o, group);
    if (u->tokens > u->reserved_tokens && reserve(s, now) != LIM_OK)
        return LIM_ENOMEM;
    settle_window(s, LIM_TPM, u, now);
    settle_window(s, LIM_TPD, u, now);
    return LIM_OK;
}

void sim_provider_window(const struct sim_provider *p, uint32_t organisation,
                         unsigned group, enum lim_limit limit, lim_time now,
                         struct sim_window_view *out)
{
    assert(limit < LIM_WINDOWS);
    struct panel s = panel_of(p, at(p, organisation), group);
    const struct lim_meter_rule *r = &s.rule[limit];
    const struct window *w = &s.window[limit];
    *out = (struct sim_window_view){
        .limit = r->rate.limit,
        .remaining = lim_meter_remaining(r, &w->level, now),
        .level = lim_meter_level(r, &w->level, now),
        .used_ns = lim_meter_reset(r, &w->level, now),
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
