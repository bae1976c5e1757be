/* Sentences about a plan, as the terminal and the report tell them. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan_parts.h"
#include "bench/words.h"

#define ALL_OF_IT 0.9995 /* of the load: what is told as 100 % */

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static double usd(int64_t microusd)
{
    return (double)microusd / 1e6;
}

static void put_words(FILE *f, char *words)
{
    fputs(words != NULL ? words : "?", f);
    free(words);
}

void bench_plan_tell_objectives(const struct bench_plan *p, FILE *f)
{
    struct bench_check checks[BENCH_PLAN_CHECKS];
    struct lim_diag why;
    size_t n = 0;
    bench_plan_checks(p->question, checks, &n, &why);
    n -= n > 0; /* the last is ours */
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%s%s",
                i == 0      ? ""
                : i + 1 < n ? ", "
                            : " and ",
                checks[i].text);
}

void bench_plan_tell_day(int day, FILE *f)
{
    if (day == 0)
        fputs("today", f);
    else
        fprintf(f, "day %d", day);
}

/* The limit used most of those that are not told yet; -1: none. */
static int next_used(const struct bench_plan_option *o, const bool *told)
{
    int best = -1;
    for (int l = 0; l < LIM_LIMITS; l++)
        if (!told[l] && o->used[l] >= 0 &&
            (best < 0 || o->used[l] > o->used[best]))
            best = l;
    return best;
}

void bench_plan_tell_used(const struct bench_plan_option *o, FILE *f)
{
    bool told[LIM_LIMITS] = { false };
    const char *comma = "";
    for (int l; (l = next_used(o, told)) >= 0; comma = ", ") {
        fprintf(f, o->used[l] < 1 ? "%s%s %.3g %%" : "%s%s %.0f %%", comma,
                lim_limit_name((enum lim_limit)l), 100 * o->used[l]);
        told[l] = true;
    }
    if (*comma == 0)
        fputs("-", f);
}

void bench_plan_tell_wait(const struct bench_estimate *e, const char *between,
                          FILE *f)
{
    if (e->n == 0) {
        fputs("-", f);
        return;
    }
    put_words(f, bench_words_ms(e->mean));
    if (e->ci95 <= 1e-6 * fabs(e->mean))
        return;
    fputs(between, f);
    put_words(f, bench_words_ms(e->ci95));
}

void bench_plan_tell_headroom(const struct bench_plan_option *o, FILE *f)
{
    if (o->headroom < 0)
        fputs("-", f);
    else if (o->ends_at < 0)
        fprintf(f, "over %.0f %%", 100 * o->headroom);
    else
        fprintf(f, "%.0f %% (%s)", 100 * o->headroom,
                lim_limit_name((enum lim_limit)o->ends_at));
}

double bench_plan_outgrown(const struct bench_plan *p,
                           const struct bench_plan_option *o)
{
    double growth = p->question->growth;
    if (growth <= 0 || o->headroom < 0)
        return -1;
    return log1p(o->headroom) / log1p(growth);
}

/* "2 organisations at tier4", "1 organisation at tier4 and 3 at tier1" */
static void tell_organisations(const struct bench_plan_mix *m, FILE *f)
{
    int64_t left = m->count;
    for (int t = LIM_TIERS - 1; t >= 0; t--) {
        int64_t n = m->of[t];
        if (n == 0)
            continue;
        if (left == m->count)
            fprintf(f, "%lld organisation%s at %s", (long long)n, plural(n),
                    lim_tier_name((enum lim_tier)t));
        else
            fprintf(f, "%s %lld at %s", left > n ? "," : " and", (long long)n,
                    lim_tier_name((enum lim_tier)t));
        left -= n;
    }
}

