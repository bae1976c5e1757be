#ifndef MOCK_PATIENCE_H
#define MOCK_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/time.h"

/*
 * Finds clients that come again before the time that a 429 told them, for
 * each organisation and limit group.
 *
 * A request is one that ignored its time when it is refused again before the
 * earliest time that any refused one was told, unless it may be a retry of an
 * earlier failure: each time that has come, each fault and each answer that
 * nobody waited for excuses one request.  So a client that waits is never
 * blamed, and one that does not may be missed.
 *
 * Official SDKs number their retries (x-stainless-retry-count): of theirs it
 * is certain.  Of other clients it is likely: a worker that has not heard of
 * another's refusal within 100 ms is blamed too, for the time holds for all
 * of the organisation.
 */
struct mock_patience {
    struct mock_patience_slot **rows; /* private; by organisation, from its
                                         first failure on */
    size_t count;
    unsigned groups;
    int64_t grace_ns;
    uint64_t certain, likely; /* found so far */
    lim_time first;           /* of them; LIM_NEVER: none */
};

/* Who comes, and when. */
struct mock_patience_call {
    uint32_t organisation;
    unsigned group;
    bool numbered; /* it tells the number of its retry */
    bool retry;    /* that is above 0 */
    lim_time now;
};

/* `groups` >= 1; `speed` of the clock, against that on the wall. */
void mock_patience_init(struct mock_patience *p, unsigned groups, double speed);
void mock_patience_fini(struct mock_patience *p); /* one of zeros, too */

/* Forgets all that was seen. */
void mock_patience_clear(struct mock_patience *p);

/* The call was admitted, or refused until `told`; true: it is one that ignored
   its time.  Without memory for an organisation it is not watched. */
void mock_patience_admitted(struct mock_patience *p,
                            const struct mock_patience_call *c);
bool mock_patience_refused(struct mock_patience *p,
                           const struct mock_patience_call *c, lim_time told);

/* Something failed of which no time was told, and which may be tried again. */
void mock_patience_excuse(struct mock_patience *p, uint32_t organisation,
                          unsigned group);

#endif
