#include "limiter/feedback.h"

#include <assert.h>

struct lim_feedback lim_feedback_none(void)
{
    return (struct lim_feedback){
        .requests = { -1, -1, -1 },
        .tokens = { -1, -1, -1 },
        .hint_ns = -1,
        .should_retry = -1,
        .refused_by = -1,
        .refused_max = -1,
    };
}

static const char *const names[LIM_CLASSES] = {
    [LIM_CLASS_OK] = "ok",
    [LIM_CLASS_RATE_LIMIT] = "rate_limit",
    [LIM_CLASS_TOO_LARGE] = "too_large",
    [LIM_CLASS_QUOTA] = "quota",
    [LIM_CLASS_TRANSIENT] = "transient",
    [LIM_CLASS_CREDENTIAL] = "credential",
    [LIM_CLASS_NO_ACCESS] = "no_access",
    [LIM_CLASS_CALLER] = "caller",
};

const char *lim_class_name(enum lim_class c)
{
    assert(c < LIM_CLASSES);
    return names[c];
}
