#include "limiter/learn.h"

#include <assert.h>
#include <string.h>

#include "limiter/window.h"

#define NONE (-1)
#define PART_MIN 64 /* a full bucket holds a 64th of its limit, or more */

/* What a family of headers shows, seen as one window of its dimension. */
struct reading {
    int window;   /* enum lim_limit, or NONE */
    bool sure;    /* no other window could show this */
    bool fits;    /* limit, remaining and reset fit each other, */
    bool part;    /* in a bucket that holds less than its limit */
    int64_t full; /* ns from admission until full, if it fits */
};

/* An answer being read. */
struct lesson {
    struct lim_learn *state;
    const struct lim_lesson *said;
    struct lim_learned *out;
    unsigned shown; /* windows that it tells of, as bits */
    bool grew;
};

static unsigned bit(int window)
{
    return 1u << window;
}

static int64_t window_ns(int window)
{
    return lim_limit_window((enum lim_limit)window);
}

/* The other window of the dimension, or NONE. */
static int sibling(int window)
{
    switch ((enum lim_limit)window) {
    case LIM_RPM:
        return LIM_RPD;
    case LIM_RPD:
        return LIM_RPM;
    case LIM_TPM:
        return LIM_TPD;
    case LIM_TPD:
        return LIM_TPM;
    case LIM_IPM:
    case LIM_SPEND:
    case LIM_LIMITS:
        break;
    }
    return NONE;
}

/* How long `units` of a limit take to come back. */
static int64_t span(int window, int64_t limit, int64_t units)
{
    return (int64_t)((lim_wide)units * window_ns(window) / limit);
}

static int64_t cost_of(const struct lim_lesson *said, int window)
{
    return said->cost->amount[lim_limit_dimension((enum lim_limit)window)];
}

/*
 * The level is fractional and `remaining` its floor, so the bucket lacks
 * `used` units or up to one less; if the request was admitted, at least what
 * it took.
 */
static bool fits(const struct lim_lesson *said, int window,
                 const struct lim_shown *s)
{
    int64_t used = s->limit - s->remaining;
    int64_t most = span(window, s->limit, used);
    int64_t least = span(window, s->limit, used > 0 ? used - 1 : 0);
    int64_t taken = span(window, s->limit, cost_of(said, window));
    if (said->admitted && taken > least)
        least = taken;
    return s->reset_ns >= least - LIM_MSEC && s->reset_ns <= most + LIM_MSEC;
}

static bool is_bucket(const struct lim_learn *l)
{
    return l->discipline == LIM_DISCIPLINE_BUCKET ||
           l->discipline == LIM_DISCIPLINE_QUANTISED;
}

/* The longest reset or hint of a window: a sliding counter's is two. */
static int64_t longest(const struct lim_learn *l, int window)
{
    return is_bucket(l) ? window_ns(window) : 2 * window_ns(window);
}

/*
 * A day's bucket that lacks little could be a provider's minute that counts
 * in some other way than a bucket, unless the numbers fit to the millisecond.
 */
static bool surely_day(int day, const struct lim_shown *s)
{
    int64_t most = span(day, s->limit, s->limit - s->remaining);
    return s->reset_ns > LIM_MIN + LIM_MSEC || s->reset_ns >= most - LIM_MSEC;
}

/*
 * What a full bucket may hold: what remains, up to one unit more, and what
 * flows in until it is full.  False: there is no such bucket.
 */
static bool capacity_of(const struct lim_lesson *said, int window,
                        const struct lim_shown *s, struct lim_capacity *out)
{
    lim_wide ns = window_ns(window);
    lim_wide less = (lim_wide)s->limit * (s->reset_ns - LIM_MSEC);
    lim_wide more = (lim_wide)s->limit * (s->reset_ns + LIM_MSEC);
    lim_wide least = s->remaining + (less > 0 ? (less + ns - 1) / ns : 0);
    lim_wide most = s->remaining + 1 + more / ns;
    most = most < s->limit ? most : s->limit;
    if (least < 1 || least > most)
        return false;
    *out = (struct lim_capacity){ (int64_t)least, (int64_t)most, said->sent_at,
                                  s->reset_ns };
    return true;
}

/* At least what the request took has to flow in.  (A log shows the same reset
   with each answer, in which next to nothing of a day's bucket does.) */
