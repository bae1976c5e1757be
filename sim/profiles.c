/*
 * Latency profiles from published measurements.  Times to first token are
 * mixtures fitted to the published p50, p95, p99 and maximum (within 2 %;
 * 288 samples a model, so the far tail is rough).  No source gives the spread
 * of the token rate between requests: it is taken as 15 %.  A slope by the
 * prompt's length was published of gpt-5 alone; the others' prompts were
 * short, and they have none.
 */

#include "sim/latency.h"

#include <string.h>

/* Logarithms are written out: initialisers must be constant. */
#define LN_0_536 -0.62362111791133506
#define LN_0_639 -0.44785082460460225
#define LN_0_661 -0.41400143913045076
#define LN_0_700 -0.35667494393873238
#define LN_0_726 -0.32020526415734096
#define LN_0_805 -0.21691300156357368
#define LN_4 1.3862943611198906
#define LN_5 1.6094379124341004
#define LN_6 1.7917594692280550
#define LN_8 2.0794415416798359
#define LN_24 3.1780538303479458
#define LN_70 4.2484952420493594
#define LN_74_8 4.3148178849804328
#define LN_77_2 4.3463994570307305
#define LN_81 4.3944491546724388
#define LN_105_3 4.6568134191399298

/* sigma of a coefficient of variation of 0.15, and sigma^2 / 2. */
#define SIGMA_15 0.14916638004195100
#define HALF_SQUARE_15 0.01112530446740988

#define TTFT(ln_p50, s1, share, ln_ratio, s2)                                  \
    {                                                                          \
        .kind = SIM_DIST_MIXTURE, .a = ln_p50, .b = s1, .c = share,            \
        .d = ln_p50 + ln_ratio, .e = s2                                        \
    }

/* A lognormal whose mean is 1 / rate. */
#define PER_TOKEN(ln_rate)                                                     \
    {                                                                          \
        .kind = SIM_DIST_LOGNORMAL, .a = -(ln_rate)-HALF_SQUARE_15,            \
        .b = SIGMA_15                                                          \
    }

#define MODELSTATS "modelstats.ai, 24 h of pings every 5 min, one US site"

static const struct sim_profile profiles[] = {
    /* The first is for models that have none of their own. */
    { .name = "default",
      .latency = { .ttft = TTFT(LN_0_536, 0.24, 0.025, LN_8, 0.20),
                   .per_token = PER_TOKEN(LN_105_3) },
      .source = "as gpt-4o-mini, the model measured most" },
    { .name = "gpt-4o-mini",
      .latency = { .ttft = TTFT(LN_0_536, 0.24, 0.025, LN_8, 0.20),
                   .per_token = PER_TOKEN(LN_105_3) },
      .source = "first token: " MODELSTATS " (p50 536 ms, p95 844 ms, "
                "p99 4461 ms); 105.3 tokens/s: jonathanwrede.de, 60,480 "
                "probes in 7 days through OpenRouter" },
    { .name = "gpt-4o",
      .latency = { .ttft = TTFT(LN_0_639, 0.28, 0.030, LN_6, 0.40),
                   .per_token = PER_TOKEN(LN_81) },
      .source = "first token: " MODELSTATS " (p50 639 ms, p95 1144 ms, "
                "p99 4517 ms); 81 tokens/s: artificialanalysis.ai, "
                "gpt-4o-2024-05-13 at OpenAI, median of 14 days" },
    { .name = "gpt-4.1-mini",
      .latency = { .ttft = TTFT(LN_0_661, 0.28, 0.015, LN_4, 0.40),
                   .per_token = PER_TOKEN(LN_77_2) },
      .source = "first token: " MODELSTATS " (p50 661 ms, p95 1087 ms, "
                "p99 2169 ms); 77.2 tokens/s: artificialanalysis.ai, "
                "at OpenAI, late 2025" },
    { .name = "gpt-4.1",
      .latency = { .ttft = TTFT(LN_0_726, 0.28, 0.010, LN_5, 0.30),
                   .per_token = PER_TOKEN(LN_74_8) },
      .source = "first token: " MODELSTATS " (p50 726 ms, p95 1220 ms, "
                "p99 1946 ms); 74.8 tokens/s: community.openai.com "
                "1307310, 2025, five replies of 500 tokens at 67.6 "
                "tokens/s of the whole time, less 726 ms" },
    { .name = "gpt-4",
      .latency = { .ttft = { .kind = SIM_DIST_LOGNORMAL,
                             .a = LN_0_805,
                             .b = 0.2913 },
                   .per_token = PER_TOKEN(LN_24) },
      .source = "Azure/azure-openai-benchmark, README, 2023: first token "
                "0.84 s on average, p95 1.3 s; 24 tokens/s" },
    { .name = "gpt-5",
      .latency = { .ttft = TTFT(LN_0_700, 0.28, 0.010, LN_5, 0.30),
                   .per_token = PER_TOKEN(LN_70),
                   .per_prompt_token = 1e-5 },
      .source = "aistackwatch.com, April 2026: first token p50 about "
                "700 ms, 70 tokens/s, 1 s more for each 100,000 prompt "
                "tokens (a lower bound); spread as gpt-4.1, not measured" },
};

#define COUNT (sizeof profiles / sizeof profiles[0])

const struct sim_profile *sim_profile_for(const char *model)
{
    const struct sim_profile *best = &profiles[0];
    size_t best_length = 0;
    for (size_t i = 1; i < COUNT; i++) {
        size_t length = strlen(profiles[i].name);
        if (length > best_length &&
            strncmp(profiles[i].name, model, length) == 0) {
            best = &profiles[i];
            best_length = length;
        }
    }
    return best;
}

const struct sim_profile *sim_profile_find(const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

size_t sim_profiles(void)
{
    return COUNT;
}

const struct sim_profile *sim_profile_at(size_t i)
{
    return i < COUNT ? &profiles[i] : NULL;
}
