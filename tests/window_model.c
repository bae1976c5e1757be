#include "tests/window_model.h"

#include <assert.h>

static void fill(struct bucket *b, int64_t limit, int64_t burst,
                 int64_t window_ns, lim_time now)
{
    *b = (struct bucket){ .credits = (lim_wide)burst * window_ns,
                          .at = now,
                          .limit = limit,
                          .burst = burst,
                          .window_ns = window_ns };
}

void window_model_start(struct window_model *w, enum lim_discipline discipline,
                        int64_t limit, int64_t burst, int64_t window_ns,
                        int64_t quantum_ns, lim_time now)
{
    w->discipline = discipline;
    w->limit = limit;
    w->window_ns = window_ns;
    w->count = 0;
    fill(&w->whole, limit, burst, window_ns, now);
    w->slice.limit = LIM_UNLIMITED;
    if (discipline != LIM_DISCIPLINE_QUANTISED || limit <= 0 ||
        quantum_ns <= 0 || quantum_ns >= window_ns)
        return;
    lim_wide part = (lim_wide)limit * quantum_ns + window_ns - 1;
    int64_t units = (int64_t)(part / window_ns);
    fill(&w->slice, units, units, quantum_ns, now);
}

static bool is_bucket(const struct window_model *w)
{
    return w->discipline == LIM_DISCIPLINE_BUCKET ||
           w->discipline == LIM_DISCIPLINE_QUANTISED;
}

int64_t window_model_largest(const struct window_model *w)
{
    return is_bucket(w) ? w->whole.burst : w->limit;
}

static void refill(struct bucket *b, lim_time now)
{
    lim_wide full = (lim_wide)b->burst * b->window_ns;
    b->credits += (lim_wide)(now - b->at) * b->limit;
    b->credits = b->credits < full ? b->credits : full;
    b->at = now;
}

static lim_time bucket_ready(struct bucket *b, int64_t units, lim_time now)
{
    if (b->limit == LIM_UNLIMITED)
        return now;
    refill(b, now);
    lim_wide lacks = (lim_wide)units * b->window_ns - b->credits;
    if (lacks <= 0)
        return now;
    return now + (lim_time)((lacks + b->limit - 1) / b->limit);
}

static lim_time start_of(const struct window_model *w, lim_time t)
{
    int64_t into = t % w->window_ns;
    return t - into - (into < 0 ? w->window_ns : 0);
}

static int64_t grain_of(const struct window_model *w, lim_time t)
{
    int64_t ns = (w->window_ns - 1) / WINDOW_GRAINS + 1;
    return t / ns - (t % ns < 0);
}

/* How many ns of a window the i-th take still counts for at `t`. */
static int64_t weight(const struct window_model *w, unsigned i, lim_time t)
{
    lim_time at = w->taken[i].at, start = start_of(w, t);
    if (w->discipline == LIM_DISCIPLINE_FIXED)
        return at >= start ? w->window_ns : 0;
    if (w->discipline == LIM_DISCIPLINE_SLIDING_COUNTER) {
        if (at >= start)
            return w->window_ns;
        return at >= start - w->window_ns ? start + w->window_ns - t : 0;
    }
    for (unsigned k = i; k < w->count; k++)
        if (grain_of(w, w->taken[k].at) == grain_of(w, at))
            at = w->taken[k].at;
    return at > t - w->window_ns ? w->window_ns : 0;
}

/* In credits. */
static lim_wide used(const struct window_model *w, lim_time t)
{
    lim_wide sum = 0;
    for (unsigned i = 0; i < w->count; i++)
        sum += (lim_wide)w->taken[i].units * weight(w, i, t);
    return sum;
}

static bool fits(const struct window_model *w, int64_t units, lim_time t)
{
    return used(w, t) + (lim_wide)units * w->window_ns <=
           (lim_wide)w->limit * w->window_ns;
}

/* What fits once fits until more is taken, and all does after two windows. */
lim_time window_model_ready(struct window_model *w, int64_t units, lim_time now)
{
    if (w->limit == LIM_UNLIMITED || units == 0)
        return now;
    if (is_bucket(w)) {
        int64_t part = units < w->slice.burst ? units : w->slice.burst;
        lim_time a = bucket_ready(&w->whole, units, now);
        lim_time b = bucket_ready(&w->slice, part, now);
        return a > b ? a : b;
    }
    if (fits(w, units, now))
        return now;
    lim_time no = now, yes = now + 2 * w->window_ns;
    while (yes - no > 1) {
        lim_time t = no + (yes - no) / 2;
        if (fits(w, units, t))
            yes = t;
        else
            no = t;
    }
    return yes;
}

static void bucket_take(struct bucket *b, int64_t units, lim_time now)
{
    if (b->limit <= 0)
        return;
    refill(b, now);
    b->credits -= (lim_wide)units * b->window_ns;
}

void window_model_take(struct window_model *w, int64_t units, lim_time now)
{
    if (w->limit <= 0 || units == 0)
        return;
    if (is_bucket(w)) {
        bucket_take(&w->whole, units, now);
        bucket_take(&w->slice, units, now);
        return;
    }
    assert(w->count < WINDOW_TAKEN);
    w->taken[w->count].at = now;
    w->taken[w->count++].units = units;
}

/* The whole units left. */
static int64_t left(struct window_model *w, lim_time now)
{
    if (!is_bucket(w)) {
        lim_wide u = used(w, now) + w->window_ns - 1;
        return w->limit - (int64_t)(u / w->window_ns);
    }
    refill(&w->whole, now);
    lim_wide c = w->whole.credits;
    return (int64_t)((c < 0 ? c - w->window_ns + 1 : c) / w->window_ns);
}

void window_model_owe(struct window_model *w, int64_t units, lim_time now)
{
    if (w->limit <= 0)
        return;
    if (w->discipline == LIM_DISCIPLINE_BUCKET) {
        window_model_take(w, units, now);
        return;
    }
    int64_t room = left(w, now) + w->limit;
    units = units < room ? units : room;
    window_model_take(w, units > 0 ? units : 0, now);
}

/* Whether both count as one, to which can be given back. */
static bool together(const struct window_model *w, lim_time a, lim_time b)
{
    return w->discipline == LIM_DISCIPLINE_SLIDING_LOG
               ? grain_of(w, a) == grain_of(w, b)
               : start_of(w, a) == start_of(w, b);
}

void window_model_give(struct window_model *w, int64_t units, lim_time taken_at)
{
    if (w->limit <= 0)
        return;
    if (is_bucket(w)) {
        w->whole.credits += (lim_wide)units * w->whole.window_ns;
        if (w->slice.limit > 0)
            w->slice.credits += (lim_wide)units * w->slice.window_ns;
        return;
    }
    for (unsigned i = w->count; i-- > 0 && units > 0;) {
        int64_t *there = &w->taken[i].units;
        if (!together(w, w->taken[i].at, taken_at))
            continue;
        int64_t part = units < *there ? units : *there;
        *there -= part;
        units -= part;
    }
}
