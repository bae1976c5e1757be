/*
 * sdk_node: as the official Node client of OpenAI waits.  A hint of 0 to 60 s
 * is waited for to the point, 0 included; without a hint, and with a longer
 * one, m x (1 - U / 4), where m is min(cap, base x 2^n).
 *
 * Source: openai-node 7.5.0, src/client.ts.  The Python client (sdk) takes a
 * hint of 0 for none, waits for up to 120 s, and gives up beyond.
 *
 * Pitfalls: those of sdk; and a hint of more than a minute, which says that
 * nothing will come of it soon, is answered by retries within seconds.
 */

#include "limiter/backoffs/backoffs.h"

#define HINT_MAX (60 * LIM_SEC)

static int64_t wait(const struct lim_backoff_case *c)
{
    if (c->hint_ns >= 0 && c->hint_ns <= HINT_MAX)
        return c->hint_ns;
    int64_t m = lim_backoff_ceiling(c);
    return m - lim_backoff_share(m / 4, c->draw);
}

const struct lim_backoff lim_backoff_sdk_node = {
    .name = "sdk_node",
    .summary = "the hint up to 60 s, else min(cap, base x 2^n) less 0 to 25 %",
    .wait = wait,
    .obeys = true,
};
