#include "bench/grown.h"

static bool larger(int64_t a, int64_t b)
{
    return b != LIM_UNLIMITED && (a == LIM_UNLIMITED || a > b);
}

/* The lowest tier that has all that is shown, and nothing below what was told;
   NULL: there is none. */
static const struct lim_limits *tier_of(const struct bench_grown *g,
                                        const struct lim_limits *shown)
{
    for (int t = 0; t < LIM_TIERS; t++) {
        const struct lim_tier_row *row =
            lim_table_find(g->table, g->model, (enum lim_tier)t);
        bool same = row != NULL;
        for (int w = 0; w < LIM_WINDOWS && same; w++) {
            int64_t max = row->limits.max[w];
            same = (shown->max[w] == LIM_UNLIMITED || shown->max[w] == max) &&
                   !larger(g->told.max[w], max);
        }
        if (same)
            return &row->limits;
    }
    return NULL;
}

bool bench_grown_read(const struct bench_grown *g,
                      const struct lim_lesson *lesson, struct lim_limits *out)
{
    struct lim_learn learn;
    struct lim_learned learned;
    bool grew = false;
    lim_learn_init(&learn, LIM_DISCIPLINE_BUCKET);
    lim_learn_from(&learn, lesson, &learned);
    const struct lim_limits *shown = lim_learn_limits(&learn);
    *out = g->told;
    for (int w = 0; w < LIM_WINDOWS; w++)
        if (shown->max[w] > 0 && larger(shown->max[w], g->told.max[w])) {
            out->max[w] = shown->max[w];
            grew = true;
        }
    const struct lim_limits *tier = grew ? tier_of(g, shown) : NULL;
    for (int w = 0; w < LIM_WINDOWS && tier != NULL; w++)
        if (larger(tier->max[w], out->max[w]))
            out->max[w] = tier->max[w];
    return grew;
}
