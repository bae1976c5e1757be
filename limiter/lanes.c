/*
 * Two heaps say which group is next: with `fair`, in each group its lanes that
 * somebody waits in, by the round in which they are due; and the groups that
 * are awake, by the head of the lane that is next in them.  Groups that sleep
 * are few, and asked one by one when the first of them wakes.  Without `fair`
 * a group is one lane.
 *
 * Mostly nobody waits for long: a request that comes when no other is there
 * stands beside the lanes, until another comes or its group is put to sleep.
 *
 * Deficit round robin by rounds instead of steps: a lane's head is paid for
 * in the round in which enough quanta have come together, so going there is
 * one comparison however small the quantum.
 */

#include "limiter/lanes.h"

#include <assert.h>
#include <stdlib.h>

#include "limiter/cold.h"
#include "limiter/heap.h"

#define AWAKE INT64_MIN

/* Bounds of the sums: a request counts for at most so many quanta. */
#define QUANTUM_MAX INT64_C(1000000000000)
#define QUANTA_MAX 1000000

struct lane {
    struct lim_line line;
    uint32_t waiting;
    uint32_t group;
    int64_t deficit; /* tokens it may spend, in round `round` */
    int64_t round;
    int64_t due;   /* the round in which its head is paid for */
    uint64_t seat; /* its place in a round: since when it has not been empty */
};

struct group {
    struct lim_heap busy; /* fair: lanes with somebody, by due, then seat */
    uint32_t next;        /* the lane whose turn it is, or LIM_NOBODY */
    int64_t round;
};

struct lim_lanes {
    const struct lim_queue *queue;
    bool fair, ranked; /* the queue's, at hand */
    int64_t quantum, aging_ns;
    unsigned groups, tenants; /* lanes a group */
    uint32_t requests;
    uint64_t turns;
    uint32_t alone;           /* who stands beside the lanes, or LIM_NOBODY */
    bool alone_returned;      /* it was sent before */
    uint32_t standing;        /* in lanes */
    struct lim_place *places; /* by request; `key` is its rank or tokens */
    struct lane *lanes;
    struct group *group;
    lim_time *wake; /* by group: AWAKE; LIM_NEVER: empty, or nobody knows */
    lim_time alarm; /* the first time to wake */
    struct lim_heap first;   /* groups with somebody awake, by their head */
    struct lim_heap longest; /* fair: lanes, by how many wait */
    uint32_t *numbers;       /* of the heaps, cut up */
};

static const struct lim_place *head_of(const struct lim_lanes *l,
                                       const struct lane *x)
{
    return &l->places[x->line.first];
}

/* Without ranks turns decide: a key may hold tokens. */
static bool place_before(const struct lim_lanes *l, const struct lim_place *a,
                         const struct lim_place *b)
{
    return l->ranked ? lim_place_before(a, b) : a->turn < b->turn;
}

static bool is_due_before(const void *of, uint32_t a, uint32_t b)
{
    const struct lim_lanes *l = of;
    const struct lane *x = &l->lanes[a], *y = &l->lanes[b];
    return x->due != y->due ? x->due < y->due : x->seat < y->seat;
}

static bool group_before(const void *of, uint32_t a, uint32_t b)
{
    const struct lim_lanes *l = of;
    const struct lane *x = &l->lanes[l->group[a].next];
    const struct lane *y = &l->lanes[l->group[b].next];
    return place_before(l, head_of(l, x), head_of(l, y));
}

static bool is_longer(const void *of, uint32_t a, uint32_t b)
{
    const struct lim_lanes *l = of;
    const struct lane *x = &l->lanes[a], *y = &l->lanes[b];
    if (x->waiting != y->waiting)
        return x->waiting > y->waiting;
    return l->places[x->line.last].turn > l->places[y->line.last].turn;
}

static bool allocate(struct lim_lanes *l, uint32_t requests)
{
    size_t lanes = (size_t)l->groups * l->tenants;
    size_t pairs = lanes + l->groups + (l->fair ? lanes : 0);
    l->places = malloc((requests > 0 ? requests : 1) * sizeof *l->places);
    l->lanes = calloc(lanes, sizeof *l->lanes);
    l->group = calloc(l->groups, sizeof *l->group);
    l->wake = malloc(l->groups * sizeof *l->wake);
    l->numbers = calloc(2 * pairs, sizeof *l->numbers);
    return l->places != NULL && l->lanes != NULL && l->group != NULL &&
           l->wake != NULL && l->numbers != NULL;
}

