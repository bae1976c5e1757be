/* A table that parses finds each of its rows; another says why not. */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "limiter/tier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct lim_table *t)
{
    size_t n = lim_table_rows(t);
    assert(n > 0 && lim_table_groups(t) > 0);
    for (size_t i = 0; i < n; i++) {
        const struct lim_tier_row *row = lim_table_row(t, i);
        size_t length = strlen(row->model);
        const char *group = lim_table_group(t, row->model);
        assert(length > 0 && group != NULL);
        if (row->model[length - 1] != '*') {
            assert(lim_table_find(t, row->model, row->tier) == row);
            assert(strcmp(group, row->group) == 0);
        }
        assert(lim_table_group_index(t, row->group) >= 0);
        for (int k = 0; k < LIM_WINDOWS; k++)
            assert(row->limits.max[k] >= LIM_UNLIMITED &&
                   row->limits.max[k] <= LIM_LIMIT_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lim_diag diag = { .text = "" };
    struct lim_table *t =
        lim_table_parse("fuzz", (const char *)data, size, &diag);
    if (t != NULL)
        check(t);
    else
        assert(diag.text[0] != '\0');
    lim_table_free(t);
    return 0;
}
