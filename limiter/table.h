#ifndef LIM_TABLE_H
#define LIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "limiter/pool.h"
#include "limiter/tier.h"

/*
 * The inside of a tier table, shared by its parser, its look-ups and the
 * built-in sets; not for others.
 *
 * Rows stand in the order of the text.  Beside them stand the models, sorted
 * by name for binary search, plain names before patterns, each with its row
 * at every tier; and the groups, numbered in order of appearance.
 */

#define LIM_TABLE_PARTS_MAX 8

/* A sorted name of a model or, without its '*', of a pattern. */
struct lim_table_model {
    const char *name;
    size_t length;
    bool pattern;
    int group;
    const struct lim_tier_row *rows[LIM_TIERS];
};

struct lim_table_group {
    const char *name;
    const struct lim_tier_row *rows[LIM_TIERS];
};

struct lim_table {
    char *name;
    char *text; /* rows point into it */
    struct lim_tier_row *rows;
    int *lines; /* of the rows */
    size_t row_count, row_room;
    struct lim_table_model *models;
    size_t model_count;
    size_t plain_count; /* of them, before the patterns */
    size_t pattern_length_max;
    struct lim_table_group *groups;
    size_t group_count;
    struct lim_table_model *group_names; /* sorted */
    struct lim_qualification qualifications[LIM_TIERS];
    struct lim_table *parts[LIM_TABLE_PARTS_MAX]; /* of a merged one */
    size_t part_count;
};

/* Makes an empty table without rules; NULL: no memory. */
struct lim_table *lim_table_new(const char *name);

/* Adds a row that stood in `line`; LIM_OK, LIM_ENOMEM or LIM_EFULL. */
int lim_table_add(struct lim_table *t, const struct lim_tier_row *row,
                  int line);

/*
 * Makes the look-up arrays once all rows are there, and checks what holds
 * between rows.  LIM_OK, LIM_ENOMEM or LIM_EPARSE and `diag`.
 */
int lim_table_index(struct lim_table *t, struct lim_diag *diag);

/* Tells whether the model, or pattern, is written so in some row. */
bool lim_table_has(const struct lim_table *t, const char *model);

#endif