static void cut_up(struct lim_lanes *l)
{
    size_t lanes = (size_t)l->groups * l->tenants;
    uint32_t *ids = l->numbers, *positions = ids + lanes;
    for (unsigned g = 0; g < l->groups; g++)
        l->group[g].busy =
            (struct lim_heap){ ids + (size_t)g * l->tenants, positions, 0 };
    ids = positions + lanes;
    l->first = (struct lim_heap){ ids, ids + l->groups, 0 };
    ids += 2 * (size_t)l->groups;
    if (l->fair)
        l->longest = (struct lim_heap){ ids, ids + lanes, 0 };
}

struct lim_lanes *lim_lanes_new(const struct lim_lanes_config *c)
{
    assert(c->groups >= 1 && c->tenants >= 1);
    assert(!c->queue->fair || (c->queue->rank == NULL && c->quantum > 0));
    struct lim_lanes *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    int64_t aging_ns =
        c->aging_ns > 0 ? c->aging_ns : c->queue->aging_default_ns;
    l->queue = c->queue;
    l->fair = c->queue->fair;
    l->ranked = c->queue->rank != NULL;
    l->alarm = LIM_NEVER;
    l->alone = LIM_NOBODY;
    l->aging_ns = aging_ns < LIM_AGING_MAX ? aging_ns : LIM_AGING_MAX;
    l->quantum = c->quantum < QUANTUM_MAX ? c->quantum : QUANTUM_MAX;
    l->groups = c->groups;
    l->tenants = l->fair ? c->tenants : 1;
    l->requests = c->requests;
    if (!allocate(l, c->requests)) {
        lim_lanes_free(l);
        return NULL;
    }
    cut_up(l);
    for (unsigned i = 0; i < l->groups * l->tenants; i++) {
        l->lanes[i].line = lim_line_make(l->ranked);
        l->lanes[i].group = i / l->tenants;
    }
    for (unsigned g = 0; g < l->groups; g++) {
        l->group[g].next = LIM_NOBODY;
        l->wake[g] = LIM_NEVER;
    }
    return l;
}

void lim_lanes_free(struct lim_lanes *l)
{
    if (l == NULL)
        return;
    free(l->numbers);
    free(l->wake);
    free(l->group);
    free(l->lanes);
    free(l->places);
    free(l);
}

/* What a request counts for between tenants. */
static int64_t charge(const struct lim_lanes *l, int64_t tokens)
{
    int64_t most = l->quantum * QUANTA_MAX;
    return tokens < most ? tokens : most;
}

/* The quanta that a lane's head still needs. */
static int64_t quanta(const struct lim_lanes *l, const struct lane *x)
{
    int64_t need = head_of(l, x)->key - x->deficit;
    return need > 0 ? (need + l->quantum - 1) / l->quantum : 0;
}

/* Gives a lane the quanta of the rounds that went by. */
static void catch_up(const struct lim_lanes *l, struct lane *x)
{
    int64_t round = l->group[x->group].round;
    if (round <= x->round)
        return;
    x->deficit += l->quantum * (round - x->round);
    x->round = round;
}

/* A lane begins to have somebody: its first turn is in the next round. */
static void join(struct lim_lanes *l, struct lane *x)
{
    x->round = l->group[x->group].round + 1;
    x->deficit = l->quantum + (x->deficit < 0 ? x->deficit : 0);
    x->seat = head_of(l, x)->turn;
}

static void rouse(struct lim_lanes *l, unsigned g)
{
    l->wake[g] = AWAKE;
    lim_heap_set(&l->first, g, group_before, l);
}

/* Wakes who is due, and finds out who is next. */
LIM_APART static void ring(struct lim_lanes *l, lim_time now)
{
    l->alarm = LIM_NEVER;
    for (unsigned g = 0; g < l->groups; g++) {
        lim_time at = l->wake[g];
        if (at == AWAKE || at == LIM_NEVER)
            continue;
        if (at <= now)
            rouse(l, g);
        else
            l->alarm = at < l->alarm ? at : l->alarm;
    }
}

