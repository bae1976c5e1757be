/* Organisations of a plan, and what they cost. */

#include <math.h>
#include <string.h>

#include "bench/plan_parts.h"

void bench_plan_mix_add(const struct bench_plan_question *q,
                        struct bench_plan_mix *m, enum lim_tier tier,
                        int64_t more)
{
    for (; more > 0; more--, m->count++) {
        size_t i = (size_t)m->count;
        bool there = i < q->have_count && q->have[i].tier > tier;
        m->of[there ? q->have[i].tier : tier]++;
    }
}

enum lim_tier bench_plan_mix_tier(const struct bench_plan_mix *m, int64_t i)
{
    int t = LIM_TIERS - 1;
    while (t > 0 && i >= m->of[t])
        i -= m->of[t--];
    return (enum lim_tier)t;
}

bool bench_plan_mix_is(const struct bench_plan_mix *a,
                       const struct bench_plan_mix *b)
{
    return memcmp(a->of, b->of, sizeof a->of) == 0;
}

bool bench_plan_mix_within(const struct bench_plan_mix *a,
                           const struct bench_plan_mix *b)
{
    int64_t left = 0;
    for (int t = LIM_TIERS - 1; t >= 0; t--) {
        left += b->of[t] - a->of[t];
        if (left < 0)
            return false;
    }
    return true;
}

char *bench_plan_mix_name(const struct bench_plan_mix *m,
                          char out[BENCH_PLAN_NAME_SIZE])
{
    size_t used = 0;
    out[0] = 0;
    for (int t = LIM_TIERS - 1; t >= 0; t--)
        if (m->of[t] > 0 && used < BENCH_PLAN_NAME_SIZE)
            used += (size_t)snprintf(out + used, BENCH_PLAN_NAME_SIZE - used,
                                     "%s%lld of %s", used > 0 ? " + " : "",
                                     (long long)m->of[t],
                                     lim_tier_name((enum lim_tier)t));
    return out;
}

cJSON *bench_plan_scenario(const struct bench_plan_question *q,
                           const struct bench_plan_mix *m)
{
    cJSON *tree = cJSON_Duplicate(q->tree, true);
    cJSON *provider = cJSON_GetObjectItemCaseSensitive(tree, "provider");
    cJSON *list = cJSON_AddArrayToObject(provider, "organisations");
    for (int t = LIM_TIERS - 1; t >= 0; t--) {
        if (m->of[t] == 0)
            continue;
        const char *tier = lim_tier_name((enum lim_tier)t);
        cJSON *one = cJSON_CreateObject();
        if (list == NULL || !cJSON_AddItemToArray(list, one)) {
            cJSON_Delete(one);
            cJSON_Delete(tree);
            return NULL;
        }
        cJSON_AddStringToObject(one, "name", tier);
        cJSON_AddStringToObject(one, "tier", tier);
        cJSON_AddNumberToObject(one, "count", (double)m->of[t]);
    }
    return tree;
}

/* What is still to be paid, and when the last of them is there; false: no
   payment leads to a tier. */
static bool add_payments(const struct bench_plan_question *q,
                         struct bench_plan_option *o)
{
    struct bench_plan_path path = { .count = 0 };
    for (int64_t i = 0; i < o->mix.count; i++) {
        enum lim_tier tier = bench_plan_mix_tier(&o->mix, i);
        bool fresh = (size_t)i >= q->have_count;
        /* All new ones of a tier have one path. */
        bool same = i > 0 && (size_t)(i - 1) >= q->have_count &&
                    bench_plan_mix_tier(&o->mix, i - 1) == tier;
        if (!same && !bench_plan_find_path(q, (size_t)i, tier, &path))
            return false;
        o->deposit_microusd += path.microusd;
        o->changed += fresh || path.count > 0;
        if (path.day > o->day)
            o->day = path.day;
    }
    return true;
}

struct bench_plan_option bench_plan_option(const struct bench_plan *p,
                                           const struct bench_plan_mix *m)
{
    const struct bench_plan_question *q = p->question;
    struct bench_plan_option o = {
        .mix = *m, .limit = -1, .headroom = -1, .ends_at = -1
    };
    for (int l = 0; l < LIM_LIMITS; l++)
        o.used[l] = -1;
    if (!add_payments(q, &o)) {
        o.why = BENCH_PLAN_NO_WAY;
        return o;
    }
    double month = p->month_usd > 0 ? p->month_usd * 1e6 : 0;
    o.month_microusd = (int64_t)fmax(month, (double)o.deposit_microusd);
    if (q->budget_microusd >= 0 && o.month_microusd > q->budget_microusd)
        o.why = BENCH_PLAN_BUDGET;
    else if (q->day_max >= 0 && o.day > q->day_max)
        o.why = BENCH_PLAN_TOO_LATE;
    return o;
}

bool bench_plan_is_good(const struct bench_plan_option *o)
{
    return o->why == BENCH_PLAN_TRIED_IT && o->verdict == BENCH_MET_IT;
}

static int sign(int64_t difference)
{
    return (difference > 0) - (difference < 0);
}

int bench_plan_by_cost(const void *a, const void *b)
{
    const struct bench_plan_option *x = a, *y = b;
    const int64_t differences[] = {
        bench_plan_is_good(y) - bench_plan_is_good(x),
        x->spare - y->spare,
        x->month_microusd - y->month_microusd,
        x->changed - y->changed,
        x->mix.count - y->mix.count,
        x->day - y->day,
        x->deposit_microusd - y->deposit_microusd,
    };
    size_t n = sizeof differences / sizeof differences[0];
    for (size_t i = 0; i < n; i++)
        if (differences[i] != 0)
            return sign(differences[i]);
    for (int t = LIM_TIERS - 1; t >= 0; t--)
        if (x->mix.of[t] != y->mix.of[t])
            return sign(x->mix.of[t] - y->mix.of[t]);
    return 0;
}

bool bench_plan_is_cheaper(const struct bench_plan_option *a,
                           const struct bench_plan_option *b)
{
    return a->month_microusd < b->month_microusd ||
           (a->month_microusd == b->month_microusd && a->changed < b->changed);
}
