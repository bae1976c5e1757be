/*
 * Sliding log: remembers what was taken and when; it counts for exactly one
 * window.
 *
 * Takes within one grain (60,000 a window: 1 ms of a minute, 1.44 s of a day;
 * counted from the epoch) become one entry with the time of the latest, so a
 * log has at most 60,001 entries that count.  The error: units count for less
 * than a grain too long, never too short.
 *
 * At most: the limit in every interval shorter than a window, so the limit x
 * (floor(t / window) + 1) in one of length t.
 * Source: the textbook's exact window; one-api and others keep such a list.
 * Pitfall: who sends the limit at once waits a whole window, and then all of
 * it comes back at once; and memory grows with the limit, hence the merging.
 *
 * Entries hold running sums: what counts is a difference, and the wait is a
 * search.  Their times never decrease: a clock that stepped back stands.
 */

#include "limiter/disciplines/disciplines.h"

#include <assert.h>
#include <stdlib.h>

#include "limiter/error.h"

#define ROOM_FIRST 16

static struct lim_meter_entry *entry(const struct lim_meter *m, uint32_t i)
{
    return &m->u.log.ring[(m->u.log.first + i) & (m->u.log.room - 1)];
}

/* All that was ever taken, up to the i-th entry, exclusive. */
static int64_t sum_before(const struct lim_meter *m, uint32_t i)
{
    return i == 0 ? m->u.log.before : entry(m, i - 1)->sum;
}

static int64_t total(const struct lim_meter *m)
{
    return sum_before(m, m->u.log.count);
}

static lim_time latest(const struct lim_meter *m, lim_time now)
{
    uint32_t count = m->u.log.count;
    lim_time last = count > 0 ? entry(m, count - 1)->at : now;
    return last > now ? last : now;
}

/* The first entry with at > t; `count` when there is none.  Looks near the
   first one first: few have left since the last take. */
static uint32_t first_after(const struct lim_meter *m, lim_time t)
{
    uint32_t low = 0, high = 1, count = m->u.log.count;
    while (high <= count && entry(m, high - 1)->at <= t) {
        low = high;
        high *= 2;
    }
    high = high < count ? high : count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry(m, middle)->at > t)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The first entry with which the running sum reaches `sum`, which the last
   one does. */
static uint32_t first_with(const struct lim_meter *m, int64_t sum)
{
    uint32_t low = 0, high = m->u.log.count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry(m, middle)->sum >= sum)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The first entry that counts at `now`. */
static uint32_t counting(const struct lim_meter_rule *r,
                         const struct lim_meter *m, lim_time now)
{
    return first_after(m, latest(m, now) - r->rate.window_ns);
}

static int64_t used_at(const struct lim_meter_rule *r,
                       const struct lim_meter *m, lim_time now)
{
    return total(m) - sum_before(m, counting(r, m, now));
}

static void init(struct lim_meter *m, const struct lim_meter_rule *r,
                 lim_time now)
{
    (void)r;
    (void)now;
    m->u.log.before = 0;
    m->u.log.first = 0;
    m->u.log.count = 0;
}

static void fini(struct lim_meter *m)
{
    free(m->u.log.ring);
    m->u.log.ring = NULL;
}

static lim_time ready(const struct lim_meter_rule *r, const struct lim_meter *m,
                      int64_t cost, lim_time now)
{
    int64_t short_of = used_at(r, m, now) + cost - r->rate.limit;
    if (short_of <= 0)
        return now;
    int64_t gone = sum_before(m, counting(r, m, now));
    return entry(m, first_with(m, gone + short_of))->at + r->rate.window_ns;
}

static int grow(struct lim_meter *m, uint32_t room)
{
    uint32_t count = m->u.log.count;
    struct lim_meter_entry *ring = malloc(room * sizeof *ring);
    if (ring == NULL)
        return LIM_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        ring[i] = *entry(m, i);
    free(m->u.log.ring);
    m->u.log.ring = ring;
    m->u.log.room = room;
    m->u.log.first = 0;
    return LIM_OK;
}

/* Entries that no longer count stay until the next take: a ring that merely
   grows has changed nothing. */
static int reserve(const struct lim_meter_rule *r, struct lim_meter *m,
                   lim_time now)
{
    uint32_t room = m->u.log.room, count = m->u.log.count;
    if (count - counting(r, m, now) < room)
        return LIM_OK;
    return grow(m, room > 0 ? 2 * room : ROOM_FIRST);
}

