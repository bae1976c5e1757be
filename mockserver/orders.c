/* /mock/kinds and /mock/next: answers by name.  No key needed. */

#include "mockserver/orders.h"

#include <inttypes.h>
#include <string.h>

#include "mockserver/json.h"
#include "mockserver/visit.h"

#define COUNT_MAX 1000000000

bool mock_orders_add(struct mock_orders *o, const struct mock_order *order)
{
    if (o->count == MOCK_ORDERS_MAX)
        return false;
    o->list[o->count++] = *order;
    return true;
}

static void drop(struct mock_orders *o, size_t i)
{
    o->count--;
    memmove(&o->list[i], &o->list[i + 1], (o->count - i) * sizeof o->list[0]);
}

const struct mock_kind *mock_orders_take(struct mock_orders *o,
                                         uint32_t organisation)
{
    for (size_t i = 0; i < o->count; i++) {
        struct mock_order *order = &o->list[i];
        const struct mock_kind *kind = order->kind;
        if (order->organisation >= 0 && order->organisation != organisation)
            continue;
        if (--order->left == 0)
            drop(o, i);
        return kind;
    }
    return NULL;
}

void mock_orders_kinds(struct mock_visit *v)
{
    struct mock_text *b = &v->a->body;
    mock_text_puts(b, "{\"kinds\":[");
    for (size_t i = 0; mock_kinds[i].name != NULL; i++)
        mock_text_printf(b,
                         "%s\n{\"kind\":\"%s\",\"status\":%d,\"type\":\"%s\"}",
                         i > 0 ? "," : "", mock_kinds[i].name,
                         mock_kinds[i].status, mock_kinds[i].type);
    mock_text_puts(b, "]}\n");
}

void mock_orders_get(struct mock_visit *v)
{
    const struct mock_orders *o = &v->api->orders;
    struct mock_text *b = &v->a->body;
    mock_text_puts(b, "{\"next\":[");
    for (size_t i = 0; i < o->count; i++) {
        const struct mock_order *order = &o->list[i];
        mock_text_printf(b, "%s\n{\"kind\":\"%s\",\"organisation\":",
                         i > 0 ? "," : "", order->kind->name);
        mock_text_json_or_null(
            b, order->organisation < 0
                   ? NULL
                   : sim_provider_organisation_name(
                         v->api->provider, (uint32_t)order->organisation));
        mock_text_printf(b, ",\"count\":%" PRId64 "}", order->left);
    }
    mock_text_puts(b, "]}\n");
}

static void read_kind(struct mock_json *j, struct mock_order *out)
{
    const char *name = "";
    mock_json_string(j, "kind", &name);
    out->kind = mock_kinds_find(name);
    if (out->kind == NULL)
        mock_json_wrong(j, "kind", "there is none such (see /mock/kinds)");
}

static void read_organisation(const struct sim_provider *p, struct mock_json *j,
                              struct mock_order *out)
{
    const char *name = NULL;
    mock_json_string(j, "organisation", &name);
    out->organisation = -1;
    if (name == NULL)
        return;
    for (uint32_t i = 0; i < sim_provider_organisations(p); i++)
        if (strcmp(name, sim_provider_organisation_name(p, i)) == 0)
            out->organisation = i;
    if (out->organisation < 0)
        mock_json_wrong(j, "organisation",
                        "there is none such "
                        "(see /mock/orgs)");
}

void mock_orders_post(struct mock_visit *v)
{
    struct mock_order order = { .left = 1 };
    struct lim_diag why = { 0 };
    struct mock_json j;
    int error = LIM_OK;
    cJSON *root = mock_json_parse(v->q->body.at, v->q->body.length, &why);
    if (root == NULL) {
        mock_visit_fail(v, 400, NULL, NULL, "%s", why.text);
        return;
    }
    mock_json_open(&j, root, "", &error, &why);
    read_kind(&j, &order);
    read_organisation(v->api->provider, &j, &order);
    mock_json_int(&j, "count", 1, COUNT_MAX, &order.left);
    mock_json_close(&j);
    cJSON_Delete(root);
    if (error != LIM_OK)
        mock_visit_fail(v, 400, NULL, NULL, "%s", why.text);
    else if (!mock_orders_add(&v->api->orders, &order))
        mock_visit_fail(v, 400, NULL, NULL, "There are %d orders already.",
                        MOCK_ORDERS_MAX);
    else
        mock_orders_get(v);
}

void mock_orders_delete(struct mock_visit *v)
{
    v->api->orders = (struct mock_orders){ .count = 0 };
    mock_orders_get(v);
}