static bool may_be_part(const struct lim_lesson *said, int window,
                        const struct lim_shown *s, const struct lim_capacity *c)
{
    lim_wide more = (lim_wide)s->limit * (s->reset_ns + LIM_MSEC);
    return c->least >= s->limit / PART_MIN &&
           more >= (lim_wide)cost_of(said, window) * window_ns(window);
}

static lim_wide flows_in(const struct lim_shown *s, int window, int64_t ns)
{
    return (lim_wide)s->limit * (ns < 0 ? -ns : ns) / window_ns(window);
}

/*
 * Learns from an answer how much the bucket of a window holds: what is kept in
 * the state's capacity becomes narrower, or begins anew where the answer is at
 * odds with it.  True: this and earlier answers say the same, although time
 * went by and the bucket was emptier or fuller: other kinds of windows do not
 * then.
 */
static bool learn_capacity(const struct lesson *x, int window,
                           const struct lim_shown *s)
{
    struct lim_capacity *c = &x->state->capacity[window];
    struct lim_capacity now;
    int64_t known =
        x->state->limits.max[window] == s->limit ? x->state->burst[window] : 0;
    bool is_one = capacity_of(x->said, window, s, &now);
    if (is_one && known >= now.least && known <= now.most) {
        c->least = c->most = known;
        return true;
    }
    if (!x->said->admitted)
        return false;
    if (!is_one || !may_be_part(x->said, window, s, &now)) {
        c->most = 0;
        return false;
    }
    if (now.least > c->most || now.most < c->least) {
        *c = now;
        return false;
    }
    c->least = now.least > c->least ? now.least : c->least;
    c->most = now.most < c->most ? now.most : c->most;
    int64_t blur = 2 * (c->most - c->least);
    return flows_in(s, window, now.since - c->since) >= 3 + blur &&
           flows_in(s, window, now.reset_ns - c->reset_ns) >= 2 + blur;
}

/* A bucket that holds less than the limit, of a minute or of a day. */
static bool read_part(const struct lesson *x, int minute,
                      const struct lim_shown *s, struct reading *r)
{
    int day = sibling(minute);
    bool of_minute = learn_capacity(x, minute, s);
    bool of_day = learn_capacity(x, day, s);
    if (of_minute == of_day)
        return false;
    r->window = of_minute ? minute : day;
    r->sure = r->fits = r->part = true;
    return true;
}

/* Without a reset, or with one that fits neither or both: whose limit it is,
   and if nobody's, a minute's, because that holds the pool up least. */
static int by_limit(const struct lim_learn *l, int minute, int64_t limit,
                    bool misfit)
{
    int day = sibling(minute);
    bool of_day = l->limits.max[day] == limit &&
                  l->limits.max[minute] != limit &&
                  (!misfit || (l->sure & bit(day)) != 0);
    return of_day ? day : minute;
}

static struct reading read_family(const struct lesson *x, int minute,
                                  const struct lim_shown *s)
{
    const struct lim_learn *l = x->state;
    struct reading r = { .window = NONE, .full = s->reset_ns };
    int day = sibling(minute);
    bool whole = s->remaining >= 0 && s->reset_ns >= 0;
    if (s->limit <= 0 || s->limit > LIM_LIMIT_MAX || s->remaining > s->limit ||
        (x->said->admitted && cost_of(x->said, minute) > s->limit))
        return r;
    bool is_minute = whole && fits(x->said, minute, s);
    bool is_day = whole && fits(x->said, day, s);
    if (whole && !is_bucket(l)) {
        is_minute = s->reset_ns <= longest(l, minute);
        is_day = !is_minute;
    }
    if (is_minute != is_day) {
        r.window = is_minute ? minute : day;
        r.sure = is_minute || surely_day(day, s);
        if (!r.sure && l->limits.max[minute] == s->limit)
            r.window = minute;
        r.fits = (is_minute || r.window == day) &&
                 l->discipline == LIM_DISCIPLINE_BUCKET;
        return r;
    }
    if (whole && !is_minute && l->discipline == LIM_DISCIPLINE_BUCKET &&
        read_part(x, minute, s, &r))
        return r;
    r.window = by_limit(l, minute, s->limit, whole && !is_minute);
    r.fits = is_minute && l->discipline == LIM_DISCIPLINE_BUCKET;
    return r;
}

