#ifndef LIM_LEARN_H
#define LIM_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/feedback.h"
#include "limiter/limits.h"
#include "limiter/meter.h"
#include "limiter/time.h"

/*
 * What answers teach of the limits of one organisation in one limit group.
 *
 * Headers show one window of a dimension, with its limit and no word on its
 * length; that follows from limit, remaining and reset, for a bucket is full
 * after used x window / limit:
 *
 *     limit  remaining  reset     says
 *     500    499        120ms     500 a minute
 *     10000  9999       8.64s     10,000 a day; the minute's is hidden
 *     3      -          -         3 of the window that has 3; else a minute
 *     150000 149984     6m0s      fits neither: likewise
 *
 * A bucket that holds less than its limit when it is full shows that, too: its
 * reset tells how much is missing, which with the remaining is all that it
 * holds. "limit 500, remaining 124, reset 120ms" is a bucket of 125, or of 4
 * other units and a rate of which nothing is known: so it is believed when a
 * later answer says the same, by when three units have flowed in.
 *
 * Other disciplines than the bucket come back as a whole: there a reset says
 * by its length alone whose it is, a minute's or a day's.
 *
 * The sentence of a 429 names limit and window outright.  What is only
 * supposed gives way to what is sure.  Source: response headers and errors of
 * the OpenAI API, 2022 to 2026.
 *
 * What is believed of whom:
 *   - Limits change by answers at least as new as what is known, by the time
 *     at which their requests were sent.
 *   - A limit that grows, or the first of its dimension, is believed at once.
 *     One that falls, or comes beside another that is sure, needs two answers
 *     that say so, or the sentence of a 429.
 *   - Growth is another tier: what this answer does not show is forgotten,
 *     and the next 429 names it.  So is a day's limit when a minute's is
 *     shown, although one request of the day takes longer to come back.
 *   - Nothing is believed of a limit that is 0, or below what the same
 *     answer's request was admitted for, or a remaining above the limit.
 *
 * Pitfall: a lie that shows more than there is counts until the next answer;
 * one that shows less slows an organisation down until a request gets through.
 * The worst is whole in itself and comes first: "200 a day, all used" holds
 * for the 432 s that one of 200 takes to come back, and longer if others were
 * on their way.
 */

#define LIM_SHOWN LIM_IPM /* windows that headers show: those before it */

/* What a full bucket holds, if answers are to be believed that fit no bucket
   of the whole limit. */
struct lim_capacity {
    int64_t least, most; /* units; most 0: there was none */
    lim_time since;      /* the first was sent that agrees with the others, */
    int64_t reset_ns;    /* and showed */
};

/* State for one organisation and group; fields are private. */
struct lim_learn {
    struct lim_limits limits;     /* believed; LIM_UNLIMITED: not known */
    lim_time as_of[LIM_WINDOWS];  /* when the request was sent that said so */
    int64_t falling[LIM_WINDOWS]; /* lower, as one answer said; 0: none */
    int64_t burst[LIM_SHOWN];     /* what a full bucket holds; 0: unknown */
    struct lim_capacity capacity[LIM_SHOWN];
    uint8_t sure;  /* windows as bits: not just supposed, */
    uint8_t named; /* and by a 429 */
    enum lim_discipline discipline;
    bool answered;
    bool any_shown; /* headers show any window, not the longest to full */
};

/* One answer. */
struct lim_lesson {
    const struct lim_feedback *feedback;
    const struct lim_cost *cost; /* of its request */
    lim_time sent_at;
    bool admitted; /* the provider took the cost, */
    bool refused;  /* or refused it by a limit; neither: not known */
};

/*
 * A window holds `units`, or up to one less, at `at`: if it was asked at the
 * instant when the request was sent, and nothing is taken thereafter.
 */
struct lim_level {
    lim_time at;   /* LIM_NEVER: the answer does not say */
    int64_t units; /* LIM_UNLIMITED: it is full */
};

/* What an answer taught. */
struct lim_learned {
    unsigned changed; /* windows with another limit or burst, as bits */
    bool grew;        /* one that was known is larger */
    struct lim_level level[LIM_WINDOWS];
};

/* Knows nothing but the discipline by which the windows count. */
void lim_learn_init(struct lim_learn *l, enum lim_discipline discipline);

/* Learns from an answer, which may come twice: its head, and all of it. */
void lim_learn_from(struct lim_learn *l, const struct lim_lesson *lesson,
                    struct lim_learned *out);

/*
 * Doubts limits that stand in the way of a request altogether, `windows` as
 * bits: they are not known any more, and one request is to be answered before
 * another is sent.  False, and nothing is doubted: a 429 named one of them.
 */
bool lim_learn_doubt(struct lim_learn *l, unsigned windows);

/*
 * Tells whether an answer has come: until then one request at a time is in
 * flight.  It counts if it shows a limit, or if its request was admitted or
 * refused by a limit, headers or not.
 */
static inline bool lim_learn_answered(const struct lim_learn *l)
{
    return l->answered;
}

/* What a full bucket of a window holds, or 0: that is not known. */
int64_t lim_learn_burst(const struct lim_learn *l, enum lim_limit window);

/* The limits as believed. */
static inline const struct lim_limits *lim_learn_limits(
    const struct lim_learn *l)
{
    return &l->limits;
}

#endif
