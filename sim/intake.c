#include "sim/intake.h"

#include <assert.h>
#include <stdlib.h>

#include "limiter/cold.h"
#include "limiter/rng.h"

/* Finds whose request comes next, before the end. */
static void find_source(struct sim_intake *x)
{
    int source = -1;
    lim_time next = LIM_NEVER;
    for (size_t i = 0; i < x->scenario->workload_count; i++) {
        lim_time at = sim_source_next(&x->sources[i]);
        if (at < next && at < x->end) {
            source = (int)i;
            next = at;
        }
    }
    x->source = source;
    x->next = next;
}

int sim_intake_init(struct sim_intake *x, const struct sim_scenario *s,
                    uint64_t seed, lim_time start, lim_time end)
{
    *x = (struct sim_intake){ .scenario = s, .end = end };
    x->draw_prompt = lim_rng_stream(seed, LIM_DRAW_PROMPT);
    x->draw_share = lim_rng_stream(seed, LIM_DRAW_SHARE);
    x->sources = calloc(s->workload_count, sizeof *x->sources);
    x->sizes = calloc(s->workload_count, sizeof *x->sizes);
    if (x->sources == NULL || x->sizes == NULL)
        return LIM_ENOMEM;
    for (size_t i = 0; i < s->workload_count; i++) {
        sim_sizes_init(&x->sizes[i], &s->workloads[i], seed);
        x->shares += s->workloads[i].share;
        x->loops |= s->workloads[i].arrivals.kind == SIM_ARRIVE_CLOSED;
        if (sim_source_init(&x->sources[i], &s->workloads[i].arrivals, seed, i,
                            start) != LIM_OK)
            return LIM_ENOMEM;
    }
    find_source(x);
    return LIM_OK;
}

void sim_intake_fini(struct sim_intake *x)
{
    for (size_t i = 0; x->sources != NULL && i < x->scenario->workload_count;
         i++)
        sim_source_fini(&x->sources[i]);
    free(x->sizes);
    free(x->sources);
    *x = (struct sim_intake){ .source = -1 };
}

/* Which of its workload's prompts a request has: a key that no other
   workload uses. */
LIM_APART static uint64_t draw_affinity(const struct sim_intake *x,
                                        unsigned workload, uint64_t request)
{
    uint64_t prompts = x->scenario->workloads[workload].affinity;
    double u = lim_rng_uniform(lim_rng_draw(x->draw_prompt, request, 1));
    uint64_t prompt = (uint64_t)(u * (double)prompts);
    return ((uint64_t)workload << 48) + prompt + 1;
}

/* Which of the workloads that have a share an arrival falls to. */
LIM_APART static unsigned draw_workload(const struct sim_intake *x,
                                        uint64_t request)
{
    const struct sim_workload *w = x->scenario->workloads;
    unsigned found = 0;
    uint64_t bits = lim_rng_draw(x->draw_share, request, 0);
    double left = x->shares * lim_rng_uniform(bits);
    for (unsigned i = 0; i < x->scenario->workload_count && left > 0; i++) {
        if (w[i].share <= 0)
            continue;
        found = i;
        left -= w[i].share;
    }
    return found;
}

/* The sizes are the trace's, or drawn. */
LIM_EVERYWHERE void sim_intake_take(struct sim_intake *x,
                                    struct sim_newcomer *out)
{
    assert(x->source >= 0);
    unsigned source = (unsigned)x->source;
    uint64_t request = x->requests++;
    const struct sim_workload *all = x->scenario->workloads;
    unsigned workload =
        all[source].share > 0 ? draw_workload(x, request) : source;
    struct sim_sizes *z = &x->sizes[workload];
    struct sim_arrival taken = sim_source_take(&x->sources[source]);
    out->request = request;
    out->arrival = x->next;
    out->affinity =
        all[workload].affinity > 0 ? draw_affinity(x, workload, request) : 0;
    out->user = taken.user;
    out->source = (uint16_t)source;
    out->workload = (uint16_t)workload;
    if (taken.row != NULL) {
        out->prompt_tokens = taken.row->prompt_tokens;
        out->completion_tokens = taken.row->completion_tokens;
    } else {
        out->prompt_tokens = sim_sizes_prompt(z, request);
        out->completion_tokens = sim_sizes_completion(z, request);
    }
    find_source(x);
}

void sim_intake_go_round(struct sim_intake *x, unsigned source, uint32_t user,
                         lim_time now)
{
    sim_source_ended(&x->sources[source], user, now);
    find_source(x);
}
