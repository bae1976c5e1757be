/* /healthz and /mock/state, /mock/clock: the daemon itself.  No key needed. */

#define _GNU_SOURCE

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "mockserver/azure.h"
#include "mockserver/json.h"
#include "mockserver/visit.h"

void mock_control_health(struct mock_visit *v)
{
    mock_text_puts(&v->a->body, "{\"status\":\"ok\"}\n");
}

static void add_now(struct mock_text *b, lim_time now)
{
    char date[40] = "";
    time_t seconds = (time_t)(now / LIM_SEC);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) != NULL)
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    mock_text_printf(b, "\"now\":%" PRId64 ",\"date\":\"%s.%09" PRId64 "Z\"",
                     now, date, now % LIM_SEC);
}

static void add_statuses(struct mock_text *b, const struct mock_api *api)
{
    bool first = true;
    mock_text_puts(b, ",\"statuses\":{");
    for (int i = 100; i < 600; i++) {
        if (api->statuses[i] == 0)
            continue;
        mock_text_printf(b, "%s\"%d\":%" PRIu64, first ? "" : ",", i,
                         api->statuses[i]);
        first = false;
    }
    mock_text_puts(b, "}");
}

static void add_connections(struct mock_text *b, struct mock_server_counters n)
{
    mock_text_printf(b,
                     ",\"server\":{\"connections\":%" PRIu64
                     ",\"waiting\":%" PRIu64 ",\"accepted\":%" PRIu64
                     ",\"refused\":%" PRIu64 "}",
                     n.connections, n.waiting, n.accepted, n.refused);
}

void mock_control_state(struct mock_visit *v)
{
    const struct mock_api *api = v->api;
    const struct mock_api_config *c = &api->config;
    struct mock_text *b = &v->a->body;
    mock_text_puts(b, "{\"version\":");
    mock_text_json_or_null(b, c->version);
    mock_text_puts(b, ",");
    add_now(b, v->q->now);
    mock_text_printf(b, ",\"speed\":%.17g,\"seed\":%" PRIu64 ",\"table\":",
                     c->speed, c->provider.seed);
    mock_text_json_or_null(b, c->provider.table != NULL
                                  ? lim_table_name(c->provider.table)
                                  : NULL);
    mock_text_printf(b, ",\"discipline\":\"%s\",\"dialect\":\"%s\"",
                     lim_discipline_name(c->provider.discipline),
                     mock_azure_dialect_name(c->manner.dialect));
    mock_text_printf(b,
                     ",\"organisations\":%" PRIu32 ",\"requests\":%" PRIu64
                     ",\"decisions\":%" PRIu64 ",\"in_flight\":%" PRId64
                     ",\"abandoned\":%" PRIu64,
                     sim_provider_organisations(api->provider), api->requests,
                     api->decisions, api->service.in_flight, api->abandoned);
    mock_text_printf(b,
                     ",\"ignored_retry_after\":{\"certain\":%" PRIu64
                     ",\"likely\":%" PRIu64 "}",
                     api->patience.certain, api->patience.likely);
    add_statuses(b, api);
    add_connections(b, mock_api_counters(api));
    mock_text_puts(b, "}\n");
}

static void add_clock(struct mock_text *b, const struct mock_api *api,
                      lim_time now)
{
    mock_text_puts(b, "{");
    add_now(b, now);
    mock_text_printf(b, ",\"speed\":%.17g,\"decisions\":%" PRIu64 "}\n",
                     api->config.speed, api->decisions);
}

void mock_control_clock(struct mock_visit *v)
{
    add_clock(&v->a->body, v->api, v->q->now);
}

/* A time: a date, or ns since the epoch; as a string, since numbers of JSON
   are exact only up to 2^53. */
static void read_time(struct mock_json *j, const char *key, lim_time *out)
{
    const cJSON *value = mock_json_get(j, key);
    const char *text = cJSON_IsString(value) ? value->valuestring : NULL;
    int64_t ns = 0;
    size_t length = text != NULL ? strlen(text) : 0;
    if (value == NULL)
        return;
    if (text == NULL)
        mock_json_int(j, key, 0, INT64_MAX, out);
    else if (length == strspn(text, "0123456789") && length == 19 &&
             mock_slice_number((struct mock_slice){ text, 18 }, &ns) &&
             ns < INT64_MAX / 10)
        *out = ns * 10 + (text[18] - '0');
    else if (!mock_slice_number((struct mock_slice){ text, length }, out))
        mock_json_date(j, key, out);
}

static int read_clock(const struct mock_question *q, struct mock_clock_wait *w,
                      struct lim_diag *diag)
{
    struct mock_json j;
    int error = LIM_OK;
    lim_time to = -1;
    int64_t advance = -1;
    int64_t after = 0;
    cJSON *root = mock_json_parse(q->body.at, q->body.length, diag);
    if (root == NULL)
        return LIM_EPARSE;
    mock_json_open(&j, root, "", &error, diag);
    read_time(&j, "to", &to);
    mock_json_duration(&j, "advance", &advance);
    mock_json_int(&j, "after_requests", 0, INT64_MAX, &after);
    mock_json_close(&j);
    if (error == LIM_OK && (to < 0) == (advance < 0))
        mock_json_wrong(&j, NULL, "expected \"advance\" or \"to\"");
    cJSON_Delete(root);
    *w = (struct mock_clock_wait){ .waiting = true,
                                   .to = to >= 0 ? to : q->now + advance,
                                   .after = (uint64_t)after };
    return error;
}

/* Who owns the clock moves it, when enough was decided, and answers then. */
void mock_control_set_clock(struct mock_visit *v)
{
    struct lim_diag why = { 0 };
    struct mock_clock_wait wait;
    if (v->api->config.several) {
        mock_visit_fail(v, 409, NULL, NULL,
                        "Several threads serve, each with its clock: it is "
                        "set only with --threads 1.");
    } else if (v->api->clock.waiting) {
        mock_visit_fail(v, 409, NULL, NULL,
                        "Another request to set the clock is waiting.");
    } else if (read_clock(v->q, &wait, &why) != LIM_OK) {
        mock_visit_fail(v, 400, NULL, NULL, "%s", why.text);
    } else {
        v->api->clock = wait;
        v->a->status = 0;
    }
}

void mock_api_clock_answer(struct mock_api *api, lim_time now,
                           struct mock_answer *a)
{
    assert(api->clock.waiting);
    mock_text_clear(&a->headers);
    mock_text_clear(&a->body);
    a->status = 200;
    a->type = "application/json";
    a->stream = (struct mock_stream){ 0 };
    a->at = now;
    a->flight = NULL;
    a->wire = MOCK_WIRE_WHOLE;
    a->date_shift_ns = 0;
    add_clock(&a->body, api, now);
    mock_text_printf(&a->headers, "x-mock-speed: %.17g\r\n", api->config.speed);
    api->statuses[200]++;
    api->clock.waiting = false;
    api->decisions = 0;
}
