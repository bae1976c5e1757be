#include "mockserver/meter.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/access.h"
#include "mockserver/flight.h"
#include "mockserver/jsonroom.h"
#include "mockserver/jsontext.h"
#include "mockserver/refuse.h"

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

void mock_meter_bool(struct mock_meter *m, const char *key, bool *out)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(m->root, key);
    if (value == NULL || cJSON_IsNull(value))
        return;
    if (cJSON_IsBool(value))
        *out = cJSON_IsTrue(value);
    else
        mock_meter_type(m, key, value, "a boolean");
}

static bool parse(struct mock_visit *v, struct mock_meter *m)
{
    struct mock_slice body = v->q->body;
    struct lim_diag why = { 0 };
    if (mock_jsontext_check(body.at, body.length, BODY_DEPTH, &why)) {
        m->root = mock_jsonroom_parse(body.at, body.length);
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

static bool read_model(struct mock_visit *v, struct mock_meter *m,
                       const char *default_model)
{
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(m->root, "model");
    m->model = default_model;
    if (v->deployment[0] != '\0') {
        m->model = v->deployment;
        return true;
    }
    if (model == NULL && default_model == NULL) {
        mock_visit_fail(v, 400, NULL, NULL,
                        "you must provide a model parameter");
        return false;
    }
    if (model != NULL && !cJSON_IsString(model)) {
        mock_visit_fail(v, 400, "model", "invalid_type",
                        "Invalid type for 'model': expected a string, but got "
                        "%s instead.",
                        kind_of(model));
        return false;
    }
    if (model != NULL)
        m->model = model->valuestring;
    return true;
}

/* Clients ask for the same few models again and again. */
static void resolve(struct mock_api *api, struct mock_meter *m)
{
    size_t length = strlen(m->model);
    size_t hash = length > 0 ? length + (unsigned char)m->model[length - 1] : 0;
    struct mock_known *k = &api->known[hash % MOCK_KNOWN];
    bool fits = length > 0 && length < sizeof k->model;
    if (!fits || memcmp(k->model, m->model, length + 1) != 0) {
        m->call.model = m->model;
        sim_service_resolve(&api->service, &m->call);
        if (!fits)
            return;
        memcpy(k->model, m->model, length + 1);
        k->call = m->call;
    }
    m->call = k->call;
    m->call.model = m->model;
}

static bool find_model(struct mock_visit *v, struct mock_meter *m)
{
    mock_jsontext_quote(m->model, v->model, sizeof v->model);
    resolve(v->api, m);
    if (m->call.group >= 0 &&
        sim_provider_serves(v->api->provider, (uint32_t)v->organisation,
                            (unsigned)m->call.group))
        return true;
    mock_refuse_model(v, m->model);
    return false;
}

/* The reply's length, where the client says it. */
static void read_length(const struct mock_visit *v, struct mock_meter *m)
{
    struct mock_slice wanted = v->q->completion_tokens;
    if (wanted.at != NULL &&
        (!mock_slice_number(wanted, &m->completion_tokens) ||
         m->completion_tokens > REPLY_MAX))
        mock_meter_wrong(m, NULL, NULL,
                         "Invalid header x-mock-completion-tokens: expected a "
                         "whole number from 0 to %d.",
                         REPLY_MAX);
}

static const struct mock_meter empty = { .call = { .group = -1 },
                                         .max_tokens = -1,
                                         .completion_tokens = -1 };

bool mock_meter_open(struct mock_visit *v, struct mock_meter *m,
                     const char *default_model)
{
    *m = empty;
    if (!parse(v, m) || !read_model(v, m, default_model) || !find_model(v, m))
        return false;
    read_length(v, m);
    return true;
}

bool mock_meter_open_form(struct mock_visit *v, struct mock_meter *m,
                          const char *model)
{
    *m = empty;
    m->model = v->deployment[0] != '\0' ? v->deployment : model;
    if (!find_model(v, m))
        return false;
    read_length(v, m);
    return true;
}

void mock_meter_fini(struct mock_meter *m)
{
    mock_jsonroom_delete(m->root);
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

static struct mock_patience_call caller(const struct mock_visit *v,
                                        const struct mock_meter *m)
{
    int64_t retry = 0;
    struct mock_slice count = v->q->retry_count;
    bool numbered = mock_slice_number(count, &retry);
    return (struct mock_patience_call){
        .organisation = mock_access_owner(v->api, v->organisation),
        .group = (unsigned)m->call.group,
        .numbered = numbered,
        .retry = retry > 0,
        .now = v->q->now,
    };
}

/* Older wordings tell no time in their headers. */
static void watch_refused(struct mock_visit *v, const struct mock_meter *m,
                          const struct sim_verdict *verdict)
{
    int64_t hint = verdict->shown.hint_ns;
    struct mock_patience_call c = caller(v, m);
    if (verdict->answer == SIM_RATE_LIMITED && hint >= 0 &&
        v->api->config.manner.era == MOCK_ERA_NOW)
        v->ignored =
            mock_patience_refused(&v->api->patience, &c, v->q->now + hint);
}

static void refuse(struct mock_visit *v, const struct mock_meter *m,
                   const struct sim_verdict *verdict)
{
    watch_refused(v, m, verdict);
    const struct mock_refuse_request r = { .model = m->model,
                                           .images = m->images > 0 };
    mock_refuse_verdict(v, &r, verdict);
}

static void fail_memory(struct mock_visit *v)
{
    mock_visit_fail(v, 500, NULL, NULL, "%s", lim_strerror(LIM_ENOMEM));
}

static void answer_mistake(struct mock_visit *v, const struct mock_meter *m,
                           const struct sim_verdict *verdict)
{
    mock_visit_fail(v, 400, m->param[0] != '\0' ? m->param : NULL, m->code,
                    "%s", m->problem.data != NULL ? m->problem.data : "");
    mock_refuse_show(v, verdict);
}

static void answer_fault(struct mock_visit *v, enum sim_fault fault,
                         const char *model)
{
    enum mock_era era = v->api->config.manner.era;
    mock_refuse_kind(v, mock_kinds_of_fault(fault, era), model);
}

static enum mock_wire wire_of(enum sim_fault fault, bool streams)
{
    static const enum mock_wire of[SIM_FAULTS] = {
        [SIM_FAULT_TIMEOUT] = MOCK_WIRE_SILENT,
        [SIM_FAULT_RESET] = MOCK_WIRE_RESET,
        [SIM_FAULT_RESET_IN_HEAD] = MOCK_WIRE_RESET_IN_HEAD,
        [SIM_FAULT_RESET_AFTER_HEAD] = MOCK_WIRE_RESET_AFTER_HEAD,
        [SIM_FAULT_CUT_STREAM] = MOCK_WIRE_CUT_BODY,
        [SIM_FAULT_WRONG_LENGTH] = MOCK_WIRE_LONG,
    };
    /* a stream is cut amid its tokens, and has no length to be wrong */
    if (streams &&
        (fault == SIM_FAULT_CUT_STREAM || fault == SIM_FAULT_WRONG_LENGTH))
        return MOCK_WIRE_WHOLE;
    return of[fault];
}

/* Puts an admitted request into the answer.  False: a 500 is all of it. */
static bool carry_out(struct mock_visit *v, const struct mock_meter *m,
                      struct mock_flight *f)
{
    struct mock_answer *a = v->a;
    const struct sim_plan *plan = &f->plan;
    bool streams = f->call.stream;
    a->flight = f;
    a->status = plan->status != 0 ? plan->status : 200;
    a->at =
        v->q->now + (streams ? plan->timing.ttft_ns : plan->timing.total_ns);
    a->wire = wire_of(plan->fault, streams);
    if (plan->fault == SIM_FAULT_CLOCK_SKEW)
        a->date_shift_ns = -LIM_HOUR;
    if (plan->fault == SIM_FAULT_HTTP_500) {
        answer_fault(v, plan->fault, m->model);
        return false;
    }
    mock_refuse_show(v, &plan->verdict);
    return true;
}

static bool decide(struct mock_visit *v, const struct mock_meter *m,
                   struct mock_flight *f)
{
    struct sim_service *s = &v->api->service;
    f->call = m->call;
    f->call.organisation = (uint32_t)v->organisation;
    f->call.prompt_tokens = m->prompt_tokens;
    f->call.max_tokens = m->max_tokens;
    f->call.completion_tokens = m->completion_tokens;
    f->call.images = m->images;
    f->call.stream = m->stream;
    f->call.wrong = m->wrong;
    number(v, &f->call);
    bool ok = sim_service_begin(s, &f->call, v->q->now, &f->plan) == LIM_OK;
    f->call.model = NULL;
    return ok;
}

static void watch(struct mock_visit *v, const struct mock_meter *m,
                  const struct sim_plan *plan)
{
    struct mock_patience *p = &v->api->patience;
    struct mock_patience_call c = caller(v, m);
    if (plan->admitted)
        mock_patience_admitted(p, &c);
    v->fault = plan->fault;
    if (plan->fault != SIM_FAULT_NONE)
        mock_patience_excuse(p, c.organisation, c.group);
}

const struct sim_plan *mock_meter_admit(struct mock_visit *v,
                                        struct mock_meter *m)
{
    struct mock_flight *f = malloc(sizeof *f);
    if (f == NULL || !decide(v, m, f)) {
        fail_memory(v);
        free(f);
        return NULL;
    }
    v->tokens = f->plan.cost.amount[LIM_TOKENS];
    watch(v, m, &f->plan);
    if (f->plan.admitted)
        return carry_out(v, m, f) ? &f->plan : NULL;
    if (f->plan.verdict.answer == SIM_UNASKED)
        answer_fault(v, f->plan.fault, m->model);
    else if (f->plan.verdict.answer == SIM_WRONG)
        answer_mistake(v, m, &f->plan.verdict);
    else
        refuse(v, m, &f->plan.verdict);
    free(f);
    return NULL;
}
