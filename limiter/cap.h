#ifndef LIM_CAP_H
#define LIM_CAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/limits.h"
#include "limiter/time.h"

/*
 * An adaptive cap finds out how many requests to keep in flight from what
 * became of those before: one state for each organisation, or one for the
 * whole pool.  (Fixed caps are plain numbers of lim_config.)  A cap reads no
 * clock and allocates nothing.
 *
 * An LLM's latency grows with the length of its reply, a hundredfold between
 * two requests.  `measure` says what a cap is given as latency: all of it,
 * the time to the first token (all of it where nothing streams), or the time
 * for each token of the reply.
 *
 * A drop (429, 5xx, time-out) is answered once a round trip: those of
 * requests that were sent before the last decrease say nothing new.
 */
enum lim_measure {
    LIM_MEASURE_TOTAL,
    LIM_MEASURE_FIRST_TOKEN,
    LIM_MEASURE_PER_TOKEN
};

/* A 0 of a number is the cap's own default, which its file states. */
struct lim_cap_options {
    double initial, min, max; /* of the limit, requests in flight */
    double backoff;           /* factor on a drop, (0, 1) */
    int64_t timeout_ns;       /* slower than this counts as a drop */
    bool drops; /* gradient2: answers drops too; cooldown: server errors too */
    enum lim_measure measure;
};

/* What became of one attempt. */
struct lim_cap_sample {
    int64_t latency_ns; /* as measured; > 0 */
    int64_t in_flight;  /* when it was sent, itself included */
    bool dropped;
    bool broken;           /* by a server error or time-out, not a refusal */
    int64_t tokens;        /* that it was charged */
    double requests_per_s; /* what the limits allow; 0: not known */
    double tokens_per_s;
    lim_time sent_at, now;
};

/*
 * A struct lim_cap is constant and outlives the pools that use it.  The pool
 * owns the states, `state_size` bytes each, that are init'ed before all else
 * and freed without a word: a cap keeps nothing outside of them.  What it is
 * shown by pointer is lent for the call.
 */
struct lim_cap {
    const char *name;
    const char *summary; /* one line, for --list */
    size_t state_size;
    void (*init)(void *state, const struct lim_cap_options *o, lim_time now);
    /* A request goes out; may be NULL. */
    void (*sent)(void *state, lim_time now);
    void (*ended)(void *state, const struct lim_cap_sample *s);
    /* Returns the most in flight, >= 1; LIM_UNLIMITED: no bound. */
    int64_t (*limit)(const void *state);
    /* Returns when the next may go out, for caps of a rate; may be NULL. */
    lim_time (*not_before)(const void *state);
};

/* The caps of this library; ends with NULL. */
extern const struct lim_cap *const lim_caps[];

/* Returns the cap of that name, or NULL. */
const struct lim_cap *lim_cap_find(const char *name);

#endif
