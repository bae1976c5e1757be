#define _POSIX_C_SOURCE 200809L

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/folder.h"
#include "bench/output.h"
#include "bench/page.h"
#include "bench/plan_figures.h"
#include "bench/sources.h"
#include "bench/svg.h"
#include "bench/words.h"

extern const char text_bench_plan_html[];

struct report {
    const struct bench_plan *p;
    const struct bench_plan_source *source;
    const char *folder;
    struct bench_figures figures;
    int drawing;
    struct lim_diag why;
};

/* What a teller tells goes through here, since objectives hold '<'. */
struct told {
    char *text;
    size_t length;
    FILE *f;
};

static bool begin(struct told *t)
{
    *t = (struct told){ .text = NULL };
    t->f = open_memstream(&t->text, &t->length);
    return t->f != NULL;
}

static void end(struct told *t, FILE *f)
{
    if (fclose(t->f) == 0)
        bench_svg_escape(f, t->text);
    free(t->text);
}

static void put_told(void (*tell)(const struct bench_plan *p, FILE *f),
                     const struct report *x, FILE *f)
{
    struct told t;
    if (!begin(&t))
        return;
    tell(x->p, t.f);
    end(&t, f);
}

static void put_option(void (*tell)(const struct bench_plan_option *o, FILE *f),
                       const struct bench_plan_option *o, FILE *f)
{
    struct told t;
    if (!begin(&t))
        return;
    tell(o, t.f);
    end(&t, f);
}

static void put_why(const struct report *x, const struct bench_plan_option *o,
                    FILE *f)
{
    struct told t;
    if (!begin(&t))
        return;
    bench_plan_tell_why(x->p, o, t.f);
    end(&t, f);
}

static void put_asked(const void *report, FILE *f)
{
    const struct report *x = report;
    const struct bench_plan_question *q = x->p->question;
    const struct bench_demand *d = &x->p->demand;
    fputs("The cheapest way to meet ", f);
    put_told(bench_plan_tell_objectives, x, f);
    fprintf(f, " for %.0f requests", (double)d->requests / (double)d->runs);
    char *span = bench_words_ms(1000 * d->span_s / (double)d->runs);
    if (d->span_s >= 1)
        fprintf(f, " in %s", span != NULL ? span : "");
    free(span);
    for (size_t m = 0; m < d->model_count; m++) {
        fputs(m == 0 ? " to " : m + 1 < d->model_count ? ", " : " and ", f);
        bench_svg_escape(f, d->models[m].name);
    }
    fprintf(f, ", with at most %lld organisations up to %s",
            (long long)q->organisations_max, lim_tier_name(q->tier_max));
    if (q->budget_microusd >= 0)
        fprintf(f, ", for at most $%.2f in the first month",
                (double)q->budget_microusd / 1e6);
    if (q->day_max >= 0)
        fprintf(f, ", from day %d at the latest", q->day_max);
    if (q->have_count > 0)
        fprintf(f, "; %zu organisation%s there already", q->have_count,
                q->have_count == 1 ? " is" : "s are");
    if (q->growth > 0)
        fprintf(f, "; the load grows %.3g&nbsp;%% a month", 100 * q->growth);
    fputs(".", f);
}

static void put_answer(const void *report, FILE *f)
{
    const struct report *x = report;
    put_told(bench_plan_tell_answer, x, f);
}

static void put_best(const void *report, FILE *f)
{
    const struct report *x = report;
    if (x->p->good_count == 0)
        return;
    fputs("<p>", f);
    put_told(bench_plan_tell_room, x, f);
    fputs(" ", f);
    put_told(bench_plan_tell_client, x, f);
    fputs("</p>\n", f);
}

static void put_estimate(const struct bench_estimate *e, FILE *f)
{
    if (e->n == 0) {
        fputs("<td>–</td>", f);
        return;
    }
    char *mean = bench_words_number(e->mean);
    char *half = bench_words_number(fmax(0, e->ci95));
    fprintf(f, "<td>%s", mean != NULL ? mean : "");
    if (e->ci95 > 1e-6 * fabs(e->mean))
        fprintf(f, " <span class=\"ci\">±&nbsp;%s</span>",
                half != NULL ? half : "");
    fputs("</td>", f);
    free(mean);
    free(half);
}

static void tell_from(const struct bench_plan_option *o, FILE *f)
{
    bench_plan_tell_day(o->day, f);
}

