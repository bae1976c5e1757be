#ifndef LIM_MEMBERS_H
#define LIM_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/group.h"
#include "limiter/pool.h"

/*
 * The organisations of a pool as it believes them to be: windows by limit
 * group, spend, what is in flight, who is out.  Internal to the pool, which
 * owns the requests and asks here who may take one.
 */
struct lim_members;

#define LIM_ALL_GROUPS UINT32_MAX

/* What had been charged when a request was sent: it dates its answer. */
struct lim_mark {
    lim_time sent_at;
    int64_t charged[LIM_RATED];
    uint32_t in_flight; /* with it */
    uint32_t place;     /* the caller's: of all that are in flight, its own */
    bool gone;          /* lim_members_gone has told so */
};

/* A request before the organisations. */
struct lim_asked {
    unsigned group;
    const struct lim_cost *cost;
    uint64_t affinity, draw;
};

/* A configuration that lim_pool_new has checked.  NULL: out of memory. */
struct lim_members *lim_members_new(const struct lim_config *config);
void lim_members_free(struct lim_members *m); /* NULL is allowed */

/* Tells whether some organisation could ever take `cost`; if not, why.
   Learned limits that no 429 has named are put to the test first. */
bool lim_members_fit(struct lim_members *m, unsigned group,
                     const struct lim_cost *cost, lim_time now,
                     struct lim_refusal *refusal);

/* Starts the month's spend anew when it is over, with what is in flight. */
void lim_members_turn_month(struct lim_members *m, lim_time now);

/*
 * Chooses who takes a request now, and returns `now`; or when somebody may
 * take it: LIM_NEVER when that takes an answer to come first.
 */
lim_time lim_members_choose(struct lim_members *m, const struct lim_asked *a,
                            lim_time now, uint32_t *organisation);

/* Chooses somebody else than `taken`, if that is possible; false: nobody. */
bool lim_members_choose_other(struct lim_members *m, const struct lim_asked *a,
                              uint32_t taken, lim_time now,
                              uint32_t *organisation);

/* Tells whether somebody may take it one day, whatever answers come. */
bool lim_members_hope(const struct lim_members *m, const struct lim_asked *a,
                      lim_time now);

/* Returns when `organisation` may take it; LIM_NEVER: likewise. */
lim_time lim_members_ready(const struct lim_members *m, uint32_t organisation,
                           const struct lim_asked *a, lim_time now);

/* The most in flight over all, and when the next may go out at all. */
int64_t lim_members_cap(const struct lim_members *m);
lim_time lim_members_not_before(const struct lim_members *m);

/* A request goes out: charges its cost, marks it (but for its place, which is
   set: below requests_max, or twice that where there are hedges), returns the
   key to use. */
unsigned lim_members_send(struct lim_members *m, uint32_t organisation,
                          const struct lim_asked *a, lim_time now,
                          struct lim_mark *mark);

/*
 * It left only now.  All that is charged and has not left yet is still to
 * come, and the bucket holds no more than it holds: it is full no earlier than
 * after the time in which that flows in.
 */
void lim_members_gone(struct lim_members *m, uint32_t organisation,
                      const struct lim_asked *a, lim_time now,
                      struct lim_mark *mark);

/*
 * Its answer is there, or (`o` is NULL) nobody waits for it any more, and it
 * took at least so long: it is no longer in flight.  True: the organisation,
 * which was full, no longer is.
 */
bool lim_members_end(struct lim_members *m, uint32_t organisation,
                     const struct lim_asked *a, const struct lim_mark *mark,
                     const struct lim_outcome *o, lim_time now);

/*
 * Corrects what was charged by `give` less `take`: a reservation settled to
 * real use, or given back.
 */
void lim_members_settle(struct lim_members *m, uint32_t organisation,
                        unsigned group, const struct lim_mark *mark,
                        const struct lim_cost *give,
                        const struct lim_cost *take, lim_time now);

/*
 * Lowers the belief to what an answer showed, or learns from it.  `o` is
 * NULL when only its head is there; else the request's charge is settled.
 * True: the organisation may be ready earlier.
 */
bool lim_members_observe(struct lim_members *m, uint32_t organisation,
                         const struct lim_asked *a, const struct lim_mark *mark,
                         const struct lim_feedback *f,
                         const struct lim_outcome *o, lim_time now);

/*
 * An organisation has other limits in a group: what was used of each window
 * stays used.  Nothing is learned there.  Returns LIM_OK, or LIM_EINVAL or
 * LIM_ENOMEM, and nothing has changed.
 */
int lim_members_change(struct lim_members *m, uint32_t organisation,
                       unsigned group, const struct lim_limits *limits,
                       lim_time now);

/* Nothing goes there before `until`, in one group or LIM_ALL_GROUPS. */
void lim_members_block(struct lim_members *m, uint32_t organisation,
                       unsigned group, lim_time until);

/* When the month's spend starts anew. */
lim_time lim_members_month_end(const struct lim_members *m);

struct lim_window_belief lim_members_belief(const struct lim_members *m,
                                            uint32_t organisation,
                                            unsigned group,
                                            enum lim_limit limit, lim_time now);

#endif