static void tell_nearest(const struct bench_plan *p, FILE *f)
{
    const struct bench_plan_nearest *n = &p->nearest;
    fprintf(f, "No plan meets ");
    bench_plan_tell_objectives(p, f);
    if (n->mix.count == 0) {
        fprintf(f, ", and none that could be had has the models at all.");
        return;
    }
    fputs(". The most that could be had, ", f);
    tell_organisations(&n->mix, f);
    if (n->load <= 0 && n->limit >= 0) {
        fprintf(f, ", can not take the largest request: it is above their %s.",
                lim_limit_name((enum lim_limit)n->limit));
        return;
    }
    fprintf(f, ", meets %s at %.3g %% of the load; ",
            p->question->check_count == 1 ? "it" : "them", 100 * n->load);
    if (n->limit >= 0)
        fprintf(f, "%s prevents more.",
                lim_limit_name((enum lim_limit)n->limit));
    else
        fprintf(f, "the budget prevents more.");
}

void bench_plan_tell_answer(const struct bench_plan *p, FILE *f)
{
    const struct bench_plan_option *o = &p->options[0];
    if (p->good_count == 0) {
        tell_nearest(p, f);
        return;
    }
    fputs("Cheapest: ", f);
    tell_organisations(&o->mix, f);
    fputs(o->mix.count == 1 ? " meets " : " meet ", f);
    bench_plan_tell_objectives(p, f);
    fputs(", from ", f);
    bench_plan_tell_day(o->day, f);
    if (p->month_usd < 0)
        fprintf(f,
                " on, for $%.2f to be paid beforehand (what the tokens cost is "
                "not known).",
                usd(o->deposit_microusd));
    else
        fprintf(f, " on, for $%.2f in the first month.",
                usd(o->month_microusd));
}

void bench_plan_tell_room(const struct bench_plan *p, FILE *f)
{
    const struct bench_plan_option *o = &p->options[0];
    double months = bench_plan_outgrown(p, o);
    if (o->limit >= 0)
        fprintf(f, "Of its limits %s is used most, %.3g %% of it; ",
                lim_limit_name((enum lim_limit)o->limit),
                100 * o->used[o->limit]);
    fprintf(f, "%.0f %% more load is met", 100 * o->headroom);
    if (o->ends_at >= 0)
        fprintf(f, ", then %s ends it",
                lim_limit_name((enum lim_limit)o->ends_at));
    else
        fputs(" too", f);
    if (months >= 0)
        fprintf(f, ": outgrown after %s%.1f months at %.3g %% a month",
                o->ends_at < 0 ? "more than " : "", months,
                100 * p->question->growth);
    fputs(".", f);
}

void bench_plan_tell_client(const struct bench_plan *p, FILE *f)
{
    fprintf(f, "Client: strategy %s%s, ", p->scenario.sim.client.strategy->name,
            p->options[0].mix.count == 1 ? " (with one organisation any does)"
                                         : "");
    if (p->cap > 0)
        fprintf(f, "a cap of %lld in flight is enough.", (long long)p->cap);
    else if (p->scenario.sim.client.cap_pool == LIM_UNLIMITED &&
             p->scenario.sim.client.cap == NULL)
        fputs("no cap.", f);
    else
        fputs("the cap that was given.", f);
}

static bool same_path(const struct bench_plan_path *a,
                      const struct bench_plan_path *b)
{
    if (a->from != b->from || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->steps[i].day != b->steps[i].day ||
            a->steps[i].microusd != b->steps[i].microusd ||
            a->steps[i].tier != b->steps[i].tier)
            return false;
    return true;
}