/* In a word; a sentence of it stands below. */
static void put_verdict(const struct bench_plan_option *o, FILE *f)
{
    if (o->why == BENCH_PLAN_TRIED_IT)
        fputs(bench_plan_verdict_words(o->verdict), f);
    else if (o->limit >= 0)
        fprintf(f, "missed: %s", lim_limit_name((enum lim_limit)o->limit));
    else
        fputs("missed", f);
}

static void put_row(const struct bench_plan_option *o, const char *kind,
                    bool best, FILE *f)
{
    char name[BENCH_PLAN_NAME_SIZE];
    fprintf(f,
            "<tr%s><th scope=\"row\" class=\"word\">%s%s</th>"
            "<td>$%.2f</td><td>$%.2f</td><td class=\"word\">",
            best ? " class=\"best\"" : "", kind,
            bench_plan_mix_name(&o->mix, name),
            (double)o->deposit_microusd / 1e6, (double)o->month_microusd / 1e6);
    put_option(tell_from, o, f);
    fputs("</td><td class=\"word\">", f);
    put_verdict(o, f);
    fputs("</td>", f);
    fputs("<td>", f);
    bench_plan_tell_wait(&o->wait_p95, "&nbsp;±&nbsp;", f);
    fputs("</td>", f);
    put_estimate(&o->refused, f);
    fputs("<td>", f);
    put_option(bench_plan_tell_headroom, o, f);
    fputs("</td><td class=\"word\">", f);
    put_option(bench_plan_tell_used, o, f);
    fputs("</td></tr>\n", f);
}

static void put_table(const void *report, FILE *f)
{
    const struct report *x = report;
    const struct bench_plan *p = x->p;
    fputs("<div class=\"wide\" tabindex=\"0\"><table>\n<caption>Means, with "
          "95&nbsp;% intervals; the cheapest is marked, the spreadsheet's is "
          "the last."
          "</caption>\n<thead><tr>",
          f);
    static const struct {
        const char *head;
        bool word;
    } heads[] = { { "plan", true },         { "for tiers", false },
                  { "first month", false }, { "from", true },
                  { "objectives", true },   { "p95 wait", false },
                  { "429s, %", false },     { "headroom", false },
                  { "limits used", true } };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        fprintf(f, "<th scope=\"col\"%s>%s</th>",
                heads[i].word ? " class=\"word\"" : "", heads[i].head);
    fputs("</tr></thead>\n<tbody>\n", f);
    for (size_t i = 0; i < p->good_count && i < BENCH_PLAN_SHOWN; i++)
        put_row(&p->options[i], "", i == 0, f);
    if (p->naive.mix.count > 0)
        put_row(&p->naive, "sheet: ", false, f);
    fputs("</tbody></table></div>\n", f);
}

static void put_naive(const void *report, FILE *f)
{
    const struct report *x = report;
    put_told(bench_plan_tell_naive, x, f);
}

static void put_step(const struct report *x, const struct bench_plan_group *g,
                     size_t i, FILE *f)
{
    struct told t;
    if (!begin(&t))
        return;
    bench_plan_tell_day(g->path.steps[i].day, t.f);
    fputs(": ", t.f);
    bench_plan_tell_step(g, i, t.f);
    if (i + 1 < g->path.count && g->count == x->p->options[0].mix.count) {
        fputs(" (", t.f);
        bench_plan_tell_meanwhile(x->p, g, i, t.f);
        fputs(")", t.f);
    }
    fputs("<li>", f);
    end(&t, f);
    fputs("</li>\n", f);
}

static void put_payments(const void *report, FILE *f)
{
    const struct report *x = report;
    const struct bench_plan *p = x->p;
    struct bench_plan_group g;
    if (p->good_count == 0)
        return;
    fputs("<section aria-labelledby=\"payments\">\n<h2 id=\"payments\">What to "
          "pay when</h2>\n",
          f);
    for (int64_t at = 0; bench_plan_next_group(p, &p->options[0], at, &g);
         at += g.count) {
        fputs("<p>", f);
        bench_plan_tell_group(&g, f);
        fputs(g.path.count == 0 ? ": nothing to pay.</p>\n" : ":</p>\n<ul>\n",
              f);
        for (size_t i = 0; i < g.path.count; i++)
            put_step(x, &g, i, f);
        fputs(g.path.count == 0 ? "" : "</ul>\n", f);
    }
    if (p->month_usd >= 0)
        fprintf(f,
                "<p>The tokens of a month cost $%.2f; what is paid for tiers "
                "is used up by them.</p>\n",
                p->month_usd);
    fputs("</section>\n", f);
}

