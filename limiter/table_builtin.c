/* The tables that are built in, and the newest of all of them merged. */

#include "limiter/table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TABLES(X)                                                              \
    X("model-pages-2025-26", text_limiter_tables_model_pages_2025_26_tsv)      \
    X("late-2024", text_limiter_tables_late_2024_tsv)                          \
    X("official-2024-mid", text_limiter_tables_official_2024_mid_tsv)          \
    X("seed", text_limiter_tables_seed_tsv)

#define TABLE_EXTERN(set, symbol)                                              \
    extern const char symbol[];                                                \
    extern const size_t symbol##_size;
TABLES(TABLE_EXTERN)
#undef TABLE_EXTERN

const char *const lim_table_names[] = {
    "current", "seed", "official-2024-mid", "late-2024", "model-pages-2025-26",
    NULL,
};

/* Newest first: the first set that has a model gives all its rows. */
static const struct {
    const char *name;
    const char *text;
    const size_t *size;
} sets[] = {
#define TABLE_SET(set, symbol) { set, symbol, &symbol##_size },
    TABLES(TABLE_SET)
#undef TABLE_SET
};

#define SETS (sizeof sets / sizeof sets[0])

static_assert(SETS <= LIM_TABLE_PARTS_MAX, "room for the parts of current");

/* Adds the rows of the models that no newer part has. */
static int add_missing(struct lim_table *t, const struct lim_table *newer[],
                       size_t newer_count, const struct lim_table *part)
{
    for (size_t i = 0; i < part->row_count; i++) {
        const struct lim_tier_row *row = &part->rows[i];
        bool there = false;
        for (size_t k = 0; k < newer_count && !there; k++)
            there = lim_table_has(newer[k], row->model);
        if (!there && lim_table_add(t, row, 0) != LIM_OK)
            return LIM_ENOMEM;
    }
    return LIM_OK;
}

static int merge(struct lim_table *t, struct lim_diag *diag)
{
    const struct lim_table *newer[SETS];
    for (size_t i = 0; i < SETS; i++) {
        struct lim_table *part =
            lim_table_parse(sets[i].name, sets[i].text, *sets[i].size, diag);
        if (part == NULL)
            return LIM_EPARSE;
        t->parts[t->part_count++] = part;
        newer[i] = part;
        if (add_missing(t, newer, i, part) != LIM_OK)
            return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    }
    memcpy(t->qualifications, t->parts[0]->qualifications,
           sizeof t->qualifications);
    return lim_table_index(t, diag);
}

static struct lim_table *current(struct lim_diag *diag)
{
    struct lim_table *t = lim_table_new(lim_table_names[0]);
    if (t == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        return NULL;
    }
    if (merge(t, diag) != LIM_OK) {
        lim_table_free(t);
        return NULL;
    }
    return t;
}

static void fail_unknown(const char *name, struct lim_diag *diag)
{
    char names[256] = "";
    size_t used = 0;
    for (size_t i = 0; lim_table_names[i] != NULL; i++) {
        int n = snprintf(names + used, sizeof names - used, "%s%s",
                         i > 0 ? ", " : "", lim_table_names[i]);
        used += (size_t)n;
        assert(used < sizeof names);
    }
    lim_fail(diag, LIM_ENOTFOUND, 0,
             "'%.40s' is no built-in table; those are %s", name, names);
}

struct lim_table *lim_table_builtin(const char *name, struct lim_diag *diag)
{
    if (strcmp(name, lim_table_names[0]) == 0)
        return current(diag);
    for (size_t i = 0; i < SETS; i++)
        if (strcmp(sets[i].name, name) == 0)
            return lim_table_parse(name, sets[i].text, *sets[i].size, diag);
    fail_unknown(name, diag);
    return NULL;
}
