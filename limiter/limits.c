#include "limiter/limits.h"

#include <assert.h>

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
    struct lim_limits l;
    for (int i = 0; i < LIM_WINDOWS; i++)
        l.max[i] = LIM_UNLIMITED;
    return l;
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
