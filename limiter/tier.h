#ifndef LIM_TIER_H
#define LIM_TIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limiter/error.h"
#include "limiter/limits.h"
#include "limiter/price.h"

/*
 * Tier tables: which limits a provider grants to an organisation of a usage
 * tier, for each model; and what qualifies for a tier.  A table is text in
 * plain columns (limiter/tables/ *.tsv explain themselves); some are built
 * in.  A row with no entry for a limit has no such limit; "100000/30d" is a
 * limit whose window is so many days long, whatever its column.
 *
 *     @as_of 2023-11                   of rows whose as_of is '-'
 *     @source seed The seed document   key, words; the first is that of '-'
 *     @tier tier2 50 7 500             $ paid, days since, $ a month or '-'
 *     # model tier  group rpm rpd   tpm   tpd ipm as_of source
 *     gpt-4   tier1 -     500 10000 10000 -   -   -     seed
 */
enum lim_tier {
    LIM_TIER_FREE,
    LIM_TIER_1,
    LIM_TIER_2,
    LIM_TIER_3,
    LIM_TIER_4,
    LIM_TIER_5,
    LIM_TIERS
};

/* Returns "free", "tier1" ... "tier5". */
const char *lim_tier_name(enum lim_tier tier);

/* Finds a tier by name; false if there is none such. */
bool lim_tier_find(const char *name, enum lim_tier *out);

struct lim_tier_row {
    const char *table; /* the set that it stands in */
    const char *model; /* may end with '*' */
    enum lim_tier tier;
    const char *group; /* models of one group share windows */
    struct lim_limits limits;
    const char *as_of;
    const char *source;
};

/* What an organisation must have paid, and when, to be at a tier. */
struct lim_qualification {
    bool defined;           /* the table grants limits at this tier */
    int64_t paid_microusd;  /* INT64_MAX: no payment leads here, for the
                                   table has no rule for this tier */
    int days;               /* since the first payment */
    int64_t month_microusd; /* monthly spend limit; LIM_UNLIMITED: none */
};

struct lim_table;

/* The names of the built-in tables, "current" first; ends with NULL. */
extern const char *const lim_table_names[];

/*
 * Makes a built-in table: "current" (for each model the newest of all sets),
 * "seed", "official-2024-mid", ...  Returns NULL and fills `diag` when there
 * is none such, naming those that there are, or when memory is short.
 */
struct lim_table *lim_table_builtin(const char *name, struct lim_diag *diag);

/*
 * Parses a table of `length` bytes of text, which need not end with 0; both
 * name and text are copied.  Returns NULL and fills `diag` with line and
 * reason: text that is not of the form, a model twice at one tier, models of
 * one group that differ in limits, no row at all, no memory.
 */
#define LIM_TABLE_TEXT_MAX (1 << 20) /* bytes of text */
#define LIM_TABLE_LINE_MAX 1000      /* bytes of one line */
#define LIM_TABLE_NAME_MAX 100       /* bytes of a model, group or date */
#define LIM_TABLE_ROWS_MAX 10000

struct lim_table *lim_table_parse(const char *name, const char *text,
                                  size_t length, struct lim_diag *diag);

void lim_table_free(struct lim_table *t); /* NULL is allowed */

const char *lim_table_name(const struct lim_table *t);

/* The rows, in table order; they live as long as the table. */
size_t lim_table_rows(const struct lim_table *t);
const struct lim_tier_row *lim_table_row(const struct lim_table *t, size_t i);

/*
 * Finds the row of a model at a tier: by its name, then as a dated snapshot
 * of its base model ("gpt-4-0613", "gpt-4o-2024-08-06"), then by pattern.
 * NULL: the tier has no access to it, or the table does not know it.
 */
const struct lim_tier_row *lim_table_find(const struct lim_table *t,
                                          const char *model,
                                          enum lim_tier tier);

/* Tells whether the table has the model at any tier. */
bool lim_table_knows(const struct lim_table *t, const char *model);

/*
 * The limit group of a model, NULL if the table does not know it.  Groups
 * are numbered from 0 in order of appearance.
 */
const char *lim_table_group(const struct lim_table *t, const char *model);
size_t lim_table_groups(const struct lim_table *t);
const char *lim_table_group_name(const struct lim_table *t, size_t group);

/* Returns the number of a group of that name, or -1. */
int lim_table_group_index(const struct lim_table *t, const char *group);

/*
 * A row with the limits of a group at a tier, all of its rows having the
 * same; NULL: the tier has no access to it.
 */
const struct lim_tier_row *lim_table_group_row(const struct lim_table *t,
                                               size_t group,
                                               enum lim_tier tier);

/* What qualifies for a tier; never NULL. */
const struct lim_qualification *lim_table_qualification(
    const struct lim_table *t, enum lim_tier tier);

#endif
