/* /mock/faults and /mock/reset: what a hand changes.  No key needed. */

#include <inttypes.h>
#include <string.h>

#include "mockserver/config.h"
#include "mockserver/json.h"
#include "mockserver/visit.h"

static void add_instant(struct mock_text *b, const char *key, lim_time at)
{
    if (at == INT64_MIN || at == LIM_NEVER)
        mock_text_printf(b, ",\"%s\":null", key);
    else
        mock_text_printf(b, ",\"%s\":%" PRId64, key, at);
}

static void add_rule(struct mock_text *b, const struct sim_fault_rule *r)
{
    mock_text_printf(b, "{\"fault\":\"%s\",\"share\":%.17g,\"organisation\":",
                     sim_fault_name(r->fault), r->share);
    mock_text_json_or_null(b, r->organisation);
    mock_text_puts(b, ",\"model\":");
    mock_text_json_or_null(b, r->model);
    add_instant(b, "from_ns", r->from);
    add_instant(b, "until_ns", r->until);
    mock_text_puts(b, "}");
}

void mock_steer_faults(struct mock_visit *v)
{
    const struct sim_faults *f = &v->api->service.config.faults;
    struct mock_text *b = &v->a->body;
    mock_text_printf(b, "{\"now\":%" PRId64 ",\"timeout_ns\":%" PRId64,
                     v->q->now, f->timeout_ns);
    mock_text_puts(b, ",\"rules\":[");
    for (size_t i = 0; i < f->count; i++) {
        mock_text_puts(b, i > 0 ? ",\n" : "\n");
        add_rule(b, &f->rules[i]);
    }
    mock_text_puts(b, "]}\n");
}

/* Rules by hand stand in place of all that there were; takes `by_hand`. */
static void take(struct mock_api *api, struct mock_faults *by_hand,
                 struct sim_faults faults)
{
    mock_config_faults_fini(&api->faults);
    if (by_hand != NULL)
        api->faults = *by_hand;
    api->service.config.faults = faults;
}

/* Times count from now on. */
void mock_steer_set_faults(struct mock_visit *v)
{
    const struct mock_api_config *c = &v->api->config;
    struct lim_diag why = { 0 };
    struct mock_faults f;
    struct mock_json j;
    int error = LIM_OK;
    cJSON *root = mock_json_parse(v->q->body.at, v->q->body.length, &why);
    if (root == NULL) {
        mock_visit_fail(v, 400, NULL, NULL, "%s", why.text);
        return;
    }
    mock_config_faults_init(&f);
    mock_json_open(&j, root, "", &error, &why);
    mock_config_faults_read(&f, &j, c->any_key ? NULL : &c->provider,
                            v->q->now);
    cJSON_Delete(root);
    if (error != LIM_OK) {
        mock_config_faults_fini(&f);
        mock_visit_fail(v, 400, NULL, NULL, "%s", why.text);
        return;
    }
    take(v->api, &f, f.faults);
    mock_steer_faults(v);
}

void mock_steer_no_faults(struct mock_visit *v)
{
    take(v->api, NULL, sim_faults_none());
    mock_steer_faults(v);
}

/* Requests are numbered anew, so that the same ones draw the same again. */
void mock_steer_reset(struct mock_visit *v)
{
    struct mock_api *api = v->api;
    sim_provider_reset(api->provider, v->q->now);
    take(api, NULL, api->config.provider.faults);
    api->orders.count = 0;
    mock_patience_clear(&api->patience);
    mock_journal_clear(&api->journal);
    memset(api->statuses, 0, sizeof api->statuses);
    api->requests = 0;
    api->metered = 0;
    api->abandoned = 0;
    mock_text_puts(&v->a->body, "{\"status\":\"ok\"}\n");
}