/* A group's alarm is not what it was. */
static void reset(struct lim_lanes *l, lim_time was)
{
    if (was == l->alarm && was != LIM_NEVER)
        ring(l, AWAKE);
}

static void set_wake(struct lim_lanes *l, unsigned g, lim_time at)
{
    lim_time was = l->wake[g];
    l->wake[g] = at;
    if (at <= l->alarm)
        l->alarm = at;
    else
        reset(l, was);
}

static void awaken(struct lim_lanes *l, unsigned g)
{
    lim_time was = l->wake[g];
    rouse(l, g);
    reset(l, was);
}

/* A group has nobody any more. */
static void fall_empty(struct lim_lanes *l, unsigned g)
{
    if (l->wake[g] == AWAKE)
        lim_heap_drop(&l->first, g, group_before, l);
    l->group[g].next = LIM_NOBODY;
    set_wake(l, g, LIM_NEVER);
}

/* With `fair`: whose turn it is, now that a lane's head is another. */
LIM_APART static void take_turns(struct lim_lanes *l, uint32_t lane)
{
    struct lane *x = &l->lanes[lane];
    struct group *group = &l->group[x->group];
    uint32_t before = group->next;
    if (x->waiting > 0) {
        x->due = x->round + quanta(l, x);
        lim_heap_set(&group->busy, lane, is_due_before, l);
    } else {
        lim_heap_drop(&group->busy, lane, is_due_before, l);
    }
    if (group->busy.size == 0) {
        fall_empty(l, x->group);
        return;
    }
    group->next = group->busy.ids[0];
    if (before == lane || group->next == lane)
        awaken(l, x->group);
}

/*
 * The head of a lane is another, or there is none any more.  A group that
 * sleeps does so for the head that was next: if that is another, it is awake.
 */
static inline void look_again(struct lim_lanes *l, uint32_t lane)
{
    if (l->fair) {
        take_turns(l, lane);
    } else if (l->lanes[lane].waiting > 0) {
        l->group[lane].next = lane;
        awaken(l, lane);
    } else {
        fall_empty(l, lane);
    }
}

/* With `fair`: one more waits in a lane, or one less. */
LIM_APART static void count_lane(struct lim_lanes *l, uint32_t lane)
{
    if (l->lanes[lane].waiting > 0)
        lim_heap_set(&l->longest, lane, is_longer, l);
    else
        lim_heap_drop(&l->longest, lane, is_longer, l);
}

/* Puts a request whose place is known into its lane. */
LIM_APART static void stand(struct lim_lanes *l, uint32_t request,
                            bool returned)
{
    uint32_t lane = l->places[request].lane;
    struct lane *x = &l->lanes[lane];
    uint32_t head = x->line.first;
    lim_line_add(&x->line, l->places, request, returned);
    x->waiting++;
    l->standing++;
    if (l->fair)
        count_lane(l, lane);
    if (x->line.first == head)
        return;
    if (l->fair && head == LIM_NOBODY)
        join(l, x);
    else if (l->fair)
        catch_up(l, x);
    look_again(l, lane);
}

/* Who stood alone does so no longer. */
static void line_up(struct lim_lanes *l)
{
    uint32_t request = l->alone;
    if (request == LIM_NOBODY)
        return;
    l->alone = LIM_NOBODY;
    stand(l, request, l->alone_returned);
}

/* Puts a request that has its lane and its rank in. */
static inline void come(struct lim_lanes *l, uint32_t request, bool returned)
{
    line_up(l);
    if (l->standing > 0 || l->fair) {
        stand(l, request, returned);
    } else {
        l->alone = request;
        l->alone_returned = returned;
    }
}

void lim_lanes_push(struct lim_lanes *l, uint32_t request, unsigned group,
                    unsigned tenant, const struct lim_waiting *w)
{
    assert(request < l->requests && group < l->groups);
    assert(!l->fair || tenant < l->tenants);
    struct lim_place *p = &l->places[request];
    p->turn = l->turns++;
    if (l->ranked)
        p->key = l->queue->rank(w, l->aging_ns);
    else if (l->fair)
        p->key = charge(l, w->tokens);
    p->lane = l->fair ? group * l->tenants + tenant : group;
    come(l, request, false);
}

void lim_lanes_return(struct lim_lanes *l, uint32_t request)
{
    assert(request < l->requests);
    come(l, request, true);
}

