#include "mockserver/patience.h"

#include <stdlib.h>
#include <string.h>

#define GRACE_NS (100 * LIM_MSEC) /* on the wall: for news to get around */
#define ROUNDING LIM_MSEC         /* headers tell whole ms */

/* Clients of one kind.  Those that were told a time which has not come, and
   requests that may come again. */
struct watch {
    lim_time since, until; /* the first refusal; the earliest time told */
    uint32_t told, excused;
};

struct mock_patience_slot {
    struct watch kind[2]; /* by `numbered` */
};

void mock_patience_init(struct mock_patience *p, unsigned groups, double speed)
{
    *p = (struct mock_patience){ .groups = groups,
                                 .grace_ns = (int64_t)(GRACE_NS * speed),
                                 .first = LIM_NEVER };
}

void mock_patience_fini(struct mock_patience *p)
{
    free(p->slots);
    p->slots = NULL;
    p->count = 0;
}

void mock_patience_clear(struct mock_patience *p)
{
    if (p->count > 0)
        memset(p->slots, 0, p->count * sizeof *p->slots);
    p->certain = 0;
    p->likely = 0;
    p->first = LIM_NEVER;
}

/* NULL: no memory. */
static struct mock_patience_slot *find(struct mock_patience *p,
                                       uint32_t organisation, unsigned group)
{
    size_t index = (size_t)organisation * p->groups + group;
    if (index >= p->count) {
        size_t count = 2 * (index + p->groups);
        struct mock_patience_slot *slots =
            realloc(p->slots, count * sizeof *slots);
        if (slots == NULL)
            return NULL;
        memset(slots + p->count, 0, (count - p->count) * sizeof *slots);
        p->slots = slots;
        p->count = count;
    }
    return &p->slots[index];
}

static struct watch *watch_of(struct mock_patience *p,
                              const struct mock_patience_call *c)
{
    struct mock_patience_slot *s = find(p, c->organisation, c->group);
    if (s == NULL)
        return NULL;
    struct watch *w = &s->kind[c->numbered];
    if (w->told > 0 && c->now >= w->until - ROUNDING) {
        w->excused += w->told;
        w->told = 0;
    }
    return w;
}

/* Any request of a client that does not number them may be a retry. */
static bool may_return(const struct mock_patience_call *c)
{
    return c->retry || !c->numbered;
}

void mock_patience_admitted(struct mock_patience *p,
                            const struct mock_patience_call *c)
{
    struct watch *w = watch_of(p, c);
    if (w == NULL || !may_return(c))
        return;
    if (w->excused > 0)
        w->excused--;
    else if (w->told > 0)
        w->told--;
}

static void blame(struct mock_patience *p, const struct mock_patience_call *c)
{
    if (c->numbered)
        p->certain++;
    else
        p->likely++;
    if (p->first == LIM_NEVER)
        p->first = c->now;
}

bool mock_patience_refused(struct mock_patience *p,
                           const struct mock_patience_call *c, lim_time told)
{
    struct watch *w = watch_of(p, c);
    bool ignored = false;
    if (w == NULL)
        return false;
    if (may_return(c) && w->excused > 0) {
        w->excused--;
    } else if (may_return(c) && w->told > 0 &&
               (c->numbered || c->now > w->since + p->grace_ns)) {
        blame(p, c);
        ignored = true;
        w->told--;
    }
    if (w->told == 0) {
        w->since = c->now;
        w->until = told;
    } else if (told < w->until) {
        w->until = told;
    }
    w->told++;
    return ignored;
}

void mock_patience_excuse(struct mock_patience *p, uint32_t organisation,
                          unsigned group)
{
    struct mock_patience_slot *s = find(p, organisation, group);
    if (s == NULL)
        return;
    s->kind[0].excused++;
    s->kind[1].excused++;
}
