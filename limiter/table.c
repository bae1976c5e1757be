/* Tier tables: rows, the index over them, and look-ups without allocation. */

#include "limiter/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limiter/model.h"

struct lim_table *lim_table_new(const char *name)
{
    struct lim_table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    size_t size = strlen(name) + 1;
    t->name = malloc(size);
    if (t->name == NULL) {
        free(t);
        return NULL;
    }
    memcpy(t->name, name, size);
    for (int i = 0; i < LIM_TIERS; i++) {
        t->qualifications[i].paid_microusd = INT64_MAX;
        t->qualifications[i].month_microusd = LIM_UNLIMITED;
    }
    return t;
}

void lim_table_free(struct lim_table *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->part_count; i++)
        lim_table_free(t->parts[i]);
    free(t->group_names);
    free(t->groups);
    free(t->models);
    free(t->lines);
    free(t->rows);
    free(t->text);
    free(t->name);
    free(t);
}

static int grow(struct lim_table *t)
{
    size_t room = t->row_room > 0 ? t->row_room * 2 : 64;
    struct lim_tier_row *rows = realloc(t->rows, room * sizeof *rows);
    if (rows == NULL)
        return LIM_ENOMEM;
    t->rows = rows;
    int *lines = realloc(t->lines, room * sizeof *lines);
    if (lines == NULL)
        return LIM_ENOMEM;
    t->lines = lines;
    t->row_room = room;
    return LIM_OK;
}

int lim_table_add(struct lim_table *t, const struct lim_tier_row *row, int line)
{
    assert(t->models == NULL);
    if (t->row_count >= LIM_TABLE_ROWS_MAX)
        return LIM_EFULL;
    if (t->row_count == t->row_room && grow(t) != LIM_OK)
        return LIM_ENOMEM;
    t->rows[t->row_count] = *row;
    t->lines[t->row_count++] = line;
    return LIM_OK;
}

static int compare_names(const char *a, size_t a_length, const char *b,
                         size_t b_length)
{
    size_t n = a_length < b_length ? a_length : b_length;
    int order = memcmp(a, b, n);
    if (order != 0)
        return order;
    return a_length < b_length ? -1 : a_length > b_length;
}

/* Of equal names the one that was first in the text comes first. */
static int compare_models(const void *a, const void *b)
{
    const struct lim_table_model *x = a, *y = b;
    if (x->pattern != y->pattern)
        return x->pattern ? 1 : -1;
    int order = compare_names(x->name, x->length, y->name, y->length);
    if (order != 0)
        return order;
    return x->name < y->name ? -1 : x->name > y->name;
}

