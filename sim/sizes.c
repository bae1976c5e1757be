#include "sim/sizes.h"

#include "limiter/rng.h"

#define TOKENS_MAX 1e8

static void begin(struct sim_draws *d, const struct sim_dist *size,
                  uint64_t stream)
{
    double most = size->most;
    sim_draws_of_items(d, size, stream);
    sim_draws_whole(d, most > 0 && most < TOKENS_MAX ? most : TOKENS_MAX);
}

/* Paired sizes are drawn by the same bits: those of one row. */
void sim_sizes_init(struct sim_sizes *z, const struct sim_workload *w,
                    uint64_t seed)
{
    uint64_t prompt = lim_rng_stream(seed, LIM_DRAW_PROMPT);
    uint64_t completion = lim_rng_stream(seed, LIM_DRAW_COMPLETION);
    begin(&z->prompt, &w->prompt_tokens, prompt);
    begin(&z->completion, &w->completion_tokens,
          w->paired ? prompt : completion);
}
