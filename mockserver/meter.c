#include "mockserver/meter.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/flight.h"
#include "mockserver/jsontext.h"

#define BODY_DEPTH 64
#define REPLY_MAX 1000000 /* tokens that a client may ask a reply for */

static const char *kind_of(const cJSON *value)
{
    if (cJSON_IsString(value))
        return "a string";
    if (cJSON_IsArray(value))
        return "an array";
    if (cJSON_IsObject(value))
        return "an object";
    if (cJSON_IsBool(value))
        return "a boolean";
    if (!cJSON_IsNumber(value))
        return "null";
    double d = value->valuedouble;
    return d >= -1e15 && d <= 1e15 && d == (double)(int64_t)d
               ? "an integer"
               : "a decimal number";
}

void mock_meter_wrong(struct mock_meter *m, const char *param, const char *code,
                      const char *format, ...)
{
    char text[512];
    va_list args;
    if (m->wrong)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    m->wrong = true;
    m->code = code;
    snprintf(m->param, sizeof m->param, "%s", param != NULL ? param : "");
    mock_text_puts(&m->problem, text);
}

void mock_meter_type(struct mock_meter *m, const char *param,
                     const cJSON *found, const char *expected)
{
    mock_meter_wrong(m, param, "invalid_type",
                     "Invalid type for '%s': expected %s, but got %s instead.",
                     param, expected, kind_of(found));
}

void mock_meter_int(struct mock_meter *m, const char *key, int64_t min,
                    int64_t max, int64_t *out)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(m->root, key);
    if (value == NULL || cJSON_IsNull(value))
        return;
    if (strcmp(kind_of(value), "an integer") != 0)
        mock_meter_type(m, key, value, "an integer");
    else if (value->valuedouble < (double)min)
        mock_meter_wrong(m, key, "integer_below_min_value",
                         "Invalid '%s': integer below minimum value. Expected "
                         "a value >= %" PRId64 ", but got %.0f instead.",
                         key, min, value->valuedouble);
    else if (value->valuedouble > (double)max)
        mock_meter_wrong(m, key, "integer_above_max_value",
                         "Invalid '%s': integer above maximum value. Expected "
                         "a value <= %" PRId64 ", but got %.0f instead.",
                         key, max, value->valuedouble);
    else
        *out = (int64_t)value->valuedouble;
}

static bool parse(struct mock_visit *v, struct mock_meter *m)
{
    struct mock_slice body = v->q->body;
    struct lim_diag why = { 0 };
    if (mock_jsontext_check(body.at, body.length, BODY_DEPTH, &why)) {
        m->root = cJSON_ParseWithLength(body.at, body.length);
        if (cJSON_IsObject(m->root))
            return true;
        snprintf(why.text, sizeof why.text, "column 1: expected an object");
        why.line = 1;
    }
    mock_visit_fail(v, 400, NULL, NULL,
                    "We could not parse the JSON body of your request. "
                    "(line %d, %s)",
                    why.line, why.text);
    return false;
}

static bool find_model(struct mock_visit *v, struct mock_meter *m)
{
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(m->root, "model");
    if (model == NULL) {
        mock_visit_fail(v, 400, NULL, NULL,
                        "you must provide a model parameter");
        return false;
    }
    if (!cJSON_IsString(model)) {
        mock_visit_fail(v, 400, "model", "invalid_type",
                        "Invalid type for 'model': expected a string, but got "
                        "%s instead.",
                        kind_of(model));
        return false;
    }
    m->model = model->valuestring;
    mock_jsontext_quote(m->model, v->model, sizeof v->model);
    m->group = sim_provider_group(v->api->provider, m->model);
    if (m->group >= 0 &&
        sim_provider_serves(v->api->provider, (uint32_t)v->organisation,
                            (unsigned)m->group))
        return true;
    v->a->status = 404;
    mock_words_no_model(&v->a->body, m->model);
    return false;
}

bool mock_meter_open(struct mock_visit *v, struct mock_meter *m)
{
    *m = (struct mock_meter){ .group = -1,
                              .max_tokens = -1,
                              .completion_tokens = -1 };
    if (!parse(v, m) || !find_model(v, m))
        return false;
    struct mock_slice wanted = v->q->completion_tokens;
    if (wanted.at != NULL &&
        (!mock_slice_number(wanted, &m->completion_tokens) ||
         m->completion_tokens > REPLY_MAX))
        mock_meter_wrong(m, NULL, NULL,
                         "Invalid header x-mock-completion-tokens: expected a "
                         "whole number from 0 to %d.",
                         REPLY_MAX);
    return true;
}

void mock_meter_fini(struct mock_meter *m)
{
    cJSON_Delete(m->root);
    mock_text_fini(&m->problem);
}

/*
 * "<request>" or "<request>-<attempt>" keys the draws; else requests are
 * numbered as they come, and an SDK's count of retries is the attempt.
 */
