#ifndef LIM_FEEDBACK_H
#define LIM_FEEDBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/limits.h"
#include "limiter/time.h"

/*
 * What an answer tells about limits: the numbers of its headers and of its
 * error message, as the wire shows them, rounded as there.  The provider
 * fills it, the wire carries it, the pool reads it.
 */

/* One family of x-ratelimit headers: it shows one window of its dimension. */
struct lim_shown {
    int64_t limit;     /* units; -1: not shown */
    int64_t remaining; /* whole units left, floored; -1: not shown */
    int64_t reset_ns;  /* until full, whole ms; -1: not shown */
};

struct lim_feedback {
    struct lim_shown requests;
    struct lim_shown tokens;
    int64_t hint_ns;     /* how long to wait, whole ms; -1: none */
    int should_retry;    /* x-should-retry: 1, 0, or -1: not sent */
    int refused_by;      /* enum lim_limit that the message names, or -1 */
    int64_t refused_max; /* "Limit 3" of it; -1: not said */
};

/* Tells whether headers showed a window. */
static inline bool lim_feedback_shows(const struct lim_feedback *f)
{
    return f->requests.limit > 0 || f->tokens.limit > 0;
}

/* Feedback that tells nothing. */
struct lim_feedback lim_feedback_none(void);

/* Whose fault an answer was, and so what to do about it. */
enum lim_class {
    LIM_CLASS_OK,         /* 2xx */
    LIM_CLASS_RATE_LIMIT, /* 429: wait, or go elsewhere */
    LIM_CLASS_TOO_LARGE,  /* 429 that no wait mends here */
    LIM_CLASS_QUOTA,      /* no money left: the organisation is out */
    LIM_CLASS_TRANSIENT,  /* 408, 409, 5xx, network: try again */
    LIM_CLASS_CREDENTIAL, /* 401: the organisation is out */
    LIM_CLASS_NO_ACCESS,  /* 403, 404: no such model for it */
    LIM_CLASS_CALLER,     /* 400, 413, 415, 422: fails everywhere */
    LIM_CLASSES
};

/* Returns "ok", "rate_limit", "too_large" and so on. */
const char *lim_class_name(enum lim_class c);

/* How an attempt ended. */
struct lim_outcome {
    enum lim_class class;
    int status; /* HTTP status; 0: no answer came */
    bool usage_known;
    int64_t tokens_used;    /* prompt + completion, if known */
    int64_t microusd;       /* what it cost, if known */
    int64_t first_token_ns; /* since it was sent; <= 0: no stream */
    int64_t reply_tokens;   /* of the reply alone; <= 0: not known */
    struct lim_feedback feedback;
};

#endif
