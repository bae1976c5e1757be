#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan.h"
#include "bench/table.h"
#include "bench/words.h"

static bool is_good(const struct bench_plan *p, size_t i)
{
    return i < p->good_count;
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void put_words(FILE *f, char *words)
{
    fputs(words != NULL ? words : "?", f);
    free(words);
}

static void show_model(const struct bench_demand_model *m, double span_s,
                       FILE *f)
{
    double minutes = fmax(1, span_s / 60);
    fprintf(f,
            "  %s: requests a minute mean %.0f, p50 %lld, p90 %lld, most "
            "%lld; tokens a minute mean %.0f, p50 %lld, p90 %lld, most "
            "%lld; %.0f tokens a request\n",
            m->name, (double)m->sum.requests / minutes,
            (long long)bench_demand_quantile(m, BENCH_DEMAND_REQUESTS, 0.5),
            (long long)bench_demand_quantile(m, BENCH_DEMAND_REQUESTS, 0.9),
            (long long)bench_demand_quantile(m, BENCH_DEMAND_REQUESTS, 1),
            (double)m->sum.tokens / minutes,
            (long long)bench_demand_quantile(m, BENCH_DEMAND_TOKENS, 0.5),
            (long long)bench_demand_quantile(m, BENCH_DEMAND_TOKENS, 0.9),
            (long long)bench_demand_quantile(m, BENCH_DEMAND_TOKENS, 1),
            (double)m->sum.tokens /
                (double)(m->sum.requests + !m->sum.requests));
}

static void show_demand(const struct bench_plan *p, FILE *f)
{
    fprintf(f, "The traffic, as limits count it (text for a request to raise "
               "them):\n");
    for (size_t i = 0; i < p->demand.model_count; i++)
        show_model(&p->demand.models[i], p->demand.span_s, f);
    if (p->month_usd >= 0)
        fprintf(f, "  $%.2f a month for its tokens\n", p->month_usd);
    else
        fprintf(f, "  what its tokens cost is not known\n");
}

static void add_interval(struct bench_table *t, const struct bench_estimate *e,
                         const char *unit)
{
    if (e->n == 0)
        bench_table_add(t, "-");
    else
        bench_table_add(t, "%.4g +- %.2g%s", e->mean, fmax(0, e->ci95), unit);
}

static void add_when(struct bench_table *t, int day)
{
    if (day == 0)
        bench_table_add(t, "today");
    else
        bench_table_add(t, "day %d", day);
}

static double outgrown(const struct bench_plan *p,
                       const struct bench_plan_option *o)
{
    double growth = p->question->growth;
    if (growth <= 0 || o->headroom < 0)
        return -1;
    return log1p(o->headroom) / log1p(growth);
}

static void show_options(const struct bench_plan *p, FILE *f)
{
    struct bench_table *t = bench_table_new(8);
    static const char *const heads[] = { "plan",     "first month", "from",
                                         "wait p95", "429s",        "binds",
                                         "used",     "headroom" };
    if (t == NULL)
        return;
    for (size_t i = 0; i < 8; i++)
        bench_table_add(t, "%s", heads[i]);
    for (size_t i = 0; i < p->good_count && i < BENCH_PLAN_SHOWN; i++) {
        const struct bench_plan_option *o = &p->options[i];
        bench_table_add(t, "%lld of %s", (long long)o->count,
                        lim_tier_name(o->tier));
        bench_table_add(t, "$%.2f", (double)o->month_microusd / 1e6);
        add_when(t, o->day);
        add_interval(t, &o->wait_p95, " ms");
        add_interval(t, &o->refused, " %");
        bench_table_add(
            t, "%s",
            o->limit < 0 ? "-" : lim_limit_name((enum lim_limit)o->limit));
        bench_table_add(t, "%.0f %%",
                        o->limit < 0 ? 0 : 100 * o->used[o->limit]);
        bench_table_add(t, o->headroom >= 3 ? "300 %% and more" : "%.0f %%",
                        100 * fmax(0, o->headroom));
    }
    bench_table_print(t, f);
    bench_table_free(t);
}

/* What to pay when, for each tier on the way. */
static void show_steps(const struct bench_plan *p,
                       const struct bench_plan_option *o, FILE *f)
{
    const struct bench_plan_question *q = p->question;
    if (o->deposit_microusd == 0 && o->day == 0) {
        fprintf(f, "It is there already.\n");
        return;
    }
    fprintf(f, "To get there: pay $%.2f today",
            (double)o->deposit_microusd / 1e6);
    if (o->count > 1 || q->have_count > 0)
        fprintf(f, ", over %lld organisation%s", (long long)o->count,
                plural(o->count));
    fprintf(f, ";");
    for (int t = LIM_TIER_1; t <= (int)o->tier; t++) {
        const struct lim_qualification *rule =
            lim_table_qualification(q->table, (enum lim_tier)t);
        int days = q->have_count > 0 ? q->have[0].days : 0;
        if (!rule->defined || rule->paid_microusd == INT64_MAX)
            continue;
        fprintf(f, " %s ", lim_tier_name((enum lim_tier)t));
        if (rule->days > days)
            fprintf(f, "from day %d", rule->days - days);
        else
            fprintf(f, "at once");
        fputs(t < (int)o->tier ? "," : ".\n", f);
    }
}

static const char *verdict_words(enum bench_verdict v)
{
    return v == BENCH_MET_IT      ? "met"
           : v == BENCH_TOO_CLOSE ? "too close to call"
                                  : "missed";
}

static void show_what_ifs(const struct bench_plan *p, FILE *f)
{
    for (int i = 0; i < BENCH_PLAN_WHAT_IFS; i++) {
        const struct bench_plan_what_if *w = &p->what_ifs[i];
        fprintf(f, "  with %s: ", w->name);
        if (!w->possible) {
            fprintf(f, "not for such arrivals\n");
            continue;
        }
        fprintf(f, "%s, wait p95 ", verdict_words(w->verdict));
        put_words(f, bench_words_ms(w->wait_p95.mean));
        fprintf(f, ", 429s %.2g %%\n", w->refused.mean);
    }
}

static void show_why(const struct bench_plan_option *o, FILE *f)
{
    const char *limit =
        o->limit < 0 ? "" : lim_limit_name((enum lim_limit)o->limit);
    switch (o->why) {
    case BENCH_PLAN_NO_ACCESS:
        fprintf(f, "no access to a model\n");
        return;
    case BENCH_PLAN_NO_WAY:
        fprintf(f, "no payment leads there\n");
        return;
    case BENCH_PLAN_TOO_SMALL:
        if (o->limit == LIM_SPEND)
            fprintf(f, "a month's tokens cost more than the tier may spend\n");
        else
            fprintf(f, "too little %s\n", limit);
        return;
    case BENCH_PLAN_BUDGET:
        fprintf(f, "$%.2f is above the budget\n",
                (double)o->month_microusd / 1e6);
        return;
    case BENCH_PLAN_TRIED_IT:
        break;
    }
    fprintf(f, "%s: wait p95 ", verdict_words(o->verdict));
    put_words(f, bench_words_ms(o->wait_p95.mean));
    fprintf(f, ", 429s %.2g %%%s%s\n", o->refused.mean,
            o->limit < 0 ? "" : ", binds: ", limit);
}

/* The nearest misses of each tier say why the others are dearer. */
static void show_others(const struct bench_plan *p, FILE *f)
{
    fprintf(f, "Looked at, and not taken:\n");
    for (size_t i = p->good_count; i < p->option_count; i++) {
        const struct bench_plan_option *o = &p->options[i];
        fprintf(f, "  %lld of %s: ", (long long)o->count,
                lim_tier_name(o->tier));
        show_why(o, f);
    }
}

static void show_naive(const struct bench_plan *p, FILE *f)
{
    if (p->naive.count == 0)
        fprintf(f, "A spreadsheet (mean rates times 1.5) finds nothing.\n");
    else
        fprintf(f,
                "A spreadsheet (mean rates times 1.5) would say: %lld of %s, "
                "$%.2f in the first month.\n",
                (long long)p->naive.count, lim_tier_name(p->naive.tier),
                (double)p->naive.month_microusd / 1e6);
}

static void show_best(const struct bench_plan *p, FILE *f)
{
    const struct bench_plan_option *o = &p->options[0];
    double months = outgrown(p, o);
    fprintf(f,
            "\nCheapest: %lld organisation%s at %s, strategy headroom, at "
            "most %lld in flight.\n",
            (long long)o->count, plural(o->count), lim_tier_name(o->tier),
            (long long)p->demand.in_flight_max);
    show_steps(p, o, f);
    show_what_ifs(p, f);
    if (months >= 0)
        fprintf(f, "  outgrown after %.1f months at %.0f %% a month\n", months,
                100 * p->question->growth);
    fputc('\n', f);
}

void bench_plan_show(const struct bench_plan *p, FILE *f)
{
    show_demand(p, f);
    fputc('\n', f);
    if (p->good_count > 0) {
        show_options(p, f);
        show_best(p, f);
    } else {
        fprintf(f,
                "No plan meets the objectives; %.0f %% of the load could "
                "be met by the largest.\n",
                100 * p->nearest);
    }
    show_naive(p, f);
    if (p->option_count > p->good_count)
        show_others(p, f);
}

static void add_estimate(cJSON *o, const char *key,
                         const struct bench_estimate *e)
{
    cJSON *one = cJSON_AddObjectToObject(o, key);
    if (e->n == 0)
        cJSON_AddNullToObject(one, "mean");
    else
        cJSON_AddNumberToObject(one, "mean", e->mean);
    cJSON_AddNumberToObject(one, "ci95", fmax(0, e->ci95));
    cJSON_AddNumberToObject(one, "n", (double)e->n);
}

static void add_limit(cJSON *o, const char *key, int limit)
{
    if (limit < 0)
        cJSON_AddNullToObject(o, key);
    else
        cJSON_AddStringToObject(o, key, lim_limit_name((enum lim_limit)limit));
}

static const char *state_of(const struct bench_plan *p, size_t i)
{
    static const char *const why[] = {
        [BENCH_PLAN_NO_ACCESS] = "no access",
        [BENCH_PLAN_NO_WAY] = "no payment leads there",
        [BENCH_PLAN_TOO_SMALL] = "too small",
        [BENCH_PLAN_BUDGET] = "above the budget",
    };
    const struct bench_plan_option *o = &p->options[i];
    if (is_good(p, i))
        return "meets";
    return o->why == BENCH_PLAN_TRIED_IT ? verdict_words(o->verdict)
                                         : why[o->why];
}

static cJSON *option_json(const struct bench_plan *p, size_t i)
{
    const struct bench_plan_option *o = &p->options[i];
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "tier", lim_tier_name(o->tier));
    cJSON_AddNumberToObject(j, "organisations", (double)o->count);
    cJSON_AddStringToObject(j, "verdict", state_of(p, i));
    add_limit(j, "limit", o->limit);
    cJSON_AddNumberToObject(j, "deposit_usd",
                            (double)o->deposit_microusd / 1e6);
    cJSON_AddNumberToObject(j, "first_month_usd",
                            (double)o->month_microusd / 1e6);
    cJSON_AddNumberToObject(j, "day", o->day);
    if (o->why != BENCH_PLAN_TRIED_IT)
        return j;
    add_estimate(j, "wait_ms.p95", &o->wait_p95);
    add_estimate(j, "http_429%", &o->refused);
    cJSON *used = cJSON_AddObjectToObject(j, "utilisation");
    for (int l = 0; l < LIM_LIMITS; l++)
        if (o->used[l] >= 0)
            cJSON_AddNumberToObject(used, lim_limit_name((enum lim_limit)l),
                                    o->used[l]);
    if (o->headroom >= 0)
        cJSON_AddNumberToObject(j, "headroom", o->headroom);
    return j;
}