static void number(struct mock_visit *v, struct sim_call *call)
{
    struct mock_slice id = v->q->client_request;
    struct mock_slice tail = { 0 };
    int64_t request = 0;
    int64_t attempt = 0;
    const char *dash = id.at != NULL ? memchr(id.at, '-', id.length) : NULL;
    if (dash != NULL) {
        tail.at = dash + 1;
        tail.length = id.length - (size_t)(tail.at - id.at);
        id.length = (size_t)(dash - id.at);
    } else {
        tail = v->q->retry_count;
    }
    bool counted = mock_slice_number(tail, &attempt) && attempt < 1000000;
    if (!mock_slice_number(id, &request) || (dash != NULL && !counted))
        request = (int64_t)v->api->metered++;
    call->request = (uint64_t)request;
    call->attempt = counted ? (unsigned)attempt : 0;
}

static void refuse(struct mock_visit *v, const struct mock_meter *m,
                   const struct sim_verdict *verdict)
{
    struct sim_provider *p = v->api->provider;
    uint32_t organisation = (uint32_t)v->organisation;
    const struct lim_table *table = v->api->config.provider.table;
    const struct mock_refused r = {
        .model = m->model,
        .group = table != NULL ? lim_table_group(table, m->model) : NULL,
        .organisation = sim_provider_organisation_name(p, organisation),
        .free_tier = sim_provider_tier(p, organisation) == LIM_TIER_FREE,
    };
    v->limit = (int)verdict->limit;
    if (verdict->answer == SIM_NO_MODEL) {
        v->a->status = 404;
        mock_words_no_model(&v->a->body, m->model);
        return;
    }
    v->a->status = 429;
    mock_words_refusal(&v->a->body, &r, verdict);
    mock_words_limit_headers(&v->a->headers, &verdict->shown);
}

static void fail_memory(struct mock_visit *v)
{
    mock_visit_fail(v, 500, NULL, NULL, "%s", lim_strerror(LIM_ENOMEM));
}

/* A request with a mistake in it meets the limits like any other. */
static void answer_mistake(struct mock_visit *v, struct mock_meter *m)
{
    struct sim_provider *p = v->api->provider;
    uint32_t organisation = (uint32_t)v->organisation;
    unsigned group = (unsigned)m->group;
    bool charged = v->api->config.provider.charge.bad_request;
    struct lim_cost cost = { { 0 } };
    struct sim_verdict verdict;
    if (charged) {
        cost.amount[LIM_REQUESTS] = 1;
        cost.amount[LIM_TOKENS] =
            lim_estimate_tokens(m->prompt_tokens, m->max_tokens);
        v->tokens = cost.amount[LIM_TOKENS];
        if (sim_provider_admit(p, organisation, group, &cost, v->q->now,
                               &verdict) != LIM_OK) {
            fail_memory(v);
            return;
        }
        if (verdict.answer != SIM_ADMITTED) {
            refuse(v, m, &verdict);
            return;
        }
    } else {
        sim_provider_probe(p, organisation, group, &cost, v->q->now, &verdict);
        verdict.shown.hint_ns = -1;
    }
    mock_visit_fail(v, 400, m->param[0] != '\0' ? m->param : NULL, m->code,
                    "%s", m->problem.data != NULL ? m->problem.data : "");
    mock_words_limit_headers(&v->a->headers, &verdict.shown);
}

const struct sim_plan *mock_meter_admit(struct mock_visit *v,
                                        struct mock_meter *m)
{
    if (m->wrong) {
        answer_mistake(v, m);
        return NULL;
    }
    struct mock_flight *f = malloc(sizeof *f);
    if (f == NULL) {
        fail_memory(v);
        return NULL;
    }
    f->call = (struct sim_call){ .organisation = (uint32_t)v->organisation,
                                 .model = m->model,
                                 .prompt_tokens = m->prompt_tokens,
                                 .max_tokens = m->max_tokens,
                                 .completion_tokens = m->completion_tokens };
    number(v, &f->call);
    sim_service_resolve(v->api->provider, &v->api->config.provider, &f->call);
    if (sim_service_begin(v->api->provider, &v->api->config.provider, &f->call,
                          v->q->now, &f->plan) != LIM_OK) {
        fail_memory(v);
        free(f);
        return NULL;
    }
    f->call.model = NULL;
    v->tokens = f->plan.cost.amount[LIM_TOKENS];
    if (f->plan.verdict.answer != SIM_ADMITTED) {
        refuse(v, m, &f->plan.verdict);
        free(f);
        return NULL;
    }
    v->api->in_flight++;
    v->a->flight = f;
    v->a->at = v->q->now + f->plan.timing.total_ns;
    mock_words_limit_headers(&v->a->headers, &f->plan.verdict.shown);
    return &f->plan;
}
