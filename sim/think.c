#include "sim/think.h"

#include <assert.h>
#include <stdlib.h>

#include "limiter/error.h"
#include "limiter/rng.h"

int sim_think_init(struct sim_think *t, uint32_t users,
                   const struct sim_dist *length, uint64_t stream,
                   uint64_t index, lim_time start)
{
    *t = (struct sim_think){
        .length = length, .stream = stream, .index = index, .users = users
    };
    assert(users > 0);
    t->thoughts = calloc(users, sizeof *t->thoughts);
    t->ends = lim_timerq_new(users);
    if (t->thoughts == NULL || t->ends == NULL) {
        sim_think_fini(t);
        return LIM_ENOMEM;
    }
    for (uint32_t user = 0; user < users; user++)
        sim_think_begin(t, user, start);
    return LIM_OK;
}

void sim_think_fini(struct sim_think *t)
{
    free(t->thoughts);
    lim_timerq_free(t->ends);
    *t = (struct sim_think){ 0 };
}

lim_time sim_think_next(const struct sim_think *t)
{
    return lim_timerq_next(t->ends);
}

uint32_t sim_think_take(struct sim_think *t)
{
    uint32_t user = 0;
    bool any = lim_timerq_pop(t->ends, lim_timerq_next(t->ends), &user);
    assert(any);
    (void)any;
    return user;
}

void sim_think_begin(struct sim_think *t, uint32_t user, lim_time now)
{
    assert(user < t->users);
    uint64_t item = (t->index << 32) + user;
    uint64_t bits = lim_rng_draw(t->stream, item, t->thoughts[user]++);
    double ns = sim_dist_draw(t->length, bits) * (double)LIM_SEC;
    lim_timerq_set(t->ends, user, now + (ns < 1e18 ? (int64_t)ns : LIM_DAY), 0);
}
