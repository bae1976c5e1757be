#ifndef BENCH_ROSTER_H
#define BENCH_ROSTER_H

#include "bench/accountfile.h"
#include "bench/accounts.h"
#include "bench/batch.h"
#include "limiter/pool.h"
#include "limiter/tier.h"

/*
 * The organisations that real requests are sent for, with their credentials
 * and with what is known of their limits: those that the accounts file tells
 * ("limits"), else those of its "tier" in the tier table, else none.
 */
struct bench_roster {
    struct bench_accounts *accounts;        /* owned */
    struct lim_organisation *organisations; /* owned, with what they hold */
    size_t count;
    unsigned groups;           /* limit groups, by the models that are asked */
    unsigned *group_of;        /* owned: by model of the batch */
    bool limits_known;         /* of every organisation and model */
    struct lim_table *table;   /* owned: of the tiers */
    struct mock_config priced; /* owned: its provider has prices of one's own */
};

/* What a model costs: by the file's "prices", else at list price; NULL: not
   known. */
const struct lim_price *bench_roster_price(const struct bench_roster *r,
                                           const char *model);

/*
 * `path`: an accounts file; NULL: OPENAI_API_KEY, one organisation of which
 * no limit is known.  LIM_OK, or an error and `diag`; then nothing is left.
 */
int bench_roster_init(struct bench_roster *r, const char *path,
                      const struct bench_batch *batch, struct lim_diag *diag);
void bench_roster_fini(struct bench_roster *r);

#endif