static cJSON *model_json(const struct bench_demand_model *m, double span_s)
{
    static const struct {
        const char *name;
        double q;
    } quantiles[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "max", 1 } };
    static const char *const names[] = { "rpm", "tpm" };
    double minutes = fmax(1, span_s / 60);
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "model", m->name);
    for (int what = 0; what < 2; what++) {
        cJSON *one = cJSON_AddObjectToObject(j, names[what]);
        double sum = (double)(what == 0 ? m->sum.requests : m->sum.tokens);
        cJSON_AddNumberToObject(one, "mean", sum / minutes);
        for (int i = 0; i < 3; i++)
            cJSON_AddNumberToObject(
                one, quantiles[i].name,
                (double)bench_demand_quantile(m, (enum bench_demand_what)what,
                                              quantiles[i].q));
    }
    return j;
}

static cJSON *what_if_json(const struct bench_plan_what_if *w)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "with", w->name);
    if (!w->possible) {
        cJSON_AddNullToObject(j, "verdict");
        return j;
    }
    cJSON_AddStringToObject(j, "verdict", verdict_words(w->verdict));
    add_estimate(j, "wait_ms.p95", &w->wait_p95);
    add_estimate(j, "http_429%", &w->refused);
    return j;
}

static void add_answers(const struct bench_plan *p, cJSON *root)
{
    cJSON *options = cJSON_AddArrayToObject(root, "options");
    for (size_t i = 0; i < p->option_count; i++)
        cJSON_AddItemToArray(options, option_json(p, i));
    cJSON *ifs = cJSON_AddArrayToObject(root, "what_if");
    for (int i = 0; p->good_count > 0 && i < BENCH_PLAN_WHAT_IFS; i++)
        cJSON_AddItemToArray(ifs, what_if_json(&p->what_ifs[i]));
    if (p->good_count > 0 && outgrown(p, &p->options[0]) >= 0)
        cJSON_AddNumberToObject(root, "outgrown_months",
                                outgrown(p, &p->options[0]));
    if (p->good_count == 0)
        cJSON_AddNumberToObject(root, "nearest_load", p->nearest);
    cJSON *naive = cJSON_AddObjectToObject(root, "spreadsheet");
    if (p->naive.count > 0) {
        cJSON_AddStringToObject(naive, "tier", lim_tier_name(p->naive.tier));
        cJSON_AddNumberToObject(naive, "organisations", (double)p->naive.count);
    }
}

int bench_plan_json(const struct bench_plan *p, FILE *f)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *models = cJSON_AddArrayToObject(root, "demand");
    for (size_t i = 0; i < p->demand.model_count; i++)
        cJSON_AddItemToArray(
            models, model_json(&p->demand.models[i], p->demand.span_s));
    if (p->month_usd < 0)
        cJSON_AddNullToObject(root, "tokens_month_usd");
    else
        cJSON_AddNumberToObject(root, "tokens_month_usd", p->month_usd);
    cJSON_AddNumberToObject(root, "in_flight_max",
                            (double)p->demand.in_flight_max);
    cJSON_AddBoolToObject(root, "feasible", p->good_count > 0);
    add_answers(p, root);
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    if (text == NULL)
        return LIM_ENOMEM;
    fprintf(f, "%s\n", text);
    cJSON_free(text);
    return LIM_OK;
}
