#ifndef MOCK_RELOAD_H
#define MOCK_RELOAD_H

#include "mockserver/api.h"

/*
 * A configuration read again while the daemon serves.  What is used of the
 * limits, spent and paid stays.
 *
 * New at once: latency, load, tier_speed, faults (in place of those set by
 * hand), era, dialect, the number of an organisation's keys; its tier, if the
 * file gave it another one before; organisations and projects that were not
 * there, and the limits of projects.  All else must be as it was: what has
 * been counted under other rules could not be told in the new ones.
 */
struct mock_reload_done {
    size_t added, moved; /* organisations */
    size_t projects;     /* of known organisations, new or changed */
};

/*
 * Brings `api` from `now` to `fresh` at `time`, and exchanges the two: `api`
 * points into `now` before and after, and the tables' owners stay.  LIM_OK;
 * or `diag` and LIM_EINVAL, nothing having changed, when they differ in what
 * can not change, or LIM_ENOMEM, when not all that is new has come.
 */
int mock_reload(struct mock_api *api, struct mock_config *now,
                struct mock_config *fresh, lim_time time,
                struct mock_reload_done *done, struct lim_diag *diag);

#endif
