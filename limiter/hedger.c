#include "limiter/hedger.h"

#include <stdlib.h>

#define RESERVE 10 /* hedges that a quiet time lays by */

struct lim_hedger *lim_hedger_new(const struct lim_hedging *c)
{
    struct lim_hedger *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->after_ns = c->after_ns;
    lim_budget_init(&h->budget, c->budget, RESERVE);
    while (lim_budget_withdraw(&h->budget))
        ; /* it begins with none */
    if (c->after_ns > 0)
        return h;
    h->latency = malloc(sizeof *h->latency);
    if (h->latency == NULL) {
        free(h);
        return NULL;
    }
    lim_quantile_init(h->latency, c->quantile);
    return h;
}

void lim_hedger_free(struct lim_hedger *h)
{
    if (h == NULL)
        return;
    free(h->latency);
    free(h);
}

lim_time lim_hedger_first(struct lim_hedger *h, lim_time now)
{
    int64_t after = h->after_ns;
    lim_budget_deposit(&h->budget);
    if (h->latency != NULL)
        after = lim_quantile_get(h->latency);
    return after >= 0 && after < LIM_NEVER - now ? now + after : LIM_NEVER;
}

bool lim_hedger_may(const struct lim_hedger *h)
{
    struct lim_budget left = h->budget;
    return lim_budget_withdraw(&left);
}

void lim_hedger_take(struct lim_hedger *h)
{
    lim_budget_withdraw(&h->budget);
}

void lim_hedger_ended(struct lim_hedger *h, int64_t latency_ns)
{
    if (h->latency != NULL)
        lim_quantile_add(h->latency, latency_ns);
}
