/*
 * immediate: the next try at once, whatever the server asks for.
 *
 * Source: gateways that try another account straight away, as one-api does
 * and litellm's router while there is another deployment.  A baseline.
 *
 * Pitfall: it only helps while another account has room.  When none has, all
 * tries are spent within a round trip or two, and where refusals count
 * against the limit they keep the windows full.
 */

#include "limiter/backoffs/backoffs.h"

static int64_t wait(const struct lim_backoff_case *c)
{
    (void)c;
    return 0;
}

const struct lim_backoff lim_backoff_immediate = {
    .name = "immediate",
    .summary = "baseline: at once, whatever the server asks for",
    .wait = wait,
    .obeys = true,
};
