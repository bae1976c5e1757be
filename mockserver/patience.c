#include "mockserver/patience.h"

#include <stdlib.h>

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
    for (size_t i = 0; i < p->count; i++)
        free(p->rows[i]);
    free(p->rows);
    p->rows = NULL;
    p->count = 0;
}

void mock_patience_clear(struct mock_patience *p)
{
    mock_patience_fini(p);
    p->certain = 0;
    p->likely = 0;
    p->first = LIM_NEVER;
}

static bool make_room(struct mock_patience *p, uint32_t organisation)
{
    size_t count = 2 * ((size_t)organisation + 1);
    if (organisation < p->count)
        return true;
    struct mock_patience_slot **rows =
        realloc(p->rows, count * sizeof(struct mock_patience_slot *));
    if (rows == NULL)
        return false;
    for (size_t i = p->count; i < count; i++)
        rows[i] = NULL;
    p->rows = rows;
    p->count = count;
    return true;
}

/* NULL: no memory. */
static struct mock_patience_slot *make(struct mock_patience *p,
                                       uint32_t organisation, unsigned group)
{
    if (!make_room(p, organisation))
        return NULL;
    struct mock_patience_slot **row = &p->rows[organisation];
    if (*row == NULL)
        *row = calloc(p->groups, sizeof **row);
    return *row != NULL ? &(*row)[group] : NULL;
}

/* NULL: nothing has failed there. */
static struct mock_patience_slot *find(const struct mock_patience *p,
                                       uint32_t organisation, unsigned group)
{
    if (organisation >= p->count || p->rows[organisation] == NULL)
        return NULL;
    return &p->rows[organisation][group];
}

/* NULL for NULL. */
static struct watch *watch_of(struct mock_patience_slot *s,
                              const struct mock_patience_call *c)
{
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
    struct watch *w = watch_of(find(p, c->organisation, c->group), c);
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
    struct watch *w = watch_of(make(p, c->organisation, c->group), c);
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
    struct mock_patience_slot *s = make(p, organisation, group);
    if (s == NULL)
        return;
    s->kind[0].excused++;
    s->kind[1].excused++;
}
