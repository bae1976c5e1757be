#include "limiter/shown.h"

#include "limiter/cold.h"
#include "limiter/window.h"

/* How far a reset is from what the used units of a window would need. */
static double misfit(const struct lim_rate *r, const struct lim_shown *s)
{
    double off = (double)(s->limit - s->remaining) * (double)r->window_ns /
                     (double)r->limit -
                 (double)s->reset_ns;
    return off < 0 ? -off : off;
}

/*
 * Which of a dimension's two windows the headers show, or -1: the one of
 * their limit, and when both have it, the one that their reset fits better.
 */
static int shown_window(const struct lim_seat *p, enum lim_limit minute,
                        enum lim_limit day, const struct lim_shown *s)
{
    const struct lim_rate *m = lim_index_rate(p->index, minute);
    const struct lim_rate *d = lim_index_rate(p->index, day);
    if (m->limit == s->limit && d->limit == s->limit && s->reset_ns >= 0)
        return misfit(d, s) < misfit(m, s) ? (int)day : (int)minute;
    return m->limit == s->limit   ? (int)minute
           : d->limit == s->limit ? (int)day
                                  : -1;
}

/*
 * The answer describes the window as it was at its admission, at `sent_at` or
 * a little later: full at sent_at + reset at the earliest, and later by all
 * that was charged since.  `reset` is cut and `sent_at` early, so this never
 * lowers a belief that is right.  Without a reset the floored count serves,
 * taken as one more.  A reset beyond what the used units need is that of
 * another kind of window, which forgets all at once: the units tell more.
 */
static void observe_window(struct lim_seat *p, enum lim_limit limit,
                           const struct lim_mark *mark,
                           const struct lim_shown *s)
{
    const struct lim_rate *rate = lim_index_rate(p->index, limit);
    enum lim_dimension d = lim_limit_dimension(limit);
    int64_t since = p->charged[d] - mark->charged[d];
    int64_t reset = s->reset_ns, used = s->limit - s->remaining;
    if (reset < 0) {
        if (s->remaining < 0 || used <= 1)
            return;
        reset = lim_rate_span(rate, used - 1).ns;
    } else if (s->remaining >= 0 && used >= 0 &&
               reset > lim_rate_span(rate, used).ns) {
        reset = lim_rate_span(rate, used).ns;
    }
    if (reset == 0 || since < 0)
        return;
    since = since < rate->burst ? since : rate->burst;
    lim_time full = mark->sent_at + reset + lim_rate_span(rate, since).ns;
    if (full <= lim_index_get(p->index, p->leaf, (enum lim_value)limit))
        return;
    const struct lim_window window = { full, 0 };
    lim_index_set_window(p->index, p->leaf, limit, window);
}

/*
 * Whether what is shown of a dimension is believed already, and more.  The
 * units charged since count for whole ns each, which is at most 1 ns too much.
 */
static inline bool believed(const struct lim_seat *p, enum lim_limit minute,
                            enum lim_limit day, const struct lim_mark *mark,
                            const struct lim_shown *s)
{
    const struct lim_rate *rate = lim_index_rate(p->index, minute);
    const struct lim_rate *other = lim_index_rate(p->index, day);
    enum lim_dimension d = lim_limit_dimension(minute);
    enum lim_value window = (enum lim_value)minute;
    if (s->limit <= 0)
        return true;
    if (other->limit == s->limit) {
        if (rate->limit == s->limit)
            return false;
        window = (enum lim_value)day;
        rate = other;
    } else if (rate->limit != s->limit) {
        return true;
    }
    lim_time full = lim_index_get(p->index, p->leaf, window);
    int64_t since = p->charged[d] - mark->charged[d];
    int64_t unit_ns = rate->step.ns + (rate->step.frac > 0);
    since = since < rate->burst ? since : rate->burst;
    return s->reset_ns >= 0 &&
           s->reset_ns <= full - mark->sent_at - since * unit_ns;
}

bool lim_shown_believed(const struct lim_seat *p, const struct lim_mark *mark,
                        const struct lim_feedback *f)
{
    return believed(p, LIM_RPM, LIM_RPD, mark, &f->requests) &&
           believed(p, LIM_TPM, LIM_TPD, mark, &f->tokens) &&
           lim_index_meters(p->index) == NULL;
}

/* Of the windows that the headers of a dimension show, if they do. */
static void heed(struct lim_seat *p, enum lim_limit minute, enum lim_limit day,
                 const struct lim_answer *a, const struct lim_shown *s,
                 lim_time now)
{
    struct lim_meters *meters = lim_index_meters(p->index);
    int w = shown_window(p, minute, day, s);
    if (w < 0)
        return;
    observe_window(p, (enum lim_limit)w, a->mark, s);
    if (meters == NULL)
        return;
    int64_t own = a->cost->amount[lim_limit_dimension((enum lim_limit)w)];
    lim_meters_heed(meters, p->leaf, (enum lim_limit)w, s->remaining,
                    a->meters[w] + (a->refused ? own : 0), a->mark->sent_at,
                    now);
}

LIM_COLD void lim_shown_heed(struct lim_seat *p, const struct lim_answer *a,
                             lim_time now)
{
    const struct lim_feedback *f = a->feedback;
    if (f->requests.limit > 0)
        heed(p, LIM_RPM, LIM_RPD, a, &f->requests, now);
    if (f->tokens.limit > 0)
        heed(p, LIM_TPM, LIM_TPD, a, &f->tokens, now);
}

/* A refusal's own charge has been given back when all of it is there. */
LIM_APART bool lim_shown_learn(struct lim_pupils *b, uint32_t organisation,
                               const struct lim_seat *p,
                               const struct lim_answer *a, lim_time now)
{
    struct lim_heard h = {
        .lesson = { .feedback = a->feedback,
                    .cost = a->cost,
                    .sent_at = a->mark->sent_at,
                    .admitted = a->admitted,
                    .refused = a->refused },
        .before = a->mark->in_flight - 1,
        .mark = a->meters,
    };
    for (unsigned d = 0; d < LIM_RATED; d++)
        h.since[d] = p->charged[d] - a->mark->charged[d] +
                     (a->refused ? a->cost->amount[d] : 0);
    return lim_pupils_hear(b, organisation, &h, now);
}
