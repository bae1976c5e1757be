#include "mockserver/reload.h"

#include <stdlib.h>
#include <string.h>

#include "mockserver/access.h"

static bool same_limits(const struct lim_limits *a, const struct lim_limits *b)
{
    for (int i = 0; i < LIM_WINDOWS; i++)
        if (a->max[i] != b->max[i] || a->window_ns[i] != b->window_ns[i])
            return false;
    return true;
}

static bool same_rule(const struct lim_qualification *a,
                      const struct lim_qualification *b)
{
    return a->defined == b->defined && a->paid_microusd == b->paid_microusd &&
           a->days == b->days && a->month_microusd == b->month_microusd;
}

static bool same_row(const struct lim_tier_row *a, const struct lim_tier_row *b)
{
    return strcmp(a->model, b->model) == 0 && a->tier == b->tier &&
           strcmp(a->group, b->group) == 0 &&
           same_limits(&a->limits, &b->limits);
}

static bool same_table(const struct lim_table *a, const struct lim_table *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (strcmp(lim_table_name(a), lim_table_name(b)) != 0 ||
        lim_table_rows(a) != lim_table_rows(b))
        return false;
    for (size_t i = 0; i < lim_table_rows(a); i++)
        if (!same_row(lim_table_row(a, i), lim_table_row(b, i)))
            return false;
    for (int t = 0; t < LIM_TIERS; t++)
        if (!same_rule(lim_table_qualification(a, (enum lim_tier)t),
                       lim_table_qualification(b, (enum lim_tier)t)))
            return false;
    return true;
}

static bool same_payments(const struct sim_organisation *a,
                          const struct sim_organisation *b)
{
    if (a->payment_count != b->payment_count)
        return false;
    for (size_t i = 0; i < a->payment_count; i++)
        if (a->payments[i].after_ns != b->payments[i].after_ns ||
            a->payments[i].microusd != b->payments[i].microusd)
            return false;
    return a->paid_microusd == b->paid_microusd &&
           a->first_payment_days_ago == b->first_payment_days_ago;
}

static bool same_project(const struct sim_project *a,
                         const struct sim_project *b)
{
    if (strcmp(a->name, b->name) != 0 || a->limit_count != b->limit_count)
        return false;
    for (size_t i = 0; i < a->limit_count; i++)
        if (strcmp(a->limits[i].model, b->limits[i].model) != 0 ||
            !same_limits(&a->limits[i].limits, &b->limits[i].limits))
            return false;
    return true;
}

/* The project of that name, or NULL. */
static const struct sim_project *project_of(const struct sim_organisation *o,
                                            const char *name)
{
    for (size_t i = 0; i < o->project_count; i++)
        if (strcmp(o->projects[i].name, name) == 0)
            return &o->projects[i];
    return NULL;
}

static bool same_charge(const struct sim_charge *a, const struct sim_charge *b)
{
    return a->refused == b->refused && a->bad_request == b->bad_request &&
           a->settle == b->settle;
}

/* The first thing that can not change and did; NULL: there is none. */
static const char *changed_rule(const struct sim_provider_config *a,
                                const struct sim_provider_config *b)
{
    return !same_table(a->table, b->table)              ? "the table"
           : a->upgrades != b->upgrades                 ? "\"upgrades\""
           : a->discipline != b->discipline             ? "\"discipline\""
           : a->quantum_ns != b->quantum_ns             ? "\"quantum\""
           : a->burst < b->burst || a->burst > b->burst ? "\"burst\""
           : !same_charge(&a->charge, &b->charge)       ? "\"charge\""
           : a->start != b->start                       ? "\"start\""
                                                        : NULL;
}

static const char *changed_past(const struct sim_organisation *a,
                                const struct sim_organisation *b)
{
    return !same_payments(a, b)                     ? "payments"
           : a->spent_microusd != b->spent_microusd ? "\"spent\""
                                                    : NULL;
}

/*
 * Puts the organisations of `fresh` at their numbers, by which provider and
 * keys know them; new ones come behind.
 */
static int arrange(const struct mock_api *api, size_t known,
                   struct mock_config *fresh, struct lim_diag *diag)
{
    size_t count = fresh->organisation_count, next = known;
    struct sim_organisation *out = calloc(known + count + 1, sizeof *out);
    if (out == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "%s", lim_strerror(LIM_ENOMEM));
    for (size_t i = 0; i < count; i++) {
        const struct sim_organisation *o = &fresh->organisations[i];
        uint32_t index;
        if (mock_keys_find(&api->keys, o->name, strlen(o->name), &index))
            out[index] = *o;
        else
            out[next++] = *o;
    }
    free(fresh->organisations);
    fresh->organisations = out;
    fresh->provider.organisations = out;
    fresh->provider.organisation_count = next;
    return LIM_OK;
}

static int check_projects(const struct mock_api *api,
                          const struct sim_organisation *a,
                          const struct sim_organisation *b,
                          struct lim_diag *diag)
{
    int error = LIM_OK;
    for (size_t i = 0; i < a->project_count; i++)
        if (project_of(b, a->projects[i].name) == NULL)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "organisation \"%s\": project \"%s\" is gone, and "
                            "can not go while it serves",
                            a->name, a->projects[i].name);
    for (size_t i = 0; i < b->project_count && error == LIM_OK; i++)
        error =
            sim_provider_check_project(api->provider, &b->projects[i], diag);
    return error;
}

