#ifndef LIM_THROTTLE_H
#define LIM_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/pool.h"

/*
 * How many requests may be in flight: fixed caps, the adaptive cap and the
 * circuit breakers of a pool, by organisation and for the whole.  Internal to
 * the pool.
 */
struct lim_throttle;

/* A configuration that lim_pool_new has checked.  NULL: out of memory. */
struct lim_throttle *lim_throttle_new(const struct lim_config *config);
void lim_throttle_free(struct lim_throttle *t); /* NULL is allowed */

/* Tells whether an organisation may ever have a cap. */
bool lim_throttle_caps_organisations(const struct lim_throttle *t);

/* Tells whether lim_throttle_ended wants to hear of answers. */
bool lim_throttle_listens(const struct lim_throttle *t);

/* The most in flight at one organisation, and over all; LIM_UNLIMITED. */
int64_t lim_throttle_limit(const struct lim_throttle *t, uint32_t organisation);
int64_t lim_throttle_limit_all(const struct lim_throttle *t);

/* Nothing goes to one, or at all, before; INT64_MIN: no such bound. */
lim_time lim_throttle_not_before(const struct lim_throttle *t,
                                 uint32_t organisation);
lim_time lim_throttle_not_before_all(const struct lim_throttle *t);

/* A request goes out. */
void lim_throttle_sent(struct lim_throttle *t, uint32_t organisation,
                       lim_time now);

/* An answer came.  The sample's latency is all of it; what the cap measures
   is found here. */
void lim_throttle_ended(struct lim_throttle *t, uint32_t organisation,
                        const struct lim_outcome *o,
                        const struct lim_cap_sample *sample);

#endif
