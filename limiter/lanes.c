#include "limiter/lanes.h"

#include <assert.h>
#include <stdlib.h>

#define AWAKE INT64_MIN

struct place { /* of a request in its list */
    uint32_t next, previous;
    uint16_t lane;
    bool returned;
    uint64_t turn; /* in which it first came */
};

struct list {
    uint32_t head, tail;
};

struct lane {
    struct list fresh, returned;
    lim_time wake;
};

struct lim_lanes {
    struct lane *lanes;
    unsigned count;
    struct place *places; /* by request */
    uint64_t turns;
};

struct lim_lanes *lim_lanes_new(unsigned lanes, uint32_t requests)
{
    struct lim_lanes *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->count = lanes;
    l->lanes = calloc(lanes, sizeof *l->lanes);
    l->places = calloc(requests, sizeof *l->places);
    if (l->lanes == NULL || l->places == NULL) {
        lim_lanes_free(l);
        return NULL;
    }
    for (unsigned i = 0; i < lanes; i++)
        l->lanes[i] = (struct lane){ { LIM_NOBODY, LIM_NOBODY },
                                     { LIM_NOBODY, LIM_NOBODY },
                                     LIM_NEVER };
    return l;
}

void lim_lanes_free(struct lim_lanes *l)
{
    if (l == NULL)
        return;
    free(l->lanes);
    free(l->places);
    free(l);
}

uint32_t lim_lanes_head(const struct lim_lanes *l, unsigned lane)
{
    const struct lane *x = &l->lanes[lane];
    return x->returned.head != LIM_NOBODY ? x->returned.head : x->fresh.head;
}

static struct list *list_of(struct lim_lanes *l, const struct place *p)
{
    struct lane *lane = &l->lanes[p->lane];
    return p->returned ? &lane->returned : &lane->fresh;
}

static void look_again(struct lim_lanes *l, unsigned lane)
{
    bool empty = lim_lanes_head(l, lane) == LIM_NOBODY;
    l->lanes[lane].wake = empty ? LIM_NEVER : AWAKE;
}

void lim_lanes_push(struct lim_lanes *l, unsigned lane, uint32_t request,
                    bool returned)
{
    struct place *p = &l->places[request];
    uint32_t before = lim_lanes_head(l, lane);
    assert(lane < l->count);
    p->lane = (uint16_t)lane;
    p->returned = returned;
    if (!returned)
        p->turn = l->turns++;
    struct list *list = list_of(l, p);
    p->next = LIM_NOBODY;
    p->previous = list->tail;
    if (list->tail == LIM_NOBODY)
        list->head = request;
    else
        l->places[list->tail].next = request;
    list->tail = request;
    if (lim_lanes_head(l, lane) != before)
        look_again(l, lane);
}

void lim_lanes_remove(struct lim_lanes *l, uint32_t request)
{
    const struct place *p = &l->places[request];
    struct list *list = list_of(l, p);
    bool was_head = lim_lanes_head(l, p->lane) == request;
    if (p->previous == LIM_NOBODY)
        list->head = p->next;
    else
        l->places[p->previous].next = p->next;
    if (p->next == LIM_NOBODY)
        list->tail = p->previous;
    else
        l->places[p->next].previous = p->previous;
    if (was_head)
        look_again(l, p->lane);
}

int lim_lanes_next(const struct lim_lanes *l, lim_time now)
{
    int best = -1;
    uint64_t oldest = 0;
    for (unsigned i = 0; i < l->count; i++) {
        if (l->lanes[i].wake > now)
            continue;
        uint64_t turn = l->places[lim_lanes_head(l, i)].turn;
        if (best < 0 || turn < oldest) {
            best = (int)i;
            oldest = turn;
        }
    }
    return best;
}

void lim_lanes_sleep(struct lim_lanes *l, unsigned lane, lim_time at)
{
    l->lanes[lane].wake = at;
}

void lim_lanes_wake(struct lim_lanes *l, unsigned lane, lim_time at)
{
    if (at < l->lanes[lane].wake)
        l->lanes[lane].wake = at;
}

bool lim_lanes_sleeps(const struct lim_lanes *l, unsigned lane, lim_time now)
{
    return l->lanes[lane].wake > now && lim_lanes_head(l, lane) != LIM_NOBODY;
}

lim_time lim_lanes_earliest(const struct lim_lanes *l)
{
    lim_time first = LIM_NEVER;
    for (unsigned i = 0; i < l->count; i++)
        first = l->lanes[i].wake < first ? l->lanes[i].wake : first;
    return first;
}