/* Takes one that does not stand alone out. */
LIM_APART static void leave(struct lim_lanes *l, uint32_t request)
{
    uint32_t lane = l->places[request].lane;
    struct lane *x = &l->lanes[lane];
    bool was_head = x->line.first == request;
    assert(x->waiting > 0);
    lim_line_remove(&x->line, l->places, request);
    x->waiting--;
    l->standing--;
    if (l->fair)
        count_lane(l, lane);
    if (!was_head)
        return;
    if (l->fair)
        catch_up(l, x);
    look_again(l, lane);
}

void lim_lanes_remove(struct lim_lanes *l, uint32_t request)
{
    assert(request < l->requests);
    if (request == l->alone)
        l->alone = LIM_NOBODY;
    else
        leave(l, request);
}

/* With `fair`: its tenant pays for who is sent. */
LIM_APART static void pay(struct lim_lanes *l, uint32_t request, int64_t tokens)
{
    struct lane *x = &l->lanes[l->places[request].lane];
    int64_t most = l->quantum * QUANTA_MAX;
    assert(x->line.first == request);
    x->deficit -= charge(l, tokens);
    x->deficit = x->deficit > -most ? x->deficit : -most;
}

void lim_lanes_serve(struct lim_lanes *l, uint32_t request, int64_t tokens)
{
    if (l->fair)
        pay(l, request, tokens);
    lim_lanes_remove(l, request);
}

uint32_t lim_lanes_head(const struct lim_lanes *l, unsigned group)
{
    uint32_t lane = l->group[group].next;
    if (l->alone != LIM_NOBODY && l->places[l->alone].lane == group)
        return l->alone;
    return lane != LIM_NOBODY ? l->lanes[lane].line.first : LIM_NOBODY;
}

/* With `fair`: a group has come to the round in which its next lane is due. */
LIM_APART static void go_round(struct lim_lanes *l, uint32_t g)
{
    struct group *group = &l->group[g];
    struct lane *x = &l->lanes[group->next];
    assert(x->due >= group->round);
    group->round = x->due;
    catch_up(l, x);
}

uint32_t lim_lanes_next(struct lim_lanes *l, lim_time now)
{
    if (l->alone != LIM_NOBODY)
        return l->alone;
    if (now >= l->alarm)
        ring(l, now);
    if (l->first.size == 0)
        return LIM_NOBODY;
    const struct group *group = &l->group[l->first.ids[0]];
    if (l->fair)
        go_round(l, l->first.ids[0]);
    return l->lanes[group->next].line.first;
}

void lim_lanes_sleep(struct lim_lanes *l, unsigned group, lim_time at)
{
    struct group *g = &l->group[group];
    line_up(l);
    if (g->next == LIM_NOBODY)
        return;
    if (l->wake[group] == AWAKE)
        lim_heap_drop(&l->first, group, group_before, l);
    set_wake(l, group, at > AWAKE ? at : AWAKE + 1);
}

void lim_lanes_wake(struct lim_lanes *l, unsigned group, lim_time at)
{
    if (l->group[group].next == LIM_NOBODY || at >= l->wake[group])
        return;
    set_wake(l, group, at > AWAKE ? at : AWAKE + 1);
}

bool lim_lanes_sleeps(const struct lim_lanes *l, unsigned group, lim_time now)
{
    return l->group[group].next != LIM_NOBODY && l->wake[group] > now;
}

lim_time lim_lanes_earliest(const struct lim_lanes *l)
{
    return l->first.size > 0 || l->alone != LIM_NOBODY ? AWAKE : l->alarm;
}

/* Of all lanes without tenants the one that ends last. */
static uint32_t last_of_all(const struct lim_lanes *l)
{
    uint32_t last = LIM_NOBODY;
    for (unsigned i = 0; i < l->groups; i++) {
        uint32_t x = l->lanes[i].line.last;
        if (x != LIM_NOBODY &&
            (last == LIM_NOBODY ||
             place_before(l, &l->places[last], &l->places[x])))
            last = x;
    }
    return last;
}

uint32_t lim_lanes_last(const struct lim_lanes *l)
{
    if (l->alone != LIM_NOBODY)
        return l->alone;
    if (!l->fair)
        return last_of_all(l);
    if (l->longest.size == 0)
        return LIM_NOBODY;
    return l->lanes[l->longest.ids[0]].line.last;
}
