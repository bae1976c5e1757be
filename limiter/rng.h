#ifndef LIM_RNG_H
#define LIM_RNG_H

#include <stdint.h>
#include <string.h>

/*
 * Keyed random draws: a number is a function of (seed, purpose, item, index)
 * and of nothing else, so that two runs that handle requests in another
 * order still draw the same for the same request (common random numbers).
 * The mixer is the finaliser of splitmix64 (Steele, Lea, Flood 2014).
 */
enum lim_draw { /* purposes; append only */
                LIM_DRAW_BACKOFF,
                LIM_DRAW_STRATEGY,
                LIM_DRAW_ARRIVAL,
                LIM_DRAW_PROMPT,
                LIM_DRAW_COMPLETION,
                LIM_DRAW_TTFT,
                LIM_DRAW_PER_TOKEN,
                LIM_DRAW_FAULT,
                LIM_DRAW_REPLICATION,
                LIM_DRAW_ID,
                LIM_DRAW_STATE,
                LIM_DRAW_THINK,
                LIM_DRAW_SHARE
};

static inline uint64_t lim_rng_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The key of a stream: mixed twice, so that neighbouring seeds are apart. */
static inline uint64_t lim_rng_stream(uint64_t seed, enum lim_draw purpose)
{
    return lim_rng_mix(lim_rng_mix(seed) + (uint64_t)purpose);
}

/* Draw number `index` for `item` from a stream: 64 random bits. */
static inline uint64_t lim_rng_draw(uint64_t stream, uint64_t item,
                                    uint64_t index)
{
    return lim_rng_mix(lim_rng_mix(stream + item) ^ lim_rng_mix(index));
}

/* 64 random bits as a uniform number in (0, 1), never 0 and never 1: the upper
   52 of them are a whole number once they stand behind the exponent of 2^52. */
static inline double lim_rng_uniform(uint64_t bits)
{
    uint64_t behind = UINT64_C(0x4330000000000000) | bits >> 12;
    double whole;
    memcpy(&whole, &behind, sizeof whole);
    return (whole - 0x1p52 + 0.5) * 0x1p-52;
}

#endif
