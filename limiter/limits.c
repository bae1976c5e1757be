#include "limiter/limits.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

static const struct {
    const char *name;
    int64_t window_ns;
} limits[LIM_LIMITS] = {
    [LIM_RPM] = { "rpm", LIM_MIN }, [LIM_RPD] = { "rpd", LIM_DAY },
    [LIM_TPM] = { "tpm", LIM_MIN }, [LIM_TPD] = { "tpd", LIM_DAY },
    [LIM_IPM] = { "ipm", LIM_MIN }, [LIM_SPEND] = { "spend", 0 },
};

const char *lim_limit_name(enum lim_limit limit)
{
    assert(limit < LIM_LIMITS);
    return limits[limit].name;
}

int64_t lim_limit_window(enum lim_limit limit)
{
    assert(limit < LIM_WINDOWS);
    return limits[limit].window_ns;
}

struct lim_limits lim_limits_none(void)
{
    struct lim_limits l = { .window_ns = { 0 } };
    for (int i = 0; i < LIM_WINDOWS; i++)
        l.max[i] = LIM_UNLIMITED;
    return l;
}

char *lim_limits_text(const struct lim_limits *l, enum lim_limit limit,
                      char out[LIM_LIMITS_TEXT_SIZE])
{
    int64_t days = l->window_ns[limit] / LIM_DAY;
    if (l->max[limit] == LIM_UNLIMITED)
        snprintf(out, LIM_LIMITS_TEXT_SIZE, "-");
    else if (days == 0)
        snprintf(out, LIM_LIMITS_TEXT_SIZE, "%" PRId64, l->max[limit]);
    else
        snprintf(out, LIM_LIMITS_TEXT_SIZE, "%" PRId64 "/%" PRId64 "d",
                 l->max[limit], days);
    return out;
}

int64_t lim_estimate_text(int64_t chars)
{
    assert(chars >= 0);
    return (chars + 2) / 4 + 2;
}

int64_t lim_estimate_tokens(int64_t prompt_tokens, int64_t max_tokens)
{
    assert(prompt_tokens >= 0);
    return prompt_tokens + (max_tokens > 0 ? max_tokens : 0);
}

int64_t lim_estimate_reply(int64_t max_tokens, int64_t max_completion_tokens)
{
    return max_tokens > max_completion_tokens ? max_tokens
                                              : max_completion_tokens;
}
