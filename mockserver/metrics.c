/* GET /metrics: the daemon for Prometheus, text format 0.0.4 */

#include <inttypes.h>

#include "mockserver/samples.h"
#include "mockserver/visit.h"

/* So many organisations are told of; there may be as many as keys. */
#define ORGANISATIONS_MAX 1000

static void begin(struct mock_text *b, const char *name, const char *type,
                  const char *help)
{
    mock_samples_begin(b, "tierlab_mock_", name, type, help);
}

static void add_plain(struct mock_text *b, const char *name, const char *type,
                      const char *help, double value)
{
    begin(b, name, type, help);
    mock_text_printf(b, "tierlab_mock_%s %.17g\n", name, value);
}

static void add_statuses(struct mock_text *b, const struct mock_api *api)
{
    begin(b, "requests_total", "counter", "Answers by status.");
    for (int i = 100; i < 600; i++)
        if (api->statuses[i] > 0)
            mock_text_printf(b,
                             "tierlab_mock_requests_total{status=\"%d\"} "
                             "%" PRIu64 "\n",
                             i, api->statuses[i]);
}

static void add_daemon(struct mock_text *b, const struct mock_api *api,
                       lim_time now)
{
    begin(b, "build_info", "gauge", "Always 1.");
    mock_text_puts(b, "tierlab_mock_build_info{");
    mock_samples_label(b, "version", api->config.version);
    mock_text_puts(b, "} 1\n");
    add_plain(b, "clock_seconds", "gauge", "The daemon's time.",
              (double)now / LIM_SEC);
    add_plain(b, "speed", "gauge", "Its clock against that on the wall.",
              api->config.speed);
    add_plain(b, "in_flight", "gauge", "Admitted requests without an end.",
              (double)api->service.in_flight);
    add_plain(b, "abandoned_total", "counter", "Answers nobody waited for.",
              (double)api->abandoned);
    add_plain(b, "fault_rules", "gauge", "Rules of what goes wrong.",
              (double)api->service.config.faults.count);
    begin(b, "ignored_retry_after_total", "counter",
          "Requests that came before the time that a 429 told.");
    mock_text_printf(
        b,
        "tierlab_mock_ignored_retry_after_total{by=\"retry\"} %" PRIu64
        "\ntierlab_mock_ignored_retry_after_total{by=\"other\"} %" PRIu64 "\n",
        api->patience.certain, api->patience.likely);
}

static void add_server(struct mock_text *b, struct mock_server_counters n)
{
    add_plain(b, "connections", "gauge", "Open connections.",
              (double)n.connections);
    add_plain(b, "waiting", "gauge", "Requests without an answer sent.",
              (double)n.waiting);
    add_plain(b, "connections_total", "counter", "Connections accepted.",
              (double)n.accepted);
    add_plain(b, "unreadable_total", "counter",
              "Requests refused as no HTTP, too long or too slow.",
              (double)n.refused);
}

static uint32_t organisations(const struct mock_api *api)
{
    uint32_t n = sim_provider_organisations(api->provider);
    return n < ORGANISATIONS_MAX ? n : ORGANISATIONS_MAX;
}

static void add_money(struct mock_text *b, const struct mock_api *api,
                      lim_time now)
{
    const struct sim_provider *p = api->provider;
    begin(b, "spent_usd", "gauge", "Spend of this month.");
    for (uint32_t i = 0; i < organisations(api); i++) {
        mock_text_puts(b, "tierlab_mock_spent_usd{");
        mock_samples_label(b, "organisation",
                           sim_provider_organisation_name(p, i));
        mock_text_puts(b, ",");
        mock_samples_label(b, "tier", lim_tier_name(sim_provider_tier(p, i)));
        mock_text_printf(b, "} %.6f\n",
                         (double)sim_provider_spent(p, i, now) / 1e6);
    }
}

static void add_decided(struct mock_text *b, const struct mock_api *api)
{
    begin(b, "decisions_total", "counter", "What limits admitted and refused.");
    for (uint32_t i = 0; i < organisations(api); i++) {
        struct sim_decided d = sim_provider_decided(api->provider, i);
        const uint64_t counts[2] = { d.admitted, d.refused };
        for (int k = 0; k < 2 && d.admitted + d.refused > 0; k++) {
            mock_text_puts(b, "tierlab_mock_decisions_total{");
            mock_samples_label(
                b, "organisation",
                sim_provider_organisation_name(api->provider, i));
            mock_text_puts(b, ",");
            mock_samples_label(b, "decision", k == 0 ? "admitted" : "refused");
            mock_text_printf(b, "} %" PRIu64 "\n", counts[k]);
        }
    }
}

/* The families of windows: what is told of each. */
enum of_window { LIMIT, LEVEL, ADMITTED };

static void add_window(struct mock_visit *v, const char *family,
                       enum of_window of, uint32_t organisation, unsigned group,
                       enum lim_limit limit)
{
    const struct mock_api *api = v->api;
    const struct lim_table *t = api->config.provider.table;
    struct mock_text *b = &v->a->body;
    struct sim_window_view w;
    sim_provider_window(api->provider, organisation, group, limit, v->q->now,
                        &w);
    if (w.limit == LIM_UNLIMITED || (w.admitted == 0 && w.used_ns == 0))
        return;
    mock_text_printf(b, "tierlab_mock_%s{", family);
    mock_samples_label(
        b, "organisation",
        sim_provider_organisation_name(api->provider, organisation));
    mock_text_puts(b, ",");
    mock_samples_label(b, "group",
                       t != NULL ? lim_table_group_name(t, group) : "all");
    mock_text_puts(b, ",");
    mock_samples_label(b, "limit", lim_limit_name(limit));
    if (of == LIMIT)
        mock_text_printf(b, "} %" PRId64 "\n", w.limit);
    else if (of == LEVEL)
        mock_text_printf(b, "} %.9g\n", w.level);
    else
        mock_text_printf(b, "} %" PRId64 "\n", w.admitted);
}

static void add_windows(struct mock_visit *v, const char *family,
                        enum of_window of, const char *type, const char *help)
{
    const struct lim_table *t = v->api->config.provider.table;
    unsigned groups = t != NULL ? (unsigned)lim_table_groups(t) : 1;
    begin(&v->a->body, family, type, help);
    for (uint32_t i = 0; i < organisations(v->api); i++)
        for (unsigned g = 0; g < groups; g++)
            for (int l = 0; l < LIM_WINDOWS; l++)
                add_window(v, family, of, i, g, (enum lim_limit)l);
}

void mock_metrics_get(struct mock_visit *v)
{
    struct mock_text *b = &v->a->body;
    v->a->type = MOCK_SAMPLES_TYPE;
    for (uint32_t i = 0; i < organisations(v->api); i++)
        sim_provider_advance(v->api->provider, i, v->q->now);
    add_daemon(b, v->api, v->q->now);
    add_server(b, mock_api_counters(v->api));
    add_statuses(b, v->api);
    add_money(b, v->api, v->q->now);
    add_decided(b, v->api);
    add_windows(v, "window_limit", LIMIT, "gauge", "What a full window holds.");
    add_windows(v, "window_level", LEVEL, "gauge", "What is left in a window.");
    add_windows(v, "window_taken_total", ADMITTED, "counter",
                "Units taken from a window.");
}
