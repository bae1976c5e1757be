#include "sim/sizes.h"

#include "limiter/rng.h"

#define TOKENS_MAX INT64_C(100000000)

/* Paired sizes are drawn by the same bits: those of one row. */
void sim_sizes_init(struct sim_sizes *z, const struct sim_workload *w,
                    uint64_t seed)
{
    uint64_t prompt = lim_rng_stream(seed, LIM_DRAW_PROMPT);
    uint64_t completion = lim_rng_stream(seed, LIM_DRAW_COMPLETION);
    sim_draws_of_items(&z->prompt, &w->prompt_tokens, prompt);
    sim_draws_of_items(&z->completion, &w->completion_tokens,
                       w->paired ? prompt : completion);
}

static int64_t whole(const struct sim_draws *d, double x)
{
    double most = d->dist.most;
    if (!(x > 0))
        return 0;
    if (most > 0 && x > most)
        x = most;
    return x < 1 ? 1 : x > (double)TOKENS_MAX ? TOKENS_MAX : (int64_t)(x + 0.5);
}

int64_t sim_sizes_prompt(struct sim_sizes *z, uint64_t request)
{
    return whole(&z->prompt, sim_draws_at(&z->prompt, request));
}

int64_t sim_sizes_completion(struct sim_sizes *z, uint64_t request)
{
    return whole(&z->completion, sim_draws_at(&z->completion, request));
}
