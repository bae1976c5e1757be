/*
 * sdk: as the official Python client of OpenAI waits.  A hint above 0 and up
 * to 120 s is waited for to the point; one beyond is not: the request is
 * given up.  Without a hint (one of 0 is none) m x (1 - U / 4), where m is
 * min(cap, base x 2^n).  Its own base and cap are 500 ms and 8 s, which are
 * the defaults here too; others may be given.
 *
 * Source: openai-python 3.3.1, src/openai/_base_client.py.  Versions before
 * 2.52.0 drew a line at 60 s, and beyond it waited as without a hint.  Mean
 * without a hint 7/8 m.
 *
 * Pitfalls: the hint is obeyed without jitter, so all who were refused
 * together come back together; without a hint they come back within a
 * quarter of m.  And 0.5 to 8 s are short beside a minute's window: the two
 * retries that the client makes by default are over after 1.5 s.
 */

#include "limiter/backoffs/backoffs.h"

#define HINT_MAX (120 * LIM_SEC)

static int64_t wait(const struct lim_backoff_case *c)
{
    if (c->hint_ns > HINT_MAX)
        return LIM_BACKOFF_GIVE_UP;
    if (c->hint_ns > 0)
        return c->hint_ns;
    int64_t m = lim_backoff_ceiling(c);
    return m - lim_backoff_share(m / 4, c->draw);
}

const struct lim_backoff lim_backoff_sdk = {
    .name = "sdk",
    .summary = "the hint up to 120 s, else min(cap, base x 2^n) less 0 to 25 %",
    .wait = wait,
    .obeys = true,
};
