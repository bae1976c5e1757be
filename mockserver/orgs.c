/*
 * GET /mock/orgs: every window of every organisation as it stands, exactly;
 * and how long a given cost would have to wait.  POST changes one's tier and
 * money.
 */

#include <inttypes.h>
#include <string.h>

#include "limiter/window.h"
#include "mockserver/config.h"
#include "mockserver/json.h"
#include "mockserver/jsontext.h"
#include "mockserver/visit.h"

/* What the query asks for. */
struct ask {
    char model[128];
    char organisation[128];
    int group; /* of the model; -1: all that are in use */
    bool wants_cost;
    struct lim_cost cost;
};

static bool read_amount(struct mock_visit *v, const char *key, int64_t *out,
                        bool *given)
{
    char text[32];
    int found = mock_slice_query(v->q->query, key, text, sizeof text);
    if (found == 0)
        return true;
    *given = true;
    if (found > 0 && text[0] != '\0' &&
        mock_slice_number((struct mock_slice){ text, strlen(text) }, out) &&
        *out <= LIM_LIMIT_MAX)
        return true;
    mock_visit_fail(v, 400, key, NULL, "'%s': expected a whole number.", key);
    return false;
}

static bool read_word(struct mock_visit *v, const char *key, char *out,
                      size_t size)
{
    out[0] = '\0';
    if (mock_slice_query(v->q->query, key, out, size) >= 0)
        return true;
    mock_visit_fail(v, 400, key, NULL, "'%s': not to be read.", key);
    return false;
}

static bool read_ask(struct mock_visit *v, struct ask *a)
{
    char quoted[128];
    *a = (struct ask){ .group = -1 };
    a->cost.amount[LIM_REQUESTS] = 1;
    if (!read_word(v, "model", a->model, sizeof a->model) ||
        !read_word(v, "organisation", a->organisation,
                   sizeof a->organisation) ||
        !read_amount(v, "requests", &a->cost.amount[LIM_REQUESTS],
                     &a->wants_cost) ||
        !read_amount(v, "tokens", &a->cost.amount[LIM_TOKENS],
                     &a->wants_cost) ||
        !read_amount(v, "images", &a->cost.amount[LIM_IMAGES], &a->wants_cost))
        return false;
    if (a->model[0] == '\0')
        return true;
    a->wants_cost = true;
    a->group = sim_provider_group(v->api->provider, a->model);
    if (a->group < 0)
        mock_visit_fail(v, 404, "model", "model_not_found",
                        "The model '%s' does not exist",
                        mock_jsontext_quote(a->model, quoted, sizeof quoted));
    return a->group >= 0;
}

/* Adds the level with nine decimals: units that are left. */
static void add_window(struct mock_visit *v, enum lim_limit limit,
                       const struct sim_window_view *w)
{
    struct mock_text *b = &v->a->body;
    mock_text_printf(b,
                     "\"%s\":{\"limit\":%" PRId64 ",\"remaining\":%" PRId64
                     ",\"level\":%.9f,\"reset_ns\":%" PRId64
                     ",\"admitted\":%" PRId64 "}",
                     lim_limit_name(limit), w->limit, w->remaining, w->level,
                     w->used_ns, w->admitted);
}

static const char *answer_name(enum sim_answer answer)
{
    switch (answer) {
    case SIM_ADMITTED:
        return "admitted";
    case SIM_RATE_LIMITED:
        return "rate_limited";
    case SIM_TOO_LARGE:
        return "too_large";
    case SIM_QUOTA:
        return "insufficient_quota";
    case SIM_NO_MODEL:
    case SIM_WRONG:
    case SIM_UNASKED:
    default:
        return "no_model";
    }
}

static void add_wait(struct mock_visit *v, const struct ask *a,
                     uint32_t organisation, unsigned group)
{
    struct mock_text *b = &v->a->body;
    struct sim_verdict verdict;
    sim_provider_probe(v->api->provider, organisation, group, &a->cost,
                       v->q->now, &verdict);
    mock_text_printf(b, ",\"answer\":\"%s\"", answer_name(verdict.answer));
    if (verdict.admitted_at == LIM_NEVER)
        mock_text_puts(b, ",\"exact_wait_ns\":null");
    else
        mock_text_printf(b, ",\"exact_wait_ns\":%" PRId64,
                         verdict.admitted_at - v->q->now);
    if (verdict.shown.hint_ns < 0)
        mock_text_puts(b, ",\"hint_ms\":null");
    else
        mock_text_printf(b, ",\"hint_ms\":%" PRId64,
                         verdict.shown.hint_ns / LIM_MSEC);
}

static unsigned group_count(const struct mock_api *api)
{
    const struct lim_table *t = api->config.provider.table;
    return t != NULL ? (unsigned)lim_table_groups(t) : 1;
}

static const char *group_name(const struct mock_api *api, unsigned group)
{
    const struct lim_table *t = api->config.provider.table;
    return t != NULL ? lim_table_group_name(t, group) : "all";
}

