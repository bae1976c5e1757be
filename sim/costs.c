#include "sim/costs.h"

#include <assert.h>
#include <stdlib.h>

#include "limiter/cold.h"

#define ROOM_FIRST 64

/* Where a cost stands, or would; half of the places at least are free.
   (Multiplied by a fraction of the golden ratio, neighbours lie apart.) */
static size_t place_of(const struct sim_costs *c, int64_t cost)
{
    uint64_t mixed = (uint64_t)cost * UINT64_C(0x9e3779b97f4a7c15);
    size_t i = (size_t)(mixed >> 32) & (c->room - 1);
    while (c->table[i].count > 0 && c->table[i].cost != cost)
        i = (i + 1) & (c->room - 1);
    return i;
}

static int grow(struct sim_costs *c)
{
    struct sim_costs larger = *c;
    larger.room = c->room == 0 ? ROOM_FIRST : 2 * c->room;
    larger.table = calloc(larger.room, sizeof *larger.table);
    if (larger.table == NULL)
        return LIM_ENOMEM;
    for (size_t i = 0; i < c->room; i++)
        if (c->table[i].count > 0)
            larger.table[place_of(&larger, c->table[i].cost)] = c->table[i];
    free(c->table);
    *c = larger;
    return LIM_OK;
}

LIM_APART int sim_costs_find(struct sim_costs *c, int64_t cost)
{
    assert(cost >= 0);
    if (2 * c->used >= c->room && grow(c) != LIM_OK)
        return LIM_ENOMEM;
    struct sim_cost_count *at = &c->table[place_of(c, cost)];
    c->used += at->count == 0;
    at->cost = cost;
    at->count++;
    c->count++;
    c->last = at;
    return LIM_OK;
}

void sim_costs_fini(struct sim_costs *c)
{
    free(c->table);
    *c = (struct sim_costs){ .count = 0 };
}

static int by_cost(const void *a, const void *b)
{
    const struct sim_run *x = a, *y = b;
    return (x->cost > y->cost) - (x->cost < y->cost);
}

struct sim_run *sim_costs_runs(const struct sim_costs *c, size_t *n)
{
    *n = 0;
    struct sim_run *runs = malloc((c->used + 1) * sizeof *runs);
    if (runs == NULL || c->used == 0) {
        free(runs);
        return NULL;
    }
    for (size_t i = 0; i < c->room; i++)
        if (c->table[i].count > 0)
            runs[(*n)++] = (struct sim_run){ .cost = c->table[i].cost,
                                             .end = c->table[i].count };
    qsort(runs, *n, sizeof *runs, by_cost);
    uint64_t count = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < *n; i++) {
        sum += runs[i].cost * (int64_t)runs[i].end;
        count += runs[i].end;
        runs[i].end = count;
        runs[i].sum = sum;
    }
    return runs;
}