static void put_figures(const void *report, FILE *f)
{
    const struct report *x = report;
    bench_page_figures(&x->figures, x->folder, x->drawing, &x->why, f);
}

static void put_what_if(const void *report, FILE *f)
{
    const struct report *x = report;
    const struct bench_plan *p = x->p;
    if (p->good_count == 0)
        return;
    fputs("<section aria-labelledby=\"whatif\">\n<h2 id=\"whatif\">What if"
          "</h2>\n<div class=\"wide\" tabindex=\"0\"><table>\n<caption>The "
          "cheapest plan, with another load or client.</caption>\n<thead><tr>"
          "<th scope=\"col\" class=\"word\">with</th><th scope=\"col\" "
          "class=\"word\">objectives</th></tr></thead>\n<tbody>\n",
          f);
    for (size_t i = 0; i < p->what_if_count; i++) {
        struct told t;
        fprintf(f,
                "<tr><th scope=\"row\" class=\"word\">%s</th>"
                "<td class=\"word\">",
                p->what_ifs[i].name);
        if (begin(&t)) {
            bench_plan_tell_what_if(&p->what_ifs[i], t.f);
            end(&t, f);
        }
        fputs("</td></tr>\n", f);
    }
    fputs("</tbody></table></div>\n</section>\n", f);
}

static void put_quota(const void *report, FILE *f)
{
    const struct report *x = report;
    const struct bench_demand *d = &x->p->demand;
    for (size_t m = 0; m < d->model_count; m++) {
        struct told t;
        if (!begin(&t))
            return;
        bench_plan_tell_quota(x->p, &d->models[m], t.f);
        fputs("<p>", f);
        end(&t, f);
        fputs("</p>\n", f);
    }
}

static void put_others(const void *report, FILE *f)
{
    const struct report *x = report;
    const struct bench_plan *p = x->p;
    fputs("<ul>\n", f);
    for (size_t i = p->good_count; i < p->option_count; i++) {
        char name[BENCH_PLAN_NAME_SIZE];
        fprintf(f, "<li>%s: ", bench_plan_mix_name(&p->options[i].mix, name));
        put_why(x, &p->options[i], f);
        fputs("</li>\n", f);
    }
    fputs(p->option_count == p->good_count ? "<li>Nothing.</li>\n</ul>\n"
                                           : "</ul>\n",
          f);
}

static void put_method(const void *report, FILE *f)
{
    const struct report *x = report;
    const struct bench_plan *p = x->p;
    bool trace = false;
    for (size_t i = 0; i < p->scenario.sim.workload_count; i++)
        if (p->scenario.workloads[i].arrivals.kind == SIM_ARRIVE_TRACE)
            trace = true;
    if (trace)
        fputs("<li>The arrivals are a trace: every run has the same, so the "
              "intervals say how sure it is of this stretch of time, not of "
              "another day. Twice the burstiness, below, is the question to "
              "ask of that.</li>\n",
              f);
    if (p->month_usd < 0)
        fputs("<li>The price of a model is not known: costs are those of the "
              "tiers alone, and what may be spent in a month was not "
              "looked at.</li>\n",
              f);
}

static void put_sum(int64_t microusd, int64_t none, FILE *f)
{
    if (microusd == none)
        fputs("<td>–</td>", f);
    else
        fprintf(f, "<td>$%.0f</td>", (double)microusd / 1e6);
}