static void set(struct lesson *x, int window, int64_t limit)
{
    struct lim_learn *l = x->state;
    if (l->limits.max[window] != limit)
        x->out->changed |= bit(window);
    l->limits.max[window] = limit;
    l->falling[window] = 0;
    if (window < LIM_SHOWN)
        l->burst[window] = 0;
    l->sure &= (uint8_t)~bit(window);
    l->named &= (uint8_t)~bit(window);
}

/* Answers to older requests do not bring it back. */
static void forget(struct lesson *x, int window)
{
    set(x, window, LIM_UNLIMITED);
    if (x->state->as_of[window] < x->said->sent_at)
        x->state->as_of[window] = x->said->sent_at;
}

/* A limit that holds the pool up: true if an earlier answer said so too.
   (The head of an answer and its end are one.) */
static bool said_twice(struct lim_learn *l, int window, int64_t limit,
                       lim_time sent)
{
    if (l->falling[window] == limit && sent > l->as_of[window])
        return true;
    if (l->falling[window] != limit) {
        l->falling[window] = limit;
        l->as_of[window] = sent;
    }
    return false;
}

/* A window's limit as an answer tells it.  True: it is what is believed. */
static bool hear(struct lesson *x, int window, int64_t limit, bool sure,
                 bool named)
{
    struct lim_learn *l = x->state;
    int64_t old = l->limits.max[window];
    lim_time sent = x->said->sent_at;
    int other = sibling(window);
    if (sent < l->as_of[window])
        return old == limit;
    if (old != limit) {
        bool beside = other != NONE && (l->sure & bit(other)) != 0;
        if ((old == LIM_UNLIMITED ? beside : limit < old) && !named &&
            !said_twice(l, window, limit, sent))
            return false;
        set(x, window, limit);
        x->grew |= old != LIM_UNLIMITED && limit > old;
    }
    l->falling[window] = 0;
    l->as_of[window] = sent;
    if (sure)
        l->sure |= (uint8_t)bit(window);
    if (named)
        l->named |= (uint8_t)bit(window);
    if (other != NONE && l->limits.max[other] == limit &&
        (l->sure & bit(other)) == 0)
        forget(x, other);
    return true;
}

/*
 * Headers show the window that takes longest to be full.  If one request of
 * the other takes longer still, the other is no more; and if it was only
 * supposed, it never was.
 */
static void miss_other(struct lesson *x, const struct reading *r)
{
    struct lim_learn *l = x->state;
    int other = sibling(r->window);
    int64_t limit = l->limits.max[other];
    if (!r->sure || limit == LIM_UNLIMITED ||
        x->said->sent_at < l->as_of[other])
        return;
    if ((l->sure & bit(other)) == 0)
        forget(x, other);
    else if (!x->said->admitted || l->any_shown)
        return;
    else if (r->full + LIM_MSEC < span(other, limit, cost_of(x->said, other)))
        forget(x, other);
}

/* What a full bucket holds, which the answer fits. */
static void hear_burst(struct lesson *x, const struct reading *r)
{
    struct lim_learn *l = x->state;
    const struct lim_capacity *c = &l->capacity[r->window];
    int64_t *burst = &l->burst[r->window], old = *burst;
    if (!r->fits)
        return;
    if (!r->part)
        *burst = 0;
    else if (c->most > 0 && (old < c->least || old > c->most))
        *burst = c->least;
    if (*burst != old)
        x->out->changed |= bit(r->window);
}

/* A bucket that was never seen full has only resets to go by, and they are cut
   to the ms. */
static void tell_level(struct lesson *x, const struct reading *r,
                       const struct lim_shown *s)
{
    struct lim_level *level = &x->out->level[r->window];
    lim_time sent = x->said->sent_at;
    if (r->part)
        *level = (struct lim_level){ sent + r->full + LIM_MSEC, LIM_UNLIMITED };
    else if (r->fits)
        *level = (struct lim_level){ sent + r->full, LIM_UNLIMITED };
    else if (s->remaining >= 0 && s->remaining < s->limit)
        *level = (struct lim_level){ sent, s->remaining + 1 };
}