static bool in_use(const struct sim_window_view w[LIM_WINDOWS])
{
    for (int i = 0; i < LIM_WINDOWS; i++)
        if (w[i].admitted != 0 || w[i].used_ns != 0)
            return true;
    return false;
}

/* Adds a group, if the question wants it. */
static bool add_group(struct mock_visit *v, const struct ask *a,
                      uint32_t organisation, unsigned group, bool first)
{
    struct sim_window_view w[LIM_WINDOWS];
    struct mock_text *b = &v->a->body;
    const char *comma = "";
    for (int i = 0; i < LIM_WINDOWS; i++)
        sim_provider_window(v->api->provider, organisation, group,
                            (enum lim_limit)i, v->q->now, &w[i]);
    if (a->group >= 0 ? a->group != (int)group : !in_use(w))
        return false;
    mock_text_printf(b, "%s{\"group\":", first ? "" : ",");
    mock_text_json_or_null(b, group_name(v->api, group));
    bool serves = sim_provider_serves(v->api->provider, organisation, group);
    mock_text_printf(b, ",\"access\":%s,\"windows\":{",
                     serves ? "true" : "false");
    for (int i = 0; serves && i < LIM_WINDOWS; i++) {
        if (w[i].limit == LIM_UNLIMITED)
            continue;
        mock_text_puts(b, comma);
        comma = ",";
        add_window(v, (enum lim_limit)i, &w[i]);
    }
    mock_text_puts(b, "}");
    if (a->wants_cost)
        add_wait(v, a, organisation, group);
    mock_text_puts(b, "}");
    return true;
}

/* What it paid, and what leads to its next tier; null where that moves by
   hand alone. */
static void add_standing(struct mock_visit *v, uint32_t i)
{
    struct mock_text *b = &v->a->body;
    struct sim_standing s;
    sim_provider_standing(v->api->provider, i, v->q->now, &s);
    if (!s.known) {
        mock_text_puts(b, ",\"paid_microusd\":null,\"next\":null");
        return;
    }
    mock_text_printf(
        b, ",\"paid_microusd\":%" PRId64 ",\"next\":", s.paid_microusd);
    if (!s.has_next) {
        mock_text_puts(b, "null");
        return;
    }
    mock_text_printf(
        b, "{\"tier\":\"%s\",\"missing_microusd\":%" PRId64 ",\"at\":",
        lim_tier_name(s.next), s.missing_microusd);
    if (s.next_at == LIM_NEVER)
        mock_text_puts(b, "null}");
    else
        mock_text_printf(b, "%" PRId64 "}", s.next_at);
}

static void add_decided(struct mock_visit *v, uint32_t i)
{
    struct sim_decided d = sim_provider_decided(v->api->provider, i);
    mock_text_printf(&v->a->body,
                     ",\"admitted\":%" PRIu64 ",\"refused\":%" PRIu64,
                     d.admitted, d.refused);
}

static void add_groups(struct mock_visit *v, const struct ask *a, uint32_t i)
{
    bool first = true;
    mock_text_puts(&v->a->body, ",\"groups\":[");
    for (unsigned g = 0; g < group_count(v->api); g++)
        if (add_group(v, a, i, g, first))
            first = false;
    mock_text_puts(&v->a->body, "]}");
}

static void add_organisation(struct mock_visit *v, const struct ask *a,
                             uint32_t i)
{
    const struct sim_provider *p = v->api->provider;
    struct mock_text *b = &v->a->body;
    sim_provider_advance(v->api->provider, i, v->q->now);
    int64_t spend_max = sim_provider_spend_max(p, i);
    mock_text_puts(b, "{\"name\":");
    mock_text_json_or_null(b, sim_provider_organisation_name(p, i));
    mock_text_printf(b,
                     ",\"tier\":\"%s\",\"spent_microusd\":%" PRId64
                     ",\"spend_max_microusd\":",
                     lim_tier_name(sim_provider_tier(p, i)),
                     sim_provider_spent(p, i, v->q->now));
    if (spend_max < 0)
        mock_text_puts(b, "null");
    else
        mock_text_printf(b, "%" PRId64, spend_max);
    add_standing(v, i);
    add_decided(v, i);
    add_groups(v, a, i);
}

/* With the windows that are its own. */
static void add_project(struct mock_visit *v, const struct ask *a, uint32_t i)
{
    const struct sim_provider *p = v->api->provider;
    struct mock_text *b = &v->a->body;
    mock_text_puts(b, "{\"organisation\":");
    mock_text_json_or_null(b, sim_provider_organisation_name(p, i));
    mock_text_puts(b, ",\"name\":");
    mock_text_json_or_null(b, sim_provider_project_name(p, i));
    add_decided(v, i);
    add_groups(v, a, i);
}

typedef void add_fn(struct mock_visit *v, const struct ask *a, uint32_t i);

