#include "mockserver/api.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/rng.h"
#include "mockserver/access.h"
#include "mockserver/flight.h"
#include "mockserver/jsonroom.h"
#include "mockserver/routes.h"
#include "mockserver/shown.h"
#include "mockserver/visit.h"

/* What the draws of request number n are for. */
enum { ID_REQUEST, ID_REQUEST_LOW, ID_FREE };

struct mock_api *mock_api_new(const struct mock_api_config *config,
                              struct lim_diag *diag)
{
    struct mock_api *api = calloc(1, sizeof *api);
    if (api == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "%s", lim_strerror(LIM_ENOMEM));
        return NULL;
    }
    api->config = *config;
    mock_jsonroom_open();
    snprintf(api->speed_line, sizeof api->speed_line, "x-mock-speed: %.17g\r\n",
             config->speed);
    if (!mock_journal_init(&api->journal)) {
        lim_fail(diag, LIM_ENOMEM, 0, "%s", lim_strerror(LIM_ENOMEM));
        goto fail;
    }
    if (sim_service_init(&api->service, &config->provider, diag) != LIM_OK)
        goto fail;
    api->provider = api->service.provider;
    const struct lim_table *table = config->provider.table;
    mock_patience_init(&api->patience,
                       table != NULL ? (unsigned)lim_table_groups(table) : 1,
                       config->speed);
    if (mock_access_init(api, diag) == LIM_OK)
        return api;
fail:
    mock_api_free(api);
    return NULL;
}

void mock_api_free(struct mock_api *api)
{
    if (api == NULL)
        return;
    mock_keys_fini(&api->keys);
    mock_config_faults_fini(&api->faults);
    mock_patience_fini(&api->patience);
    mock_journal_fini(&api->journal);
    sim_service_fini(&api->service);
    free(api->servers);
    free(api);
}

bool mock_api_add_server(struct mock_api *api, const struct mock_server *server)
{
    const struct mock_server **grown =
        realloc(api->servers, (api->server_count + 1) * sizeof api->servers[0]);
    if (grown == NULL)
        return false;
    grown[api->server_count++] = server;
    api->servers = grown;
    return true;
}

struct mock_server_counters mock_api_counters(const struct mock_api *api)
{
    struct mock_server_counters sum = { 0 };
    for (size_t i = 0; i < api->server_count; i++)
        mock_server_count(api->servers[i], &sum);
    return sum;
}

void mock_answer_fini(struct mock_answer *a)
{
    mock_text_fini(&a->headers);
    mock_text_fini(&a->body);
}

uint64_t mock_api_draw(const struct mock_api *api, uint64_t item,
                       uint64_t index)
{
    uint64_t seed = api->config.provider.seed;
    return lim_rng_draw(lim_rng_stream(seed, LIM_DRAW_ID), item, index);
}

void mock_api_request_id(const struct mock_api *api, uint64_t out[2])
{
    out[0] = mock_api_draw(api, api->requests, ID_REQUEST);
    out[1] = mock_api_draw(api, api->requests, ID_REQUEST_LOW);
}

uint64_t mock_visit_draw(const struct mock_visit *v, uint64_t index)
{
    return mock_api_draw(v->api, v->api->requests, ID_FREE + index);
}

void mock_visit_fail(struct mock_visit *v, int status, const char *param,
                     const char *code, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    const struct mock_error e = { .message = message,
                                  .type = status < 500 ? MOCK_INVALID_REQUEST
                                                       : "server_error",
                                  .param = param,
                                  .code = code };
    v->a->status = status;
    mock_text_clear(&v->a->body);
    mock_words_error(&v->a->body, &e);
}

static void add_headers(struct mock_visit *v)
{
    struct mock_api *api = v->api;
    struct mock_text *h = &v->a->headers;
    struct mock_shown_source source = {
        .processing_ns = v->a->at - v->q->now,
    };
    mock_api_request_id(api, source.id);
    if (v->organisation >= 0 && !v->nameless) {
        uint32_t index = (uint32_t)v->organisation;
        source.organisation =
            sim_provider_organisation_name(api->provider, index);
        source.project = sim_provider_project_name(api->provider, index);
    }
    if (!v->edge)
        mock_shown_source(h, &api->config.manner, &source);
    mock_text_puts(h, api->speed_line);
}

static void log_slice(struct mock_text *line, const char *key,
                      struct mock_slice s)
{
    mock_text_printf(line, ",\"%s\":", key);
    if (s.at == NULL)
        mock_text_puts(line, "null");
    else
        mock_text_json(line, s.at, s.length);
}

