#ifndef MOCK_ERAS_H
#define MOCK_ERAS_H

#include "mockserver/words.h"

/*
 * Adds the sentence of a rate limit as it was before November 2023:
 *
 *   2022     Limit: 20.000000 / min. Current: 24.000000 / min.
 *   2023-03  Limit: 20 / min. Please try again in 3s.
 *   2023     the same, with another place to turn to
 *
 * "Current" is what was used and asked for.  The wait is that of one unit,
 * window / limit, whatever was asked for: useless for tokens, and it is kept
 * so.  Where it is below 1 ms, or the verdict has no hint, "Current" is told
 * instead (one log of July 2023, for a limit of 1,000,000, looks like that).
 *
 * Limits had names of their own then: "default-gpt-3.5-turbo" for a model's,
 * "10KTPM-200RPM" for a group's, the bare name for a dated snapshot's.
 */
void mock_eras_sentence(struct mock_text *m, enum mock_era era,
                        const struct mock_refused *r,
                        const struct sim_verdict *v);

#endif