static const struct lim_table_model *search(
    const struct lim_table_model *models, size_t count, const char *name,
    size_t length)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct lim_table_model *m = &models[middle];
        int order = compare_names(name, length, m->name, m->length);
        if (order == 0)
            return m;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static int group_of(const struct lim_table *t, const char *name)
{
    for (size_t i = 0; i < t->group_count; i++)
        if (strcmp(t->groups[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int line_of(const struct lim_table *t, const struct lim_tier_row *row)
{
    return t->lines[row - t->rows];
}

/* Models of one group share windows, so they cannot differ in limits. */
static int index_group(struct lim_table *t, const struct lim_tier_row *row,
                       struct lim_diag *diag)
{
    int g = group_of(t, row->group);
    if (g < 0) {
        if (t->group_count == LIM_GROUPS_MAX)
            return lim_fail(diag, LIM_EPARSE, line_of(t, row),
                            "more than %d groups", LIM_GROUPS_MAX);
        g = (int)t->group_count++;
        t->groups[g].name = row->group;
    }
    const struct lim_tier_row **first = &t->groups[g].rows[row->tier];
    if (*first == NULL)
        *first = row;
    if (memcmp(&(*first)->limits, &row->limits, sizeof row->limits) != 0)
        return lim_fail(diag, LIM_EPARSE, line_of(t, row),
                        "%s and %s are both in group %s but differ in their "
                        "limits at %s",
                        (*first)->model, row->model, row->group,
                        lim_tier_name(row->tier));
    return LIM_OK;
}

static int index_groups(struct lim_table *t, struct lim_diag *diag)
{
    assert(t->group_count == 0);
    t->groups = calloc(LIM_GROUPS_MAX, sizeof *t->groups);
    if (t->groups == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < t->row_count; i++) {
        int error = index_group(t, &t->rows[i], diag);
        if (error != LIM_OK)
            return error;
        t->qualifications[t->rows[i].tier].defined = true;
    }
    t->group_names = calloc(t->group_count, sizeof *t->group_names);
    if (t->group_names == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < t->group_count; i++)
        t->group_names[i] = (struct lim_table_model){
            .name = t->groups[i].name,
            .length = strlen(t->groups[i].name),
            .group = (int)i,
        };
    qsort(t->group_names, t->group_count, sizeof *t->group_names,
          compare_models);
    return LIM_OK;
}

static struct lim_table_model model_of(const struct lim_table *t,
                                       const struct lim_tier_row *row)
{
    size_t length = strlen(row->model);
    bool pattern = row->model[length - 1] == '*';
    struct lim_table_model m = {
        .name = row->model,
        .length = pattern ? length - 1 : length,
        .pattern = pattern,
        .group = group_of(t, row->group),
    };
    m.rows[row->tier] = row;
    return m;
}

/* `from` is a model as one row of it tells, later in the text than `to`. */
static int join(const struct lim_table *t, struct lim_table_model *to,
                const struct lim_table_model *from, struct lim_diag *diag)
{
    int tier = 0;
    while (from->rows[tier] == NULL)
        tier++;
    const struct lim_tier_row *row = from->rows[tier];
    if (to->rows[tier] != NULL)
        return lim_fail(diag, LIM_EPARSE, line_of(t, row),
                        "%s at %s stands in line %d already", row->model,
                        lim_tier_name(row->tier), line_of(t, to->rows[tier]));
    if (to->group != from->group)
        return lim_fail(diag, LIM_EPARSE, line_of(t, row),
                        "%s is in group %s here and in group %s before",
                        row->model, row->group, t->groups[to->group].name);
    to->rows[tier] = row;
    return LIM_OK;
}

static bool same_model(const struct lim_table_model *a,
                       const struct lim_table_model *b)
{
    return a->pattern == b->pattern &&
           compare_names(a->name, a->length, b->name, b->length) == 0;
}

static int index_models(struct lim_table *t, struct lim_diag *diag)
{
    struct lim_table_model *m = calloc(t->row_count, sizeof *m);
    if (m == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    t->models = m;
    for (size_t i = 0; i < t->row_count; i++)
        m[i] = model_of(t, &t->rows[i]);
    qsort(m, t->row_count, sizeof *m, compare_models);
    size_t n = 0;
    for (size_t i = 0; i < t->row_count; i++) {
        if (n > 0 && same_model(&m[n - 1], &m[i])) {
            int error = join(t, &m[n - 1], &m[i], diag);
            if (error != LIM_OK)
                return error;
            continue;
        }
        m[n++] = m[i];
        if (!m[n - 1].pattern)
            t->plain_count = n;
        else if (m[n - 1].length > t->pattern_length_max)
            t->pattern_length_max = m[n - 1].length;
    }
    t->model_count = n;
    return LIM_OK;
}

int lim_table_index(struct lim_table *t, struct lim_diag *diag)
{
    if (t->row_count == 0)
        return lim_fail(diag, LIM_EPARSE, 0, "the table has no rows");
    int error = index_groups(t, diag);
    return error != LIM_OK ? error : index_models(t, diag);
}

static const struct lim_table_model *plain(const struct lim_table *t,
                                           const char *name, size_t length)
{
    return search(t->models, t->plain_count, name, length);
}

static const struct lim_table_model *find_model(const struct lim_table *t,
                                                const char *model)
{
    size_t length = strlen(model);
    const struct lim_table_model *m = plain(t, model, length);
    if (m == NULL)
        m = plain(t, model, lim_model_base(model, length));
    size_t patterns = t->model_count - t->plain_count;
    if (m != NULL || patterns == 0)
        return m;
    if (length > t->pattern_length_max)
        length = t->pattern_length_max;
    for (size_t n = length + 1; m == NULL && n-- > 0;)
        m = search(t->models + t->plain_count, patterns, model, n);
    return m;
}

bool lim_table_has(const struct lim_table *t, const char *model)
{
    size_t length = strlen(model);
    if (length == 0 || model[length - 1] != '*')
        return plain(t, model, length) != NULL;
    return search(t->models + t->plain_count, t->model_count - t->plain_count,
                  model, length - 1) != NULL;
}

const char *lim_table_name(const struct lim_table *t)
{
    return t->name;
}

size_t lim_table_rows(const struct lim_table *t)
{
    return t->row_count;
}

const struct lim_tier_row *lim_table_row(const struct lim_table *t, size_t i)
{
    assert(i < t->row_count);
    return &t->rows[i];
}

const struct lim_tier_row *lim_table_find(const struct lim_table *t,
                                          const char *model, enum lim_tier tier)
{
    assert(tier < LIM_TIERS);
    const struct lim_table_model *m = find_model(t, model);
    return m != NULL ? m->rows[tier] : NULL;
}

bool lim_table_knows(const struct lim_table *t, const char *model)
{
    return find_model(t, model) != NULL;
}

const char *lim_table_group(const struct lim_table *t, const char *model)
{
    const struct lim_table_model *m = find_model(t, model);
    return m != NULL ? t->groups[m->group].name : NULL;
}

size_t lim_table_groups(const struct lim_table *t)
{
    return t->group_count;
}

const char *lim_table_group_name(const struct lim_table *t, size_t group)
{
    assert(group < t->group_count);
    return t->groups[group].name;
}

int lim_table_group_index(const struct lim_table *t, const char *group)
{
    const struct lim_table_model *m =
        search(t->group_names, t->group_count, group, strlen(group));
    return m != NULL ? m->group : -1;
}

const struct lim_tier_row *lim_table_group_row(const struct lim_table *t,
                                               size_t group, enum lim_tier tier)
{
    assert(group < t->group_count);
    assert(tier < LIM_TIERS);
    return t->groups[group].rows[tier];
}

const struct lim_qualification *lim_table_qualification(
    const struct lim_table *t, enum lim_tier tier)
{
    assert(tier < LIM_TIERS);
    return &t->qualifications[tier];
}