/* What leads to the tiers, and what they may spend. */
static void put_rules(const struct lim_table *t, FILE *f)
{
    int days = 0;
    fputs("<h3>What leads to a tier</h3>\n<div class=\"wide\" "
          "tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\" "
          "class=\"word\">tier</th><th scope=\"col\">paid in all</th><th "
          "scope=\"col\">days since the first payment</th><th scope=\"col\">"
          "may spend a month</th></tr></thead>\n<tbody>\n",
          f);
    for (int tier = 0; tier < LIM_TIERS; tier++) {
        const struct lim_qualification *q =
            lim_table_qualification(t, (enum lim_tier)tier);
        if (!q->defined)
            continue;
        fprintf(f, "<tr><th scope=\"row\" class=\"word\">%s</th>",
                lim_tier_name((enum lim_tier)tier));
        put_sum(q->paid_microusd, INT64_MAX, f);
        fprintf(f, "<td>%d</td>", q->days);
        put_sum(q->month_microusd, LIM_UNLIMITED, f);
        fputs("</tr>\n", f);
        days = q->days > days ? q->days : days;
    }
    fputs("</tbody></table></div>\n", f);
    if (days == 0)
        fputs(
            "<p class=\"note\">This table asks for no days. OpenAI's guide of "
            "June 2026 lists amounts alone; until late 2024 it asked for 7 "
            "to 30 days too: to be on the safe side, plan with <code>--table "
            "official-2024-mid</code> as well.</p>\n",
            f);
}

static void put_limits(const void *report, FILE *f)
{
    const struct report *x = report;
    const struct bench_demand *d = &x->p->demand;
    struct bench_sources wanted = { .model_count = 0 };
    for (size_t m = 0; m < d->model_count; m++)
        if (wanted.model_count < BENCH_SOURCES_MODELS_MAX)
            wanted.models[wanted.model_count++] = d->models[m].name;
    for (int t = 0; t < LIM_TIERS; t++)
        wanted.tiers[t] =
            lim_table_qualification(x->p->question->table, (enum lim_tier)t)
                ->defined;
    bench_sources_table(f, x->p->question->table, &wanted);
    put_rules(x->p->question->table, f);
}

static void put_command(const void *report, FILE *f)
{
    (void)report;
    fputs("tierlab plan scenario.json", f);
}

static void put_again(const void *report, FILE *f)
{
    const struct report *x = report;
    fprintf(f, "<p class=\"note\">Seed %llu; made by tierlab ",
            (unsigned long long)x->p->scenario.sim.seed);
    bench_svg_escape(f, x->source->version);
    fputs(". The same seed gives the same figures, to the last digit.</p>", f);
}

static void put_footer(const void *report, FILE *f)
{
    const struct report *x = report;
    fputs("Made by tierlab ", f);
    bench_svg_escape(f, x->source->version);
    fputs("; the figures of all plans are in <code>plan.json</code>.", f);
}

/* The places of the template. */
static const struct bench_page_place places[] = {
    { "asked", put_asked },     { "answer", put_answer },
    { "best", put_best },       { "table", put_table },
    { "naive", put_naive },     { "payments", put_payments },
    { "figures", put_figures }, { "whatif", put_what_if },
    { "quota", put_quota },     { "others", put_others },
    { "method", put_method },   { "limits", put_limits },
    { "command", put_command }, { "again", put_again },
    { "footer", put_footer },
};

/* plan.json, whole or not at all. */
static int write_answer(const struct report *x, struct lim_diag *diag)
{
    struct bench_output out;
    char *path = bench_folder_join(x->folder, "plan.json");
    if (path == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    int error = bench_output_open(&out, path, diag);
    free(path);
    if (error != LIM_OK)
        return error;
    if (bench_plan_json(x->p, x->source, out.file) == LIM_OK)
        return bench_output_commit(&out, diag);
    bench_output_abandon(&out);
    return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
}

static int write_page(const struct report *x, struct lim_diag *diag)
{
    const struct bench_page page = {
        .tool = "tierlab plan",
        .untitled = "a plan",
        .version = x->source->version,
        .scenario = x->source->tree,
        .body = text_bench_plan_html,
        .places = places,
        .place_count = sizeof places / sizeof places[0],
        .context = x,
    };
    char *path = bench_folder_join(x->folder, "report.html");
    if (path == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    int error = bench_page_write(&page, path, diag);
    free(path);
    return error;
}

int bench_plan_report(const struct bench_plan *p,
                      const struct bench_plan_source *source,
                      const char *folder, struct lim_diag *diag)
{
    struct report x = { .p = p, .source = source, .folder = folder };
    int error = write_answer(&x, diag);
    if (error != LIM_OK)
        return error;
    x.drawing = bench_plan_figures_draw(&x.figures, p, folder, &x.why);
    error = write_page(&x, diag);
    if (error == LIM_OK && x.drawing != LIM_OK)
        error = lim_fail(diag, x.drawing, x.why.line, "%s", x.why.text);
    bench_figures_fini(&x.figures);
    return error;
}