bool bench_plan_next_group(const struct bench_plan *p,
                           const struct bench_plan_option *o, int64_t at,
                           struct bench_plan_group *g)
{
    const struct bench_plan_question *q = p->question;
    *g = (struct bench_plan_group){ .first = at };
    if (at >= o->mix.count)
        return false;
    g->tier = bench_plan_mix_tier(&o->mix, at);
    if (!bench_plan_find_path(q, (size_t)at, g->tier, &g->path))
        return false;
    g->fresh = (size_t)at >= q->have_count;
    for (g->count = 1; at + g->count < o->mix.count; g->count++) {
        struct bench_plan_path next;
        bool fresh = (size_t)(at + g->count) >= q->have_count;
        if (fresh != g->fresh ||
            bench_plan_mix_tier(&o->mix, at + g->count) != g->tier)
            break;
        if (!fresh && (!bench_plan_find_path(q, (size_t)(at + g->count),
                                             g->tier, &next) ||
                       !same_path(&g->path, &next)))
            break;
    }
    return true;
}

void bench_plan_tell_group(const struct bench_plan_group *g, FILE *f)
{
    if (g->fresh)
        fprintf(f, "%lld new organisation%s", (long long)g->count,
                plural(g->count));
    else
        fprintf(f, "%lld organisation%s now at %s", (long long)g->count,
                plural(g->count), lim_tier_name(g->path.from));
}

void bench_plan_tell_step(const struct bench_plan_group *g, size_t i, FILE *f)
{
    const struct bench_plan_step *s = &g->path.steps[i];
    if (s->microusd > 0)
        fprintf(f, "pay $%.2f%s", usd(s->microusd),
                g->count > 1 ? " each" : "");
    else
        fputs("nothing to pay", f);
    fprintf(f, ", then at %s", lim_tier_name(s->tier));
}

void bench_plan_tell_meanwhile(const struct bench_plan *p,
                               const struct bench_plan_group *g, size_t i,
                               FILE *f)
{
    int limit;
    struct bench_plan_mix then = { .count = g->count };
    then.of[g->path.steps[i].tier] = g->count;
    double share = bench_plan_share(p, &then, &limit);
    if (share >= ALL_OF_IT)
        fputs("by arithmetic all of the load", f);
    else if (limit < 0)
        fputs("without the models", f);
    else
        fprintf(f, "at most %.3g %% of the load, for %s", 100 * share,
                lim_limit_name((enum lim_limit)limit));
}

const char *bench_plan_verdict_words(enum bench_trial_verdict v)
{
    return v == BENCH_MET_IT      ? "met"
           : v == BENCH_TOO_CLOSE ? "too close to call"
                                  : "missed";
}

void bench_plan_tell_what_if(const struct bench_plan_what_if *w, FILE *f)
{
    if (!w->possible) {
        fputs("such arrivals have no gaps of their own to change", f);
        return;
    }
    fputs(bench_plan_verdict_words(w->verdict), f);
    if (w->limit == LIM_SPEND)
        fprintf(f, ": $%.2f of tokens a month are more than it may spend",
                w->month_usd);
    else if (w->limit >= 0)
        fprintf(f, ": in the long run that is more than its %s",
                lim_limit_name((enum lim_limit)w->limit));
    if (w->wait_p95.n == 0)
        return;
    fputs(", wait p95 ", f);
    put_words(f, bench_words_ms(w->wait_p95.mean));
    fprintf(f, ", 429s %.2g %%", w->refused.mean);
}

void bench_plan_tell_why(const struct bench_plan *p,
                         const struct bench_plan_option *o, FILE *f)
{
    const char *limit =
        o->limit < 0 ? "" : lim_limit_name((enum lim_limit)o->limit);
    switch (o->why) {
    case BENCH_PLAN_NO_ACCESS:
        fprintf(f, "no access to a model");
        return;
    case BENCH_PLAN_NO_WAY:
        fprintf(f, "no payment leads there");
        return;
    case BENCH_PLAN_TOO_SMALL:
        if (o->limit == LIM_SPEND)
            fprintf(f, "a month's tokens cost more than the tier may spend");
        else
            fprintf(f, "too little %s", limit);
        return;
    case BENCH_PLAN_BUDGET:
        fprintf(f, "$%.2f is above the budget", usd(o->month_microusd));
        return;
    case BENCH_PLAN_TOO_LATE:
        fprintf(f, "can be had from day %d only, not by day %d", o->day,
                p->question->day_max);
        return;
    case BENCH_PLAN_TRIED_IT:
        break;
    }
    fprintf(f, "%s%s: wait p95 ", bench_plan_verdict_words(o->verdict),
            o->spare ? " with more than it takes" : "");
    put_words(f, bench_words_ms(o->wait_p95.mean));
    fprintf(f, ", 429s %.2g %%%s%s", o->refused.mean,
            o->limit < 0 ? "" : ", binds: ", limit);
}