/* LIM_OK, or what forbids to go on from `a` to `b`. */
static int check(const struct mock_api *api,
                 const struct sim_provider_config *a,
                 const struct sim_provider_config *b, struct lim_diag *diag)
{
    const char *what = changed_rule(a, b);
    if (what != NULL)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "%s can not change while it serves", what);
    for (size_t i = 0; i < a->organisation_count; i++) {
        const char *name = a->organisations[i].name;
        if (b->organisations[i].name == NULL)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "organisation \"%s\" is gone, and can not go while "
                            "it serves",
                            name);
        what = changed_past(&a->organisations[i], &b->organisations[i]);
        if (what != NULL)
            return lim_fail(diag, LIM_EINVAL, 0,
                            "organisation \"%s\": %s can not change while it "
                            "serves",
                            name, what);
        int error = check_projects(api, &a->organisations[i],
                                   &b->organisations[i], diag);
        if (error != LIM_OK)
            return error;
    }
    return LIM_OK;
}

/* One that is new has no name yet, and one that is as it was stays. */
static int set_project(struct mock_api *api, uint32_t organisation,
                       const struct sim_project *was,
                       const struct sim_project *project, lim_time time,
                       struct mock_reload_done *done, struct lim_diag *diag)
{
    const char *owner =
        sim_provider_organisation_name(api->provider, organisation);
    int64_t index = mock_access_project(api, owner, project->name);
    int error = LIM_OK;
    if (was != NULL && same_project(was, project))
        return LIM_OK;
    if (index < 0)
        error = sim_provider_add_project(api->provider, organisation, project,
                                         diag);
    else
        error = sim_provider_set_project(api->provider, (uint32_t)index,
                                         project, time, diag);
    done->projects++;
    return error < 0 ? error : LIM_OK;
}

static int set_projects(struct mock_api *api,
                        const struct sim_provider_config *from,
                        const struct sim_provider_config *to, lim_time time,
                        struct mock_reload_done *done, struct lim_diag *diag)
{
    for (size_t i = 0; i < from->organisation_count; i++) {
        const struct sim_organisation *o = &to->organisations[i];
        for (size_t k = 0; k < o->project_count; k++) {
            int error = set_project(
                api, (uint32_t)i,
                project_of(&from->organisations[i], o->projects[k].name),
                &o->projects[k], time, done, diag);
            if (error != LIM_OK)
                return error;
        }
    }
    return LIM_OK;
}

static int add_new(struct mock_api *api, const struct sim_provider_config *p,
                   size_t known, uint32_t projects,
                   struct mock_reload_done *done, struct lim_diag *diag)
{
    for (size_t i = known; i < p->organisation_count; i++) {
        if (sim_provider_add(api->provider, &p->organisations[i], diag) < 0)
            return LIM_ENOMEM;
        done->added++;
    }
    if (mock_access_grow(api, (uint32_t)known, projects))
        return LIM_OK;
    return lim_fail(diag, LIM_ENOMEM, 0, "%s", lim_strerror(LIM_ENOMEM));
}

static int move(struct mock_api *api, const struct sim_provider_config *from,
                const struct sim_provider_config *to, lim_time time,
                struct mock_reload_done *done, struct lim_diag *diag)
{
    for (size_t i = 0; i < from->organisation_count; i++) {
        enum lim_tier tier = to->organisations[i].tier;
        if (from->organisations[i].tier == tier)
            continue;
        int error =
            sim_provider_set_tier(api->provider, (uint32_t)i, tier, time, diag);
        if (error != LIM_OK)
            return error;
        done->moved++;
    }
    return LIM_OK;
}

/* Both have the same table; the provider knows that of `now`. */
static void exchange(struct mock_api *api, struct mock_config *now,
                     struct mock_config *fresh)
{
    struct lim_table *table = now->table;
    struct mock_config old = *now;
    old.table = fresh->table;
    *now = *fresh;
    now->table = table;
    now->provider.table = table;
    *fresh = old;
    mock_config_faults_fini(&api->faults);
    api->config.provider = now->provider;
    api->config.manner = now->manner;
    sim_service_change(&api->service, &now->provider);
    memset(api->known, 0, sizeof api->known); /* of another latency */
}

int mock_reload(struct mock_api *api, struct mock_config *now,
                struct mock_config *fresh, lim_time time,
                struct mock_reload_done *done, struct lim_diag *diag)
{
    size_t known = now->organisation_count;
    uint32_t projects = sim_provider_projects(api->provider);
    *done = (struct mock_reload_done){ .added = 0 };
    int error = arrange(api, known, fresh, diag);
    if (error == LIM_OK)
        error = check(api, &now->provider, &fresh->provider, diag);
    if (error != LIM_OK)
        return error;
    error = move(api, &now->provider, &fresh->provider, time, done, diag);
    if (error == LIM_OK)
        error = set_projects(api, &now->provider, &fresh->provider, time, done,
                             diag);
    if (error != LIM_OK)
        return error;
    error = add_new(api, &fresh->provider, known, projects, done, diag);
    exchange(api, now, fresh);
    return error;
}
