/* GET /v1/models and /v1/models/{id}: what the organisation's tier may use. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "limiter/tier.h"
#include "mockserver/jsontext.h"
#include "mockserver/units.h"
#include "mockserver/visit.h"

/* When a model came is not in the tables; it was there by the month, or the
   year, of its row: "2025-04-15", "2025/2026". */
static int64_t created_by(const char *as_of)
{
    int64_t created = 0;
    char month[12], year[12];
    snprintf(month, sizeof month, "%.7s-01", as_of);
    snprintf(year, sizeof year, "%.4s-01-01", as_of);
    return mock_units_date(month, &created) || mock_units_date(year, &created)
               ? created
               : 0;
}

static void add_model(struct mock_text *b, const char *id, const char *as_of)
{
    int64_t created = as_of != NULL ? created_by(as_of) : 0;
    mock_text_puts(b, "{\"id\":");
    mock_text_json(b, id, strlen(id));
    mock_text_printf(b,
                     ",\"object\":\"model\",\"created\":%" PRId64
                     ",\"owned_by\":\"system\"}",
                     created / LIM_SEC);
}

/* The row of a model that tier has, NULL if `i` is none or a pattern. */
static const struct lim_tier_row *row_at(const struct mock_visit *v, size_t i)
{
    const struct lim_table *t = v->api->config.provider.table;
    const struct lim_tier_row *row = lim_table_row(t, i);
    enum lim_tier tier =
        sim_provider_tier(v->api->provider, (uint32_t)v->organisation);
    bool pattern = strchr(row->model, '*') != NULL;
    return row->tier == tier && !pattern ? row : NULL;
}

static void list_table(struct mock_visit *v)
{
    size_t rows = lim_table_rows(v->api->config.provider.table);
    size_t n = 0;
    for (size_t i = 0; i < rows; i++) {
        const struct lim_tier_row *row = row_at(v, i);
        if (row == NULL)
            continue;
        if (n++ > 0)
            mock_text_puts(&v->a->body, ",");
        add_model(&v->a->body, row->model, row->as_of);
    }
}

/* Those of the configuration that the list does not have. */
static void list_own(struct mock_visit *v)
{
    const struct lim_prices *own = &v->api->config.provider.prices;
    for (size_t i = 0; i < own->count; i++) {
        const char *model = own->own[i].model;
        const struct lim_price *listed = lim_price_find(model);
        if (listed != NULL && strcmp(listed->model, model) == 0)
            continue;
        mock_text_puts(&v->a->body, ",");
        add_model(&v->a->body, model, NULL);
    }
}

/* Without a table every model is there; those with a price are listed. */
static void list_prices(struct mock_visit *v)
{
    const char *last = "";
    for (size_t i = 0; i < lim_price_count(); i++) {
        const struct lim_price *price = lim_price_at(i);
        if (strcmp(price->model, last) == 0)
            continue;
        if (last[0] != '\0')
            mock_text_puts(&v->a->body, ",");
        last = price->model;
        add_model(&v->a->body, last, price->as_of);
    }
    list_own(v);
}

void mock_models_list(struct mock_visit *v)
{
    mock_text_puts(&v->a->body, "{\"object\":\"list\",\"data\":[");
    if (v->api->config.provider.table != NULL)
        list_table(v);
    else
        list_prices(v);
    mock_text_puts(&v->a->body, "]}\n");
}

void mock_models_one(struct mock_visit *v)
{
    char id[128], quoted[128];
    const struct lim_table *table = v->api->config.provider.table;
    const struct lim_tier_row *row = NULL;
    int group = -1;
    snprintf(id, sizeof id, "%.*s",
             v->rest.length < sizeof id ? (int)v->rest.length : 0, v->rest.at);
    if (id[0] != '\0')
        group = sim_provider_group(v->api->provider, id);
    if (group < 0 ||
        !sim_provider_serves(v->api->provider, (uint32_t)v->organisation,
                             (unsigned)group)) {
        mock_visit_fail(v, 404, "model", "model_not_found",
                        "The model '%s' does not exist",
                        mock_jsontext_quote(id, quoted, sizeof quoted));
        return;
    }
    if (table != NULL)
        row = lim_table_find(
            table, id,
            sim_provider_tier(v->api->provider, (uint32_t)v->organisation));
    add_model(&v->a->body, id, row != NULL ? row->as_of : NULL);
    mock_text_puts(&v->a->body, "\n");
}
