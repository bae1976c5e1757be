#include "limiter/judge.h"

#include "limiter/cold.h"
#include "limiter/retrier.h"

/* Who is out, and for how long. */
LIM_APART static void block(struct lim_judge *j, const struct lim_flight *f,
                            const struct lim_asked *a,
                            const struct lim_outcome *o, lim_time now)
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

/* A refusal took nothing; of other failures nothing is known, and what is
   unknown is not given back. */
LIM_APART static bool give_back(struct lim_judge *j, const struct lim_flight *f,
                                const struct lim_asked *a,
                                const struct lim_outcome *o, lim_time now)
{
    const struct lim_cost nothing = { { 0 } };
    if (o->class != LIM_CLASS_RATE_LIMIT && o->class != LIM_CLASS_TOO_LARGE &&
        o->class != LIM_CLASS_QUOTA)
        return false;
    lim_members_settle(j->members, f->organisation, a->group, &f->mark, a->cost,
                       &nothing, now);
    return true;
}

/* Settles the charge of an attempt: a success took what it used, where the
   provider settles.  True: the charge changed. */
static bool settle(struct lim_judge *j, const struct lim_flight *f,
                   const struct lim_asked *a, const struct lim_outcome *o,
                   lim_time now)
{
    int64_t tokens = a->cost->amount[LIM_TOKENS];
    int64_t money = a->cost->amount[LIM_MONEY];
    if (o->class != LIM_CLASS_OK)
        return give_back(j, f, a, o, now);
    if (!o->usage_known)
        return false;
    if (j->settle)
        tokens = o->tokens_used;
    if (o->microusd >= 0)
        money = o->microusd;
    if (tokens == a->cost->amount[LIM_TOKENS] &&
        money == a->cost->amount[LIM_MONEY])
        return false;
    struct lim_cost take = *a->cost;
    take.amount[LIM_TOKENS] = tokens;
    take.amount[LIM_MONEY] = money;
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
