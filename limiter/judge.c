#include "limiter/judge.h"

#include <string.h>

#include "limiter/retrier.h"

/* Who is out, and for how long. */
static void block(struct lim_judge *j, const struct lim_flight *f,
                  const struct lim_asked *a, const struct lim_outcome *o,
                  lim_time now)
{
    uint32_t who = f->organisation;
    lim_time hint = o->feedback.hint_ns < 0
                        ? LIM_NEVER
                        : now + o->feedback.hint_ns + LIM_HINT_EXTRA;
    lim_time at;
    switch (o->class) {
    case LIM_CLASS_RATE_LIMIT:
        if (j->belief == LIM_BELIEF_NONE || hint == LIM_NEVER)
            break;
        /* Never, if it is full: it may not be so until then. */
        at = lim_members_ready(j->members, who, a, now);
        if (at < hint || at == LIM_NEVER)
            lim_members_block(j->members, who, a->group, hint);
        break;
    case LIM_CLASS_QUOTA:
        lim_members_block(j->members, who, LIM_ALL_GROUPS,
                          lim_members_month_end(j->members));
        break;
    case LIM_CLASS_CREDENTIAL:
        j->lossy = true;
        lim_members_block(j->members, who, LIM_ALL_GROUPS, LIM_NEVER);
        break;
    case LIM_CLASS_NO_ACCESS:
        j->lossy = true;
        lim_members_block(j->members, who, a->group, LIM_NEVER);
        break;
    case LIM_CLASS_OK:
    case LIM_CLASS_TOO_LARGE:
    case LIM_CLASS_TRANSIENT:
    case LIM_CLASS_CALLER:
    case LIM_CLASSES:
        break;
    }
}

/*
 * Settles the charge of an attempt.  A refusal took nothing; a success took
 * what it used, where the provider settles; of all else nothing is known, and
 * what is unknown is not given back.  True: the charge changed.
 */
static bool settle(struct lim_judge *j, const struct lim_flight *f,
                   const struct lim_asked *a, const struct lim_outcome *o,
                   lim_time now)
{
    struct lim_cost take = *a->cost;
    if (o->class == LIM_CLASS_OK && !o->usage_known)
        return false;
    if (o->class == LIM_CLASS_RATE_LIMIT || o->class == LIM_CLASS_TOO_LARGE ||
        o->class == LIM_CLASS_QUOTA)
        take = (struct lim_cost){ { 0 } };
    else if (o->class == LIM_CLASS_OK) {
        if (j->settle)
            take.amount[LIM_TOKENS] = o->tokens_used;
        if (o->microusd >= 0)
            take.amount[LIM_MONEY] = o->microusd;
    }
    if (memcmp(&take, a->cost, sizeof take) == 0)
        return false;
    lim_members_settle(j->members, f->organisation, a->group, &f->mark, a->cost,
                       &take, now);
    return true;
}

bool lim_judge_answer(struct lim_judge *j, const struct lim_flight *f,
                      const struct lim_asked *a, const struct lim_outcome *o,
                      lim_time now)
{
    bool looser =
        lim_members_end(j->members, f->organisation, a, &f->mark, o, now);
    looser |= settle(j, f, a, o, now);
    if (j->belief != LIM_BELIEF_NONE)
        looser |= lim_members_observe(j->members, f->organisation, a, &f->mark,
                                      &o->feedback, o, now);
    if (o->class != LIM_CLASS_OK)
        block(j, f, a, o, now);
    return looser;
}

bool lim_judge_abandoned(struct lim_judge *j, const struct lim_flight *f,
                         const struct lim_asked *a, lim_time now)
{
    return lim_members_end(j->members, f->organisation, a, &f->mark, NULL, now);
}