/* A window reaches into one grain more than it is long. */
static int reserve_all(const struct lim_meter_rule *r, struct lim_meter *m)
{
    int64_t most = r->rate.window_ns / r->grain_ns + 2;
    uint32_t room = ROOM_FIRST;
    while (room < most)
        room *= 2;
    return room > m->u.log.room ? grow(m, room) : LIM_OK;
}

static void forget(struct lim_meter *m, uint32_t entries)
{
    m->u.log.before = sum_before(m, entries);
    m->u.log.first = (m->u.log.first + entries) & (m->u.log.room - 1);
    m->u.log.count -= entries;
}

/* The oldest `cost` units of those that count go; there are as many. */
static void drop_oldest(struct lim_meter *m, int64_t cost)
{
    int64_t gone = m->u.log.before + cost;
    forget(m, first_with(m, gone));
    m->u.log.before = gone;
}

/* Of what is too much the oldest goes: the rest leaves last.  The entries
   themselves stay as they are, so that a copy of a log may change too. */
static void change(struct lim_meter *m, const struct lim_meter_rule *from,
                   const struct lim_meter_rule *to, lim_time now)
{
    if (m->u.log.count == 0)
        return;
    forget(m, counting(from, m, now));
    int64_t over = total(m) - to->rate.limit - m->u.log.before;
    if (over > 0)
        drop_oldest(m, over);
}

static void raise(const struct lim_meter_rule *r, struct lim_meter *m,
                  int64_t cost, lim_time now)
{
    int64_t used = used_at(r, m, now);
    if (used == 0)
        return;
    forget(m, counting(r, m, now));
    drop_oldest(m, cost < used ? cost : used);
}

/* Running sums start again from 0, long before they overflow. */
static void rebase(struct lim_meter *m)
{
    int64_t before = m->u.log.before;
    for (uint32_t i = 0; i < m->u.log.count; i++)
        entry(m, i)->sum -= before;
    m->u.log.before = 0;
}

/* The grain that holds `t`. */
static int64_t grain(const struct lim_meter_rule *r, lim_time t)
{
    return t / r->grain_ns - (t % r->grain_ns < 0 ? 1 : 0);
}

static void take(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time now)
{
    lim_time at = latest(m, now);
    assert(m->u.log.room > 0);
    forget(m, counting(r, m, now));
    if (m->u.log.before > INT64_MAX / 2)
        rebase(m);
    struct lim_meter_entry e = { at, total(m) + cost };
    uint32_t count = m->u.log.count;
    if (count > 0 && grain(r, entry(m, count - 1)->at) == grain(r, at)) {
        *entry(m, count - 1) = e;
        return;
    }
    assert(count < m->u.log.room);
    *entry(m, count) = e;
    m->u.log.count++;
}

/* Takes it from the entry that it went into: from an older one it would come
   back too early, from a newer one too late. */
static void give(const struct lim_meter_rule *r, struct lim_meter *m,
                 int64_t cost, lim_time taken_at)
{
    uint32_t i = first_after(m, taken_at - 1), count = m->u.log.count;
    if (i == count || grain(r, entry(m, i)->at) != grain(r, taken_at))
        return;
    int64_t most = entry(m, i)->sum - sum_before(m, i);
    for (cost = cost < most ? cost : most; i < count; i++)
        entry(m, i)->sum -= cost;
}

static int64_t remaining(const struct lim_meter_rule *r,
                         const struct lim_meter *m, lim_time now)
{
    return r->rate.limit - used_at(r, m, now);
}

static int64_t reset(const struct lim_meter_rule *r, const struct lim_meter *m,
                     lim_time now)
{
    if (used_at(r, m, now) == 0)
        return 0;
    return entry(m, first_with(m, total(m)))->at + r->rate.window_ns - now;
}

const struct lim_meter_type lim_meter_sliding_log = {
    .name = "sliding-log",
    .summary = "what was taken counts for one window, exactly",
    .init = init,
    .change = change,
    .ready = ready,
    .take = take,
    .give = give,
    .raise = raise,
    .remaining = remaining,
    .reset = reset,
    .reserve = reserve,
    .reserve_all = reserve_all,
    .fini = fini,
};
