/* Organisations and projects come to be, have names, and end. */

#include "sim/provider_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim_headers headers_of(const struct lim_limits *limits,
                                     uint8_t minute, uint8_t day)
{
    bool has_minute = limits->max[minute] != LIM_UNLIMITED;
    bool has_day = limits->max[day] != LIM_UNLIMITED;
    return (struct sim_headers){
        .first = has_minute ? minute
                 : has_day  ? day
                            : LIM_WINDOWS,
        .last = has_day      ? day
                : has_minute ? minute
                             : LIM_WINDOWS,
    };
}

static void add_limited(struct sim_rates *r, enum lim_limit i)
{
    enum lim_dimension d = lim_limit_dimension(i);
    r->limited[r->limited_count++] = (struct sim_limited){
        .rate = r->rule[i].rate,
        .limit = (uint8_t)i,
        .dimension = (uint8_t)d,
        .shown = d <= LIM_TOKENS && r->headers[d].first == r->headers[d].last,
    };
}

static struct sim_rates make_rates(const struct sim_provider *p,
                                   const struct lim_limits *limits)
{
    struct sim_rates r = {
        .headers = { [LIM_REQUESTS] = headers_of(limits, LIM_RPM, LIM_RPD),
                     [LIM_TOKENS] = headers_of(limits, LIM_TPM, LIM_TPD) },
        .plain = p->discipline == LIM_DISCIPLINE_BUCKET,
    };
    for (int i = 0; i < LIM_WINDOWS; i++) {
        int64_t limit = limits->max[i];
        int64_t window_ns = lim_limits_window(limits, (enum lim_limit)i);
        const struct lim_meter_config c = {
            .discipline = p->discipline,
            .limit = limit,
            .window_ns = window_ns,
            .burst = lim_rate_burst(limit, p->burst),
            .quantum_ns = window_ns == LIM_MIN ? p->quantum_ns : 0,
        };
        r.rule[i] = lim_meter_rule_make(&c);
        r.plain &= limit != 0;
        if (limit != LIM_UNLIMITED)
            add_limited(&r, (enum lim_limit)i);
    }
    for (int d = 0; d <= LIM_TOKENS; d++)
        r.paired |= r.headers[d].first != r.headers[d].last;
    return r;
}