/* The query and the key stay out of it. */
static void write_log(const struct mock_visit *v)
{
    const struct mock_api *api = v->api;
    const char *organisation = NULL, *project = NULL;
    struct mock_text line = { 0 };
    if (v->organisation >= 0) {
        uint32_t index = (uint32_t)v->organisation;
        organisation = sim_provider_organisation_name(api->provider, index);
        project = sim_provider_project_name(api->provider, index);
    }
    mock_text_printf(&line, "{\"time_ns\":%" PRId64 ",\"request\":%" PRIu64,
                     v->q->now, api->requests);
    log_slice(&line, "client_request", v->q->client_request);
    log_slice(&line, "method", v->q->method);
    log_slice(&line, "path", v->q->path);
    mock_text_puts(&line, ",\"organisation\":");
    mock_text_json_or_null(&line, organisation);
    mock_text_puts(&line, ",\"project\":");
    mock_text_json_or_null(&line, project);
    mock_text_puts(&line, ",\"model\":");
    mock_text_json_or_null(&line, v->model[0] != '\0' ? v->model : NULL);
    mock_text_printf(&line, ",\"status\":%d,\"limit\":", v->a->status);
    mock_text_json_or_null(
        &line, v->limit < 0 ? NULL : lim_limit_name((enum lim_limit)v->limit));
    mock_text_puts(&line, ",\"tokens\":");
    if (v->tokens < 0)
        mock_text_puts(&line, "null");
    else
        mock_text_printf(&line, "%" PRId64, v->tokens);
    mock_text_printf(&line, ",\"latency_ns\":%" PRId64 "}\n",
                     v->a->at - v->q->now);
    if (!line.failed)
        fwrite(line.data, 1, line.length, api->config.log);
    mock_text_fini(&line);
}

static void copy(char *out, size_t size, const char *text, size_t length)
{
    size_t n = length < size ? length : size - 1;
    if (n > 0)
        memcpy(out, text, n);
    out[n] = '\0';
}

static void write_journal(const struct mock_visit *v)
{
    struct mock_journal_entry *e = mock_journal_next(&v->api->journal);
    int64_t retry = -1;
    (void)mock_slice_number(v->q->retry_count, &retry);
    e->time = v->q->now;
    e->organisation = v->organisation;
    e->tokens = v->tokens;
    e->latency_ns = v->a->at - v->q->now;
    e->status = v->a->status;
    e->limit = v->limit;
    e->fault = (int)v->fault;
    e->retry = retry < INT32_MAX ? (int)retry : INT32_MAX;
    e->ignored = v->ignored;
    copy(e->path, sizeof e->path, v->q->path.at, v->q->path.length);
    copy(e->model, sizeof e->model, v->model, strlen(v->model));
}

static void no_memory(struct mock_answer *a)
{
    mock_text_clear(&a->headers);
    mock_text_clear(&a->body);
    if (a->stream.next != NULL && a->stream.free != NULL)
        a->stream.free(a->stream.context);
    a->stream = (struct mock_stream){ 0 };
    a->status = 500;
}

static void finish(struct mock_visit *v)
{
    struct mock_answer *a = v->a;
    if (a->status == 0)
        return;
    add_headers(v);
    if (a->headers.failed || a->body.failed)
        no_memory(a);
    assert(a->status >= 0);
    assert(a->status < 600);
    v->api->statuses[a->status]++;
    if (v->is_api)
        write_journal(v);
    if (v->api->config.log != NULL)
        write_log(v);
}

void mock_api_answer(struct mock_api *api, const struct mock_question *q,
                     struct mock_answer *a)
{
    struct mock_visit v = { .api = api,
                            .q = q,
                            .a = a,
                            .organisation = -1,
                            .limit = -1,
                            .tokens = -1 };
    mock_text_clear(&a->headers);
    mock_text_clear(&a->body);
    a->status = 200;
    a->type = "application/json";
    a->stream = (struct mock_stream){ 0 };
    a->at = q->now;
    a->flight = NULL;
    a->wire = MOCK_WIRE_WHOLE;
    a->date_shift_ns = 0;
    api->requests++;
    mock_routes_go(&v);
    finish(&v);
}

void mock_api_abandon(struct mock_api *api, const struct mock_flight *flight)
{
    api->abandoned++;
    if (flight->call.group >= 0)
        mock_patience_excuse(
            &api->patience,
            mock_access_owner(api, (int64_t)flight->call.organisation),
            (unsigned)flight->call.group);
}

void mock_api_end(struct mock_api *api, struct mock_flight *flight,
                  lim_time now)
{
    /* The answer is given: without memory its reservation just stays. */
    const struct sim_debt debt = sim_service_debt(&flight->call, &flight->plan);
    (void)sim_service_end(&api->service, &debt, now);
    free(flight);
}

bool mock_api_clock_due(const struct mock_api *api)
{
    return api->clock.waiting && api->decisions >= api->clock.after;
}
