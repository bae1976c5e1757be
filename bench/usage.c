#include "bench/usage.h"

/* Reads a count; -1: it is not there. */
static int64_t count_of(const cJSON *usage, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(usage, name);
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0) ||
        value->valuedouble > 1e15)
        return -1;
    return (int64_t)value->valuedouble;
}

static int64_t either(const cJSON *usage, const char *name, const char *other)
{
    int64_t n = count_of(usage, name);
    return n >= 0 ? n : count_of(usage, other);
}

void bench_usage_read(const cJSON *usage, const struct lim_price *price,
                      int64_t images, struct lim_outcome *out)
{
    int64_t total = count_of(usage, "total_tokens");
    int64_t prompt = either(usage, "prompt_tokens", "input_tokens");
    int64_t completion = either(usage, "completion_tokens", "output_tokens");
    out->usage_known = total >= 0;
    out->tokens_used = total >= 0 ? total : 0;
    if (completion < 0)
        completion = total > prompt && prompt >= 0 ? total - prompt : 0;
    out->reply_tokens = completion;
    if (price != NULL && prompt >= 0)
        out->microusd = lim_price_cost(price, prompt, completion, images);
}
