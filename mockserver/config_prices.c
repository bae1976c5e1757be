/* The "prices" of a provider, by model. */

#include "mockserver/config_parts.h"

#include <stdlib.h>
#include <string.h>

/* What is not said is as the list has it, or not known. */
static struct lim_price listed(const char *model)
{
    const struct lim_price *p = lim_price_find(model);
    return p != NULL ? *p
                     : (struct lim_price){ .input_microusd_per_mtok = -1,
                                           .output_microusd_per_mtok = -1,
                                           .image_microusd = -1,
                                           .context_tokens = -1 };
}

static void read_price(struct mock_config *c, struct mock_json *j,
                       const char *model, struct lim_price *out)
{
    *out = listed(model);
    mock_json_money(j, "input", &out->input_microusd_per_mtok);
    mock_json_money(j, "output", &out->output_microusd_per_mtok);
    mock_json_money(j, "image", &out->image_microusd);
    mock_json_close(j);
    if (c->table != NULL && !lim_table_knows(c->table, model))
        mock_json_wrong(j, NULL, "table \"%s\" has no such model",
                        lim_table_name(c->table));
    out->model = mock_config_keep_text(c, j, model);
    out->as_of = "";
    out->source = "as configured";
}

static int by_model(const void *a, const void *b)
{
    const struct lim_price *x = a, *y = b;
    return strcmp(x->model, y->model);
}

void mock_config_prices(struct mock_config *c, struct mock_json *j)
{
    struct mock_json all;
    const cJSON *item;
    size_t n = 0;
    mock_json_enter(&all, j, "prices");
    if (all.object == NULL || *j->error != LIM_OK)
        return;
    size_t count = (size_t)cJSON_GetArraySize(all.object);
    struct lim_price *prices =
        mock_config_keep(c, j, (count + 1) * sizeof *prices);
    if (prices == NULL)
        return;
    cJSON_ArrayForEach(item, all.object)
    {
        struct mock_json of_all = all, one;
        mock_json_enter(&one, &of_all, item->string);
        read_price(c, &one, item->string, &prices[n++]);
    }
    if (*j->error != LIM_OK)
        return;
    qsort(prices, n, sizeof *prices, by_model);
    c->provider.prices = (struct lim_prices){ prices, n };
}
