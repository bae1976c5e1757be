/*
 * What it costs to choose and charge one of many organisations, by the index
 * and by a plain loop over all with the same score: ns, and how many times as
 * long the loop takes.  A value is the median of several trials.
 *
 * This stands alone, so that the index is built into the pool elsewhere as it
 * is in any program: with one caller.
 */

#define _POSIX_C_SOURCE 200809L

#include <assert.h>

#include "limiter/index.h"
#include "limiter/window.h"
#include "tests/measure.h"

/* One of `n` is chosen by headroom and charged, by the index. */
static double picks(unsigned n, int count)
{
    static uint32_t list[ORGANISATIONS_MAX];
    const struct lim_limits l = limits();
    struct lim_rate rates[LIM_WINDOWS];
    for (unsigned w = 0; w < LIM_WINDOWS; w++)
        rates[w] = lim_rate_make(l.max[w], lim_limit_window((enum lim_limit)w),
                                 lim_rate_burst(l.max[w], 1));
    for (uint32_t i = 0; i < n; i++)
        list[i] = i;
    struct lim_index *x = lim_index_new(rates, LIM_UNLIMITED, list, n, n, 0);
    assert(x != NULL);
    struct lim_query q = { .cost = &chat,
                           .strategy = lim_strategy_find("headroom"),
                           .month_end = LIM_NEVER };
    int64_t began = clock_ns();
    for (int i = 0; i < count; i++) {
        struct lim_best best = { INT64_MAX, UINT32_MAX, 0, NULL };
        q.now += gap_of(n);
        lim_index_find(x, &q, &best);
        assert(best.index != NULL);
        lim_index_take(x, best.leaf, &chat, q.now);
    }
    double ns = (double)(clock_ns() - began) / count;
    lim_index_free(x);
    return ns;
}

/* Likewise, by the same score in a plain loop over all. */
struct plain {
    struct lim_window window[2];
};

static int64_t plain_score(const struct plain *o,
                           const struct lim_rate rates[2],
                           const int64_t scale[2], lim_time now)
{
    const int64_t cost[] = { chat.amount[LIM_REQUESTS],
                             chat.amount[LIM_TOKENS] };
    int64_t most = 0;
    for (int w = 0; w < 2; w++) {
        if (lim_window_ready(&rates[w], &o->window[w], cost[w], now) > now)
            return INT64_MAX;
        int64_t used = o->window[w].tat - now;
        used = (used > 0 ? used : 0) + lim_rate_span(&rates[w], cost[w]).ns;
        int64_t share = used * scale[w];
        most = share > most ? share : most;
    }
    return most;
}

static double scans(unsigned n, int count)
{
    static struct plain all[ORGANISATIONS_MAX];
    const struct lim_rate rates[] = {
        lim_rate_make(limits().max[LIM_RPM], LIM_MIN, limits().max[LIM_RPM]),
        lim_rate_make(limits().max[LIM_TPM], LIM_MIN, limits().max[LIM_TPM]),
    };
    const int64_t scale[] = { (INT64_C(1) << 62) / rates[0].full.ns,
                              (INT64_C(1) << 62) / rates[1].full.ns };
    lim_time now = 0;
    for (unsigned i = 0; i < n; i++)
        for (int w = 0; w < 2; w++)
            lim_window_init(&all[i].window[w], now);
    int64_t began = clock_ns();
    for (int i = 0; i < count; i++) {
        int64_t least = INT64_MAX;
        unsigned best = 0;
        now += gap_of(n);
        for (unsigned k = 0; k < n; k++) {
            int64_t score = plain_score(&all[k], rates, scale, now);
            best = score < least ? k : best;
            least = score < least ? score : least;
        }
        assert(least < INT64_MAX);
        lim_window_take(&rates[0], &all[best].window[0], 1, now);
        lim_window_take(&rates[1], &all[best].window[1],
                        chat.amount[LIM_TOKENS], now);
    }
    return (double)(clock_ns() - began) / count;
}

int main(void)
{
    for (unsigned n = 1; n <= ORGANISATIONS_MAX; n *= 10) {
        char name[80];
        double index, scan;
        MEASURE(&index, picks(n, 200000));
        MEASURE(&scan, scans(n, n < 1000 ? 200000 : 20000000 / (int)n));
        snprintf(name, sizeof name, "pick and charge: index, %u", n);
        report(name, index, "ns");
        snprintf(name, sizeof name, "pick and charge: plain loop, %u", n);
        report(name, scan, "ns");
        snprintf(name, sizeof name, "plain loop / index, %u", n);
        report(name, scan / index, "times");
    }
    return 0;
}
