#include "limiter/price.h"

#include <assert.h>
#include <string.h>

#include "limiter/cold.h"
#include "limiter/limits.h"
#include "limiter/model.h"

__extension__ typedef __int128 wide;

#define MICROUSD(dollars)                                                      \
    ((dollars) < 0 ? INT64_C(-1) : (int64_t)((dollars)*1e6 + 0.5))

static const struct lim_price prices[] = {
#define NONE -1
#define PRICE(model, input, output, image, context, as_of, source)             \
    { model, MICROUSD(input), MICROUSD(output), MICROUSD(image), context,      \
      as_of, source },
#include "limiter/tables/prices.inc"
#undef PRICE
#undef NONE
};

#define PRICES (sizeof prices / sizeof prices[0])

size_t lim_price_count(void)
{
    return PRICES;
}

const struct lim_price *lim_price_at(size_t i)
{
    assert(i < PRICES);
    return &prices[i];
}

static int compare(const char *name, size_t length, const char *model)
{
    int order = strncmp(name, model, length);
    return order != 0 ? order : model[length] == '\0' ? 0 : -1;
}

/* The last of equal names: it is the newest. */
static const struct lim_price *search(const struct lim_price *from,
                                      size_t count, const char *name,
                                      size_t length)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(name, length, from[middle].model) < 0)
            high = middle;
        else
            low = middle + 1;
    }
    if (low > 0 && compare(name, length, from[low - 1].model) == 0)
        return &from[low - 1];
    return NULL;
}

static const struct lim_price *find(const struct lim_price *from, size_t count,
                                    const char *model)
{
    size_t length = strlen(model);
    const struct lim_price *p = search(from, count, model, length);
    if (p != NULL)
        return p;
    return search(from, count, model, lim_model_base(model, length));
}

const struct lim_price *lim_price_find(const char *model)
{
    return find(prices, PRICES, model);
}

const struct lim_price *lim_prices_find(const struct lim_prices *own,
                                        const char *model)
{
    const struct lim_price *p = find(own->own, own->count, model);
    return p != NULL ? p : lim_price_find(model);
}

LIM_APART static int64_t cost_of_any(const struct lim_price *price,
                                     int64_t prompt_tokens,
                                     int64_t completion_tokens, int64_t images)
{
    assert(prompt_tokens >= 0 && prompt_tokens <= LIM_LIMIT_MAX);
    assert(completion_tokens >= 0 && completion_tokens <= LIM_LIMIT_MAX);
    assert(images >= 0 && images <= LIM_LIMIT_MAX);
    if (images > 0) {
        wide sum = (wide)images * price->image_microusd;
        return sum < 0 ? -1 : sum < INT64_MAX ? (int64_t)sum : INT64_MAX;
    }
    if ((prompt_tokens > 0 && price->input_microusd_per_mtok < 0) ||
        (completion_tokens > 0 && price->output_microusd_per_mtok < 0))
        return -1;
    wide tokens = (wide)prompt_tokens * price->input_microusd_per_mtok +
                  (wide)completion_tokens * price->output_microusd_per_mtok;
    wide cost = (tokens + 500000) / 1000000;
    return cost < INT64_MAX ? (int64_t)cost : INT64_MAX;
}

/* Mostly all is known and below 2^31: then no product is above 2^62. */
int64_t lim_price_cost(const struct lim_price *price, int64_t prompt_tokens,
                       int64_t completion_tokens, int64_t images)
{
    if (price == NULL)
        return -1;
    uint64_t prompt = (uint64_t)prompt_tokens;
    uint64_t completion = (uint64_t)completion_tokens;
    uint64_t input = (uint64_t)price->input_microusd_per_mtok;
    uint64_t output = (uint64_t)price->output_microusd_per_mtok;
    if (images != 0 || (prompt | completion | input | output) >> 31 != 0)
        return cost_of_any(price, prompt_tokens, completion_tokens, images);
    return (int64_t)((prompt * input + completion * output + 500000) / 1000000);
}