static void fill_rates(struct sim_provider *p, const struct lim_table *table)
{
    struct lim_limits limits = lim_limits_none();
    if (table != NULL)
        limits = (struct lim_limits){ 0 };
    for (size_t i = 0; i < (size_t)LIM_TIERS * p->groups; i++)
        p->rates[i] = make_rates(p, &limits);
    size_t rows = table != NULL ? lim_table_rows(table) : 0;
    for (size_t i = rows; i-- > 0;) { /* the first row of a group stays */
        const struct lim_tier_row *row = lim_table_row(table, i);
        int group = lim_table_group_index(table, row->group);
        assert(group >= 0);
        sim_provider_rates(p, row->tier)[group] = make_rates(p, &row->limits);
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

static struct sim_provider *make_empty(const struct sim_provider_config *config)
{
    const struct lim_table *table = config->table;
    struct sim_provider *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->rules = (struct sim_billing_rules){ table, config->upgrades };
    p->discipline = config->discipline;
    p->quantum_ns = config->quantum_ns;
    p->burst = config->burst;
    p->charge = config->charge;
    p->start = config->start;
    p->groups = table != NULL ? (unsigned)lim_table_groups(table) : 1;
    p->rates = calloc((size_t)LIM_TIERS * p->groups + 1, sizeof *p->rates);
    if (p->rates == NULL) {
        free(p);
        return NULL;
    }
    fill_rates(p, table);
    return p;
}

struct sim_provider *sim_provider_new(const struct sim_provider_config *config,
                                      struct lim_diag *diag)
{
    if (check_windows(config, diag) != LIM_OK)
        return NULL;
    struct sim_provider *p = make_empty(config);
    if (p == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        return NULL;
    }
    if (add_all(p, config, diag) == LIM_OK)
        return p;
    sim_provider_free(p);
    return NULL;
}

struct sim_windows sim_unused;

static void clear(const struct sim_rates *rates, struct sim_windows *windows)
{
    for (int i = 0; i < LIM_WINDOWS; i++)
        lim_meter_fini(&rates->rule[i], &windows->level[i]);
    memset(windows, 0, sizeof *windows);
}

void sim_provider_disown(struct sim_org *o, unsigned group)
{
    struct sim_windows *w = o->windows[group];
    if (w == &sim_unused)
        return;
    clear(&o->rates[group], w);
    free(w);
    o->windows[group] = &sim_unused;
}

void sim_provider_clear_share(struct sim_share *s)
{
    for (uint32_t i = 0; i < s->panels; i++)
        clear(&s->rates[i], &s->windows[i]);
}

static void free_org(const struct sim_provider *p, struct sim_org *o)
{
    for (unsigned g = 0; g < p->groups; g++)
        sim_provider_disown(o, g);
    free(o->payments);
    free(o->name);
    free(o);
}

static void free_share(struct sim_share *s)
{
    sim_provider_clear_share(s);
    free(s->windows);
    free(s->rates);
    free(s->panel_of);
    free(s->name);
    free(s);
}

void sim_provider_free(struct sim_provider *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->share_count; i++)
        free_share(p->shares[i]);
    for (uint32_t i = 0; i < p->count; i++)
        free_org(p, p->orgs[i]);
    free(p->shares);
    free(p->orgs);
    free(p->rates);
    free(p);
}

static bool defines(const struct sim_provider *p, enum lim_tier tier)
{
    const struct lim_table *table = p->rules.table;
    return table == NULL || lim_table_qualification(table, tier)->defined;
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
    return lim_fail(
        diag, LIM_EINVAL, 0, "organisation %s: table %s has no %s; it has:%s",
        o->name, lim_table_name(p->rules.table), lim_tier_name(o->tier), list);
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

static bool copy_payments(struct sim_org *made,
                          const struct sim_organisation *o)
{
    size_t size = o->payment_count * sizeof *o->payments;
    if (size == 0)
        return true;
    made->payments = malloc(size);
    if (made->payments == NULL)
        return false;
    memcpy(made->payments, o->payments, size);
    return true;
}

static struct sim_org *make_org(const struct sim_provider *p,
                                const struct sim_organisation *o)
{
    struct sim_org *made =
        calloc(1, sizeof *made + p->groups * sizeof made->windows[0]);
    if (made == NULL)
        return NULL;
    for (unsigned g = 0; g < p->groups; g++)
        made->windows[g] = &sim_unused;
    made->rates = sim_provider_rates(p, o->tier);
    made->name = copy_text(o->name);
    if (made->name == NULL || !copy_payments(made, o)) {
        free_org(p, made);
        return NULL;
    }
    struct sim_organisation known = *o;
    known.payments = made->payments;
    made->billing = sim_billing_make(&known, &p->rules, p->start);
    made->rates = sim_provider_rates(p, made->billing.tier);
    return made;
}

static bool room_for_org(struct sim_provider *p)
{
    uint32_t room = p->room == 0 ? 8 : 2 * p->room;
    if (p->count < p->room)
        return true;
    struct sim_org **more = realloc(p->orgs, room * sizeof(struct sim_org *));
    if (more == NULL)
        return false;
    p->orgs = more;
    p->room = room;
    return true;
}

static bool room_for_share(struct sim_provider *p)
{
    uint32_t room = p->share_room == 0 ? 8 : 2 * p->share_room;
    if (p->share_count < p->share_room)
        return true;
    struct sim_share **more =
        realloc(p->shares, room * sizeof(struct sim_share *));
    if (more == NULL)
        return false;
    p->shares = more;
    p->share_room = room;
    return true;
}

/* Adds an organisation's projects: all or none. */
static int add_projects(struct sim_provider *p, uint32_t organisation,
                        const struct sim_organisation *o, struct lim_diag *diag)
{
    uint32_t first = p->share_count;
    for (size_t i = 0; i < o->project_count; i++) {
        int error =
            sim_provider_add_project(p, organisation, &o->projects[i], diag);
        if (error >= 0)
            continue;
        while (p->share_count > first)
            free_share(p->shares[--p->share_count]);
        return error;
    }
    return LIM_OK;
}

static int no_memory(struct lim_diag *diag)
{
    return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
}

int sim_provider_add(struct sim_provider *p, const struct sim_organisation *o,
                     struct lim_diag *diag)
{
    if (!defines(p, o->tier))
        return refuse_tier(p, o, diag);
    if (p->count == LIM_ORGANISATIONS_MAX)
        return lim_fail(diag, LIM_EFULL, 0, "more than %d organisations",
                        LIM_ORGANISATIONS_MAX);
    struct sim_org *made = room_for_org(p) ? make_org(p, o) : NULL;
    if (made == NULL)
        return no_memory(diag);
    p->orgs[p->count++] = made;
    int error = add_projects(p, p->count - 1, o, diag);
    if (error == LIM_OK)
        return (int)p->count - 1;
    free_org(p, p->orgs[--p->count]);
    return error;
}

static int group_of(const struct sim_provider *p, const char *name)
{
    int group = sim_provider_group(p, name);
    return group < 0 ? lim_table_group_index(p->rules.table, name) : group;
}

static void add_panel(const struct sim_provider *p, struct sim_share *s,
                      int group, const struct lim_limits *limits)
{
    uint32_t panel = s->panels++;
    s->panel_of[group] = (int32_t)panel;
    s->rates[panel] = make_rates(p, limits);
}

static int fill_share(const struct sim_provider *p, struct sim_share *s,
                      const struct sim_project *project, struct lim_diag *diag)
{
    for (unsigned g = 0; g < p->groups; g++)
        s->panel_of[g] = -1;
    for (size_t i = 0; i < project->limit_count; i++) {
        const struct sim_project_limit *l = &project->limits[i];
        int group = group_of(p, l->model);
        if (group < 0)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "project %s: table %s has no model %s", s->name,
                            lim_table_name(p->rules.table), l->model);
        if (s->panel_of[group] >= 0)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "project %s: %s is in one group with a model that "
                            "has limits already",
                            s->name, l->model);
        add_panel(p, s, group, &l->limits);
    }
    return LIM_OK;
}