static struct reading learn_family(struct lesson *x, int minute,
                                   const struct lim_shown *s)
{
    struct reading r = read_family(x, minute, s);
    if (r.window == NONE)
        return r;
    x->state->answered = true;
    x->shown |= bit(r.window);
    if (!hear(x, r.window, s->limit, r.sure, false))
        return r;
    miss_other(x, &r);
    hear_burst(x, &r);
    tell_level(x, &r, s);
    return r;
}

/* One case is known of a bucket of 30 days under a minute's name; a day is
   the nearest to it that there is. */
static int named_window(const struct lim_learn *l, const struct lim_feedback *f)
{
    int other = sibling(f->refused_by);
    bool longer = f->hint_ns > longest(l, f->refused_by) + LIM_SEC;
    return longer && other != NONE && window_ns(other) > LIM_MIN
               ? other
               : f->refused_by;
}

/* A refused request's windows: the hint says when there is room for it. */
static void learn_refusal(struct lesson *x, const struct reading *shown)
{
    const struct lim_feedback *f = x->said->feedback;
    if (f->refused_by < 0 || f->refused_by >= LIM_WINDOWS ||
        f->refused_max <= 0 || f->refused_max > LIM_LIMIT_MAX)
        return;
    int window = named_window(x->state, f);
    int64_t limit = f->refused_max;
    int64_t cost = cost_of(x->said, window);
    int64_t hint = f->hint_ns > 0 ? f->hint_ns : 0;
    struct lim_level *level = &x->out->level[window];
    x->shown |= bit(window);
    if (!hear(x, window, limit, true, true) || cost < 1 || cost > limit)
        return;
    if (shown->sure && shown->window == sibling(window) &&
        shown->full + LIM_MSEC < hint + span(window, limit, limit - cost))
        x->state->any_shown = true;
    if (level->at == LIM_NEVER)
        *level = (struct lim_level){ x->said->sent_at + hint,
                                     f->hint_ns > 0 ? cost : cost - 1 };
}

void lim_learn_init(struct lim_learn *l, enum lim_discipline discipline)
{
    *l = (struct lim_learn){ .limits = lim_limits_none(),
                             .discipline = discipline };
    for (int w = 0; w < LIM_WINDOWS; w++)
        l->as_of[w] = INT64_MIN;
}

void lim_learn_from(struct lim_learn *l, const struct lim_lesson *lesson,
                    struct lim_learned *out)
{
    struct lesson x = { .state = l, .said = lesson, .out = out };
    const struct lim_feedback *f = lesson->feedback;
    const struct lim_limits before = l->limits;
    int64_t burst[LIM_SHOWN];
    memcpy(burst, l->burst, sizeof burst);
    assert(!lesson->admitted || !lesson->refused);
    out->changed = 0;
    for (int w = 0; w < LIM_WINDOWS; w++)
        out->level[w].at = LIM_NEVER;
    l->answered |= lesson->admitted || lesson->refused;
    const struct reading requests = learn_family(&x, LIM_RPM, &f->requests);
    const struct reading tokens = learn_family(&x, LIM_TPM, &f->tokens);
    if (!lesson->admitted && f->refused_by >= 0)
        learn_refusal(&x, f->refused_by <= LIM_RPD ? &requests : &tokens);
    for (int w = 0; w < LIM_WINDOWS; w++)
        if (x.grew && (x.shown & bit(w)) == 0 && lesson->sent_at >= l->as_of[w])
            forget(&x, w);
    out->grew = x.grew;
    for (int w = 0; w < LIM_WINDOWS; w++)
        if (before.max[w] == l->limits.max[w] &&
            (w >= LIM_SHOWN || burst[w] == l->burst[w]))
            out->changed &= ~bit(w);
}

int64_t lim_learn_burst(const struct lim_learn *l, enum lim_limit window)
{
    return window < LIM_SHOWN ? l->burst[window] : 0;
}

bool lim_learn_doubt(struct lim_learn *l, unsigned windows)
{
    if ((l->named & windows) != 0)
        return false;
    for (int w = 0; w < LIM_WINDOWS; w++) {
        if ((windows & bit(w)) == 0)
            continue;
        l->limits.max[w] = LIM_UNLIMITED;
        l->falling[w] = 0;
        if (w < LIM_SHOWN)
            l->burst[w] = 0;
        l->sure &= (uint8_t)~bit(w);
    }
    l->answered = false;
    return true;
}
