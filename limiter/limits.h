#ifndef LIM_LIMITS_H
#define LIM_LIMITS_H

#include <stdint.h>

#include "limiter/time.h"

/*
 * What is limited.  A request costs on four dimensions at once; each limit
 * bounds one dimension over one window.  The rate limits have a window each
 * in every organisation and limit group; spend has a monthly cap for the
 * organisation as a whole.
 */
enum lim_dimension {
    LIM_REQUESTS,
    LIM_TOKENS,
    LIM_IMAGES,
    LIM_MONEY, /* micro-dollars */
    LIM_DIMENSIONS
};

enum lim_limit {
    LIM_RPM,                 /* requests a minute */
    LIM_RPD,                 /* requests a day */
    LIM_TPM,                 /* tokens a minute */
    LIM_TPD,                 /* tokens a day */
    LIM_IPM,                 /* images a minute */
    LIM_WINDOWS,             /* the limits above have a window */
    LIM_SPEND = LIM_WINDOWS, /* micro-dollars a calendar month */
    LIM_LIMITS
};

/* The largest limit that is taken: 10^15. */
#define LIM_LIMIT_MAX INT64_C(1000000000000000)

#define LIM_UNLIMITED INT64_C(-1)

/* What one request takes, on every dimension; no amount is negative. */
struct lim_cost {
    int64_t amount[LIM_DIMENSIONS];
};

/*
 * The rate limits of one organisation in one limit group, by enum lim_limit:
 * 0 to LIM_LIMIT_MAX, or LIM_UNLIMITED.  A limit of 0 lets nothing through.
 *
 * A window may be longer than its name says: free accounts without a payment
 * method have had 100,000 tokens in 30 days of gpt-4o-mini, which the API
 * called "tokens per min (TPM)" (seen 2025-04-15, openai-dotnet#404).
 */
struct lim_limits {
    int64_t max[LIM_WINDOWS];
    int64_t window_ns[LIM_WINDOWS]; /* 0: as usual, lim_limit_window */
};

/* The longest window of a limit: a year. */
#define LIM_WINDOW_MAX (366 * LIM_DAY)

/* Returns "rpm", "rpd", "tpm", "tpd", "ipm" or "spend". */
const char *lim_limit_name(enum lim_limit limit);

/* Returns the dimension that a limit bounds. */
static inline enum lim_dimension lim_limit_dimension(enum lim_limit limit)
{
    return limit <= LIM_RPD   ? LIM_REQUESTS
           : limit <= LIM_TPD ? LIM_TOKENS
           : limit == LIM_IPM ? LIM_IMAGES
                              : LIM_MONEY;
}

/* Returns the usual length of a rate limit's window in ns: a minute or a
   day. */
int64_t lim_limit_window(enum lim_limit limit);

/* Returns the length of the window that one of these limits really has. */
static inline int64_t lim_limits_window(const struct lim_limits *l,
                                        enum lim_limit limit)
{
    return l->window_ns[limit] != 0 ? l->window_ns[limit]
                                    : lim_limit_window(limit);
}

#define LIM_LIMITS_TEXT_SIZE 32

/* Writes a limit as tables do: "-", "10000", or "100000/30d" where its window
   is not as usual.  Returns `out`. */
char *lim_limits_text(const struct lim_limits *l, enum lim_limit limit,
                      char out[LIM_LIMITS_TEXT_SIZE]);

/* Limits that let everything through. */
struct lim_limits lim_limits_none(void);

/*
 * The tokens that the API counts for a text of `chars` characters:
 * floor(chars / 4 + 1/2) + 2.  Fits the debits seen in response headers of
 * 2025 and 2026 (four of five exactly; see the tier tables' notes).
 */
int64_t lim_estimate_text(int64_t chars);

/*
 * The tokens that a request is charged at admission: the prompt's estimate
 * plus what the client allows the reply.  `max_tokens` < 0 means that it set
 * no bound; nothing is added then.
 */
int64_t lim_estimate_tokens(int64_t prompt_tokens, int64_t max_tokens);

/*
 * The bound on a reply to reserve for, when a request may carry one under two
 * names: the larger, for which of them holds is the provider's affair, and a
 * max_tokens of 1 beside it must not let thousands through.  < 0: not set.
 */
int64_t lim_estimate_reply(int64_t max_tokens, int64_t max_completion_tokens);

#endif