static struct sim_share *make_share(const struct sim_provider *p,
                                    uint32_t parent,
                                    const struct sim_project *project)
{
    size_t n = project->limit_count;
    struct sim_share *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->parent = parent;
    s->name = copy_text(project->name);
    s->panel_of = calloc(p->groups + 1, sizeof *s->panel_of);
    s->rates = calloc(n + 1, sizeof *s->rates);
    s->windows = calloc(n + 1, sizeof *s->windows);
    if (s->name != NULL && s->panel_of != NULL && s->rates != NULL &&
        s->windows != NULL)
        return s;
    free_share(s);
    return NULL;
}

/* A whole project; LIM_OK, or an error and `diag`. */
static int new_share(const struct sim_provider *p, uint32_t parent,
                     const struct sim_project *project, struct sim_share **out,
                     struct lim_diag *diag)
{
    struct sim_share *s = make_share(p, parent, project);
    if (s == NULL)
        return no_memory(diag);
    int error = fill_share(p, s, project, diag);
    if (error != LIM_OK) {
        free_share(s);
        return error;
    }
    *out = s;
    return LIM_OK;
}

int sim_provider_add_project(struct sim_provider *p, uint32_t organisation,
                             const struct sim_project *project,
                             struct lim_diag *diag)
{
    assert(organisation < p->count);
    if (p->share_count == SIM_PROJECTS_MAX)
        return lim_fail(diag, LIM_EFULL, 0, "more than %d projects",
                        SIM_PROJECTS_MAX);
    if (!room_for_share(p))
        return no_memory(diag);
    int error =
        new_share(p, organisation, project, &p->shares[p->share_count], diag);
    return error != LIM_OK ? error
                           : (int)(SIM_PROJECT_FIRST + p->share_count++);
}

int sim_provider_check_project(const struct sim_provider *p,
                               const struct sim_project *project,
                               struct lim_diag *diag)
{
    struct sim_share *s = NULL;
    int error = new_share(p, 0, project, &s, diag);
    if (error == LIM_OK)
        free_share(s);
    return error;
}

/* What is used of a group that both limit. */
static void hand_over(struct sim_share *from, struct sim_share *to,
                      unsigned group, lim_time now)
{
    int32_t a = from->panel_of[group], b = to->panel_of[group];
    if (a < 0 || b < 0)
        return;
    struct sim_windows *old = &from->windows[a], *w = &to->windows[b];
    *w = *old;
    memset(old, 0, sizeof *old);
    for (int i = 0; i < LIM_WINDOWS; i++)
        lim_meter_change(&from->rates[a].rule[i], &to->rates[b].rule[i],
                         &w->level[i], now);
}

int sim_provider_set_project(struct sim_provider *p, uint32_t index,
                             const struct sim_project *project, lim_time now,
                             struct lim_diag *diag)
{
    struct sim_share *old = sim_provider_share(p, index), *s = NULL;
    int error = new_share(p, old->parent, project, &s, diag);
    if (error != LIM_OK)
        return error;
    for (unsigned g = 0; g < p->groups; g++)
        hand_over(old, s, g, now);
    s->decided = old->decided;
    p->shares[index - SIM_PROJECT_FIRST] = s;
    free_share(old);
    return LIM_OK;
}

struct sim_decided sim_provider_decided(const struct sim_provider *p,
                                        uint32_t index)
{
    const struct sim_share *s = sim_provider_share(p, index);
    return s != NULL ? s->decided : sim_provider_org(p, index)->decided;
}

uint32_t sim_provider_organisations(const struct sim_provider *p)
{
    return p->count;
}

const char *sim_provider_organisation_name(const struct sim_provider *p,
                                           uint32_t organisation)
{
    return sim_provider_org(p, organisation)->name;
}

uint32_t sim_provider_projects(const struct sim_provider *p)
{
    return p->share_count;
}

const char *sim_provider_project_name(const struct sim_provider *p,
                                      uint32_t index)
{
    const struct sim_share *s = sim_provider_share(p, index);
    return s != NULL ? s->name : NULL;
}

int64_t sim_provider_parent(const struct sim_provider *p, uint32_t index)
{
    const struct sim_share *s = sim_provider_share(p, index);
    return s != NULL ? (int64_t)s->parent : -1;
}

int sim_provider_group(const struct sim_provider *p, const char *model)
{
    const struct lim_table *table = p->rules.table;
    if (table == NULL)
        return 0;
    const char *group = lim_table_group(table, model);
    return group != NULL ? lim_table_group_index(table, group) : -1;
}
