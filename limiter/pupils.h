#ifndef LIM_PUPILS_H
#define LIM_PUPILS_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter/group.h"
#include "limiter/learn.h"

/*
 * What is learned of a limit group's organisations (limiter/learn.h), and
 * what follows: an organisation stands in the class of those with equal
 * limits, and goes to another when its own turn out to be others.  Internal
 * to the pool.
 *
 * Until its first answer one request at a time is in flight there.  Then up to
 * eight for each that was admitted, until the requests' minute is known; and
 * so again when a limit has grown, until a later answer agrees.  A limit that
 * headers hide, or a lie, does not cost the whole queue.
 *
 * Memory is taken when limits are new to the group; when it is short, the old
 * belief stays, and the next answer tries again.
 */
struct lim_pupils;

/* An organisation that has to wait for an answer is blocked until then. */
#define LIM_PUPILS_HELD (LIM_NEVER / 2)

/*
 * Makes the pupils of a group of a pool's organisations, none of whose limits
 * are known; `g` must outlive them.  NULL: out of memory.
 */
struct lim_pupils *lim_pupils_new(struct lim_group *g,
                                  const struct lim_config *config);
void lim_pupils_free(struct lim_pupils *b); /* NULL is allowed */

/* A request goes there. */
void lim_pupils_sent(struct lim_pupils *b, uint32_t organisation);

/* It ended.  True: the organisation was held, and no longer is. */
bool lim_pupils_ended(struct lim_pupils *b, uint32_t organisation);

/* Blocks an organisation; one that is held, once it is not. */
void lim_pupils_block(struct lim_pupils *b, uint32_t organisation,
                      lim_time until);

/* An answer, and what has happened since its request was sent. */
struct lim_heard {
    struct lim_lesson lesson;
    int64_t since[LIM_RATED]; /* charged after it, less what was given back */
    int64_t before;           /* requests that were in flight when it was */
    const int64_t *mark;      /* of meters, if the windows are */
};

/* Learns from it at `now`.  True: the organisation may be ready earlier. */
bool lim_pupils_hear(struct lim_pupils *b, uint32_t organisation,
                     const struct lim_heard *h, lim_time now);

/*
 * Nobody's limits are such that `cost` ever fits: doubts those of the first
 * that no 429 has named, and asks it.  True: it may go there now.
 */
bool lim_pupils_doubt(struct lim_pupils *b, const struct lim_cost *cost,
                      lim_time now);

#endif