void bench_plan_tell_naive(const struct bench_plan *p, FILE *f)
{
    char name[BENCH_PLAN_NAME_SIZE];
    if (p->naive.mix.count == 0) {
        fprintf(f, "A spreadsheet (mean rates times 1.5) finds nothing.");
        return;
    }
    fprintf(f,
            "A spreadsheet (mean rates times 1.5) would say: %s, $%.2f in the "
            "first month (",
            bench_plan_mix_name(&p->naive.mix, name),
            usd(p->naive.month_microusd));
    bench_plan_tell_why(p, &p->naive, f);
    fputs(").", f);
}

static void tell_batch(const struct bench_plan *p,
                       const struct bench_demand_model *m, FILE *f)
{
    fprintf(f, "All at once, and once a day: %lld requests and %lld tokens; ",
            (long long)m->sum.requests, (long long)m->sum.tokens);
    if (p->finish_s > 0) {
        fprintf(f, "done in ");
        put_words(f, bench_words_ms(1000 * p->finish_s));
        fprintf(f, ", that is %.0f requests and %.0f tokens a minute; ",
                60 * (double)m->sum.requests / p->finish_s,
                60 * (double)m->sum.tokens / p->finish_s);
    }
}

static void tell_minutes(const struct bench_plan *p,
                         const struct bench_demand_model *m, FILE *f)
{
    double minutes = fmax(1, p->demand.span_s / 60);
    fprintf(f,
            "Steady (median minute): %lld requests and %lld tokens a minute. "
            "Peak (90th percentile of minutes): %lld requests and %lld tokens "
            "a minute; the fullest minute had %lld and %lld. Mean: %.0f "
            "requests and %.0f tokens a minute, ",
            (long long)bench_demand_quantile(m, BENCH_DEMAND_REQUESTS, 0.5),
            (long long)bench_demand_quantile(m, BENCH_DEMAND_TOKENS, 0.5),
            (long long)bench_demand_quantile(m, BENCH_DEMAND_REQUESTS, 0.9),
            (long long)bench_demand_quantile(m, BENCH_DEMAND_TOKENS, 0.9),
            (long long)bench_demand_quantile(m, BENCH_DEMAND_REQUESTS, 1),
            (long long)bench_demand_quantile(m, BENCH_DEMAND_TOKENS, 1),
            p->demand.factor * (double)m->sum.requests / minutes,
            p->demand.factor * (double)m->sum.tokens / minutes);
}

/* The text that a form for higher limits asks for. */
void bench_plan_tell_quota(const struct bench_plan *p,
                           const struct bench_demand_model *m, FILE *f)
{
    const struct bench_plan_option *o = &p->options[0];
    fprintf(f, "Model %s", m->name);
    if (p->good_count > 0 && o->mix.count > 1)
        fprintf(f, ", over %lld organisations", (long long)o->mix.count);
    fputs(". ", f);
    if (bench_plan_is_batch(p))
        tell_batch(p, m, f);
    else
        tell_minutes(p, m, f);
    fprintf(f,
            "%.0f tokens a request (prompt and max_tokens, as the limits count "
            "them; the largest request has %lld).",
            (double)m->sum.tokens /
                (double)(m->sum.requests + !m->sum.requests),
            (long long)m->tokens_max);
    if (p->question->growth > 0)
        fprintf(f, " We expect %.3g %% more each month.",
                100 * p->question->growth);
}