/* Those from `first` on that the question wants. */
static void add_all(struct mock_visit *v, const struct ask *a, uint32_t first,
                    uint32_t count, add_fn *add)
{
    const struct sim_provider *p = v->api->provider;
    const char *comma = "\n";
    for (uint32_t i = first; i < first + count; i++) {
        if (a->organisation[0] != '\0' &&
            strcmp(a->organisation, sim_provider_organisation_name(p, i)) != 0)
            continue;
        mock_text_puts(&v->a->body, comma);
        comma = ",\n";
        add(v, a, i);
    }
}

void mock_orgs_get(struct mock_visit *v)
{
    const struct sim_provider *p = v->api->provider;
    struct mock_text *b = &v->a->body;
    struct ask a;
    if (!read_ask(v, &a))
        return;
    mock_text_printf(b, "{\"now\":%" PRId64 ",\"organisations\":[", v->q->now);
    add_all(v, &a, 0, sim_provider_organisations(p), add_organisation);
    mock_text_puts(b, "],\"projects\":[");
    add_all(v, &a, SIM_PROJECT_FIRST, sim_provider_projects(p), add_project);
    mock_text_puts(b, "]}\n");
}

/* What a POST asks for; money below 0 and NULL: not said. */
struct change {
    const char *organisation, *tier;
    int64_t spent, pay, spend_max;
    bool spend_of_tier;
    enum lim_tier to;
    uint32_t index;
};

static void read_money(struct mock_json *j, const char *key, int64_t *out)
{
    const cJSON *value = mock_json_get(j, key);
    *out = -1;
    if (value == NULL)
        return;
    mock_json_money(j, key, out);
    if (*j->error == LIM_OK && *out < 0)
        mock_json_wrong(j, key, "expected money, at least $0");
}

static void find_organisation(const struct mock_api *api, struct mock_json *j,
                              struct change *c)
{
    const struct sim_provider *p = api->provider;
    uint32_t n = sim_provider_organisations(p);
    const char *wanted = c->organisation != NULL ? c->organisation : "";
    for (c->index = 0; c->index < n; c->index++)
        if (strcmp(wanted, sim_provider_organisation_name(p, c->index)) == 0)
            return;
    mock_json_wrong(j, "organisation", "there is none such (see /mock/orgs)");
}

static void check_tier(const struct mock_api *api, struct mock_json *j,
                       struct change *c)
{
    const struct lim_table *table = api->config.provider.table;
    struct lim_diag why = { 0 };
    if (c->tier != NULL &&
        (mock_config_tier_name(c->tier, &c->to, &why) != LIM_OK ||
         mock_config_tier(table, c->to, &why) != LIM_OK))
        mock_json_wrong(j, "tier", "%s", why.text);
}

static int read_change(const struct mock_visit *v, const cJSON *root,
                       struct change *c, struct lim_diag *why)
{
    struct mock_json j;
    int error = LIM_OK;
    *c = (struct change){ .spend_max = -1 };
    mock_json_open(&j, root, "", &error, why);
    mock_json_string(&j, "organisation", &c->organisation);
    mock_json_string(&j, "tier", &c->tier);
    read_money(&j, "spent", &c->spent);
    read_money(&j, "pay", &c->pay);
    c->spend_of_tier = cJSON_IsNull(mock_json_get(&j, "spend_max"));
    if (!c->spend_of_tier)
        read_money(&j, "spend_max", &c->spend_max);
    mock_json_close(&j);
    if (error == LIM_OK)
        find_organisation(v->api, &j, c);
    if (error == LIM_OK)
        check_tier(v->api, &j, c);
    return error;
}

static int apply(struct mock_visit *v, const struct change *c,
                 struct lim_diag *why)
{
    struct sim_provider *p = v->api->provider;
    lim_time now = v->q->now;
    if (c->tier != NULL &&
        sim_provider_set_tier(p, c->index, c->to, now, why) != LIM_OK)
        return LIM_EINVAL;
    if (c->pay >= 0)
        sim_provider_pay(p, c->index, c->pay, now);
    if (c->spent >= 0)
        sim_provider_set_spent(p, c->index, c->spent, now);
    if (c->spend_of_tier || c->spend_max >= 0)
        sim_provider_set_spend_max(
            p, c->index, c->spend_of_tier ? SIM_SPEND_OF_TIER : c->spend_max);
    return LIM_OK;
}

/* All of it or nothing; the answer is the organisation as it then is. */
void mock_orgs_set(struct mock_visit *v)
{
    const struct ask all = { .group = -1 };
    struct lim_diag why = { 0 };
    struct change c = { .index = 0 };
    int error = LIM_EPARSE;
    cJSON *root = mock_json_parse(v->q->body.at, v->q->body.length, &why);
    if (root != NULL)
        error = read_change(v, root, &c, &why);
    if (error == LIM_OK)
        error = apply(v, &c, &why);
    if (error == LIM_OK) {
        add_organisation(v, &all, c.index);
        mock_text_puts(&v->a->body, "\n");
    } else {
        mock_visit_fail(v, 400, NULL, NULL, "%s", why.text);
    }
    cJSON_Delete(root);
}
