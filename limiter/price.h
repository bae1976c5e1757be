#ifndef LIM_PRICE_H
#define LIM_PRICE_H

#include <stddef.h>
#include <stdint.h>

/* What a model costs, at list price and without discounts. */
struct lim_price {
    const char *model;
    int64_t input_microusd_per_mtok;  /* micro-dollars per 10^6 tokens */
    int64_t output_microusd_per_mtok; /* -1: not known, as all below */
    int64_t image_microusd;           /* an image of 1024x1024 */
    int64_t context_tokens;           /* the model's window */
    const char *as_of;
    const char *source;
};

/*
 * Finds the price of a model: by its name, then as a dated snapshot of its
 * base model; of several dates the newest.  NULL: not known.
 */
const struct lim_price *lim_price_find(const char *model);

/* Prices that a user gives, in order of model (strcmp); zeros: none. */
struct lim_prices {
    const struct lim_price *own;
    size_t count;
};

/* The same, but those of `own` come before all of the list: one of gpt-4o
   is that of its dated snapshots too. */
const struct lim_price *lim_prices_find(const struct lim_prices *own,
                                        const char *model);

/* All prices of the list, in order of model and date. */
size_t lim_price_count(void);
const struct lim_price *lim_price_at(size_t i);

/*
 * The cost of a request in micro-dollars, rounded to the nearest; -1 when a
 * price that it needs is not known (or `price` is NULL).  No amount may be
 * negative or above LIM_LIMIT_MAX.  Images cost what they are sold at, their
 * text included: some 60 tokens, of which most answers do not tell.
 */
int64_t lim_price_cost(const struct lim_price *price, int64_t prompt_tokens,
                       int64_t completion_tokens, int64_t images);

#endif
