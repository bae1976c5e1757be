#define _POSIX_C_SOURCE 200809L

#include "bench/report.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/aggregate.h"
#include "bench/answer.h"
#include "bench/asked.h"
#include "bench/figure.h"
#include "bench/finding.h"
#include "bench/grid.h"
#include "bench/page.h"
#include "bench/path.h"
#include "bench/scenario.h"
#include "bench/sources.h"
#include "bench/svg.h"
#include "bench/tables.h"
#include "bench/words.h"

extern const char text_bench_report_html[];

/* What the parts of a report are made of. */
struct report {
    const struct bench_result *const *results;
    size_t count;
    const struct bench_result *r;  /* the first */
    const struct bench_rank *rank; /* of it; NULL: none */
    const char *folder;
    struct bench_grid grid;
    struct bench_answer answer;
    struct bench_figures figures;
    int drawing; /* how that ended */
    struct lim_diag why;
};

static void put_owned(FILE *f, char *text)
{
    bench_svg_escape(f, text != NULL ? text : "");
    free(text);
}

static const cJSON *scenario_get(const struct report *x, const char *path)
{
    return bench_path_get(x->r->scenario, path);
}

static void put_asked(const void *report, FILE *f)
{
    const struct report *x = report;
    put_owned(f, bench_asked(x->r, &x->grid));
}

static void put_answer(const void *report, FILE *f)
{
    const struct report *x = report;
    put_owned(f, bench_answer_text(&x->answer, x->r, &x->grid));
}

static void put_warnings(const void *report, FILE *f)
{
    const struct report *x = report;
    if (x->r->partial)
        fprintf(f,
                "<p class=\"warning\">The experiment was interrupted: %zu of "
                "%zu runs are there, and all that follows is of those.</p>",
                x->r->run_count, x->r->variants * x->r->replications);
    size_t saturated = bench_result_saturated(x->r);
    if (saturated > 0)
        fprintf(f,
                "<p class=\"warning\">In %zu of %zu runs the generator was "
                "saturated: their figures are its own, not the "
                "server&rsquo;s.</p>",
                saturated, x->r->run_count);
}

static void put_table(const void *report, FILE *f)
{
    const struct report *x = report;
    bench_tables_variants(f, x->r, &x->grid, &x->answer);
    if (x->rank != NULL)
        bench_tables_rank(f, &x->grid, x->rank);
}

static void put_figures(const void *report, FILE *f)
{
    const struct report *x = report;
    bench_page_figures(&x->figures, x->folder, x->drawing, &x->why, f);
}

static bool is_wired(const struct report *x)
{
    return strcmp(x->r->on, "sim") != 0;
}

static void put_load(const void *report, FILE *f)
{
    const struct report *x = report;
    if (!is_wired(x))
        return;
    fputs("<section aria-labelledby=\"load\">\n<h2 id=\"load\">The load, as "
          "asked for and as sent</h2>\n",
          f);
    bench_tables_load(f, x->r, &x->grid);
    fputs("<p class=\"note\">Sent are requests whose first attempt left. What "
          "is less than was asked for waited for the limits or the cap, unless "
          "the lag is large: that is by how much the generator itself was "
          "late, in the run&rsquo;s own time.</p>\n</section>\n",
          f);
}

static void put_beside(const void *report, FILE *f)
{
    const struct report *x = report;
    for (size_t i = 1; i < x->count; i++) {
        fprintf(f,
                "<section aria-labelledby=\"beside-%zu\">\n"
                "<h2 id=\"beside-%zu\">",
                i, i);
        fputs("Side by side: ", f);
        bench_svg_escape(f, x->r->on);
        fputs(" and ", f);
        bench_svg_escape(f, x->results[i]->on);
        fputs("</h2>\n", f);
        bench_tables_beside(f, x->r, &x->grid, x->results[i]);
        fputs("</section>\n", f);
    }
}

static void put_replications(const struct report *x, FILE *f)
{
    if (x->r->replications < 2) {
        fputs("<li>One run of each variant: nothing here says what is chance."
              "</li>\n",
              f);
        return;
    }
    fprintf(f,
            "<li>%zu runs of each variant. Replication k has the same seed in "
            "all variants, hence the same arrivals, sizes and service times; "
            "variants are compared replication by replication. Intervals are "
            "t intervals at 95&nbsp;%%; for the answer they are widened for "
            "the number of comparisons (Bonferroni).</li>\n",
            x->r->replications);
}

/* Whether users wait for their answers before they ask again. */
static bool is_closed(const struct report *x)
{
    return scenario_get(x, "workload.arrivals.closed") != NULL;
}

/* Whence times are counted, and what another count would hide. */
static void put_omission(const struct report *x, FILE *f)
{
    size_t best;
    if (is_closed(x)) {
        fputs("<li>Arrivals are a closed loop: who waits for an answer does "
              "not ask meanwhile.  While the provider stands still hardly "
              "anybody comes, so that few requests tell of it and high "
              "quantiles look better than they would for users who come "
              "when they please (coordinated omission).</li>\n",
              f);
        return;
    }
    fputs("<li>Latency is counted from the instant at which a request was "
          "due, also when it was sent later: what waits behind a stall is "
          "part of it.",
          f);
    if (bench_finding_best(x->r, &x->grid, &best)) {
        size_t variant = x->grid.numbers[best];
        struct bench_estimate all =
            bench_aggregate(x->r, variant, "latency_ms.p95");
        struct bench_estimate sent =
            bench_aggregate(x->r, variant, "service_ms.p95");
        if (all.n > 0 && sent.n > 0) {
            fputs(" Counted from when it was sent, as a closed loop counts, "
                  "the p95 of the best variant would be ",
                  f);
            put_owned(f, bench_words_ms(sent.mean));
            fputs(" in place of ", f);
            put_owned(f, bench_words_ms(all.mean));
            fputs(".", f);
        }
    }
    fputs("</li>\n", f);
}

static void put_method(const void *report, FILE *f)
{
    const struct report *x = report;
    const cJSON *discipline = scenario_get(x, "provider.discipline");
    const cJSON *drain = scenario_get(x, "drain");
    if (strcmp(x->r->on, "sim") == 0)
        fputs("<li>Every run is a simulation in virtual time: the limiter is "
              "the program itself, the provider a model of one. The same "
              "seed gives the same figures, to the last digit.</li>\n",
              f);
    else if (strcmp(x->r->on, "mock") == 0)
        fputs("<li>Every run went over HTTP to the mock server, on this "
              "machine.</li>\n",
              f);
    else
        fputs("<li>Every run went to a live endpoint.</li>\n", f);
    if (is_wired(x))
        fputs("<li>Windows over time are those of the pool&rsquo;s belief: "
              "what the provider counts is known to it alone, and drawn where "
              "it is simulated.</li>\n",
              f);
    put_replications(x, f);
    put_omission(x, f);
    fputs("<li>Which discipline the provider's windows follow is not public. "
          "Assumed here: <code>",
          f);
    bench_svg_escape(f, cJSON_IsString(discipline) ? discipline->valuestring
                                                   : "bucket");
    fputs("</code>.</li>\n", f);
    if (scenario_get(x, "duration") != NULL && !cJSON_IsTrue(drain))
        fputs("<li>A run stops at its duration; requests that wait or are in "
              "flight then count as unfinished.</li>\n",
              f);
}

static void put_limits(const void *report, FILE *f)
{
    const struct report *x = report;
    bench_sources_write(f, x->r, &x->grid);
}

static void put_command(const void *report, FILE *f)
{
    const struct report *x = report;
    double speed;
    fputs("tierlab bench scenario.json --on ", f);
    bench_svg_escape(f, x->r->on);
    if (bench_path_number(x->r->wall, "speed", &speed) && speed != 1)
        fprintf(f, " --speed %g", speed);
}

static void put_again(const void *report, FILE *f)
{
    const struct report *x = report;
    fprintf(f,
            "<p class=\"note\">Seed %llu; %zu variants, %zu replications; "
            "made by tierlab ",
            (unsigned long long)x->r->seed, x->r->variants, x->r->replications);
    bench_svg_escape(f, x->r->version);
    fputs(".</p>", f);
}

static void put_footer(const void *report, FILE *f)
{
    const struct report *x = report;
    fputs("Made by tierlab ", f);
    bench_svg_escape(f, x->r->version);
    fprintf(f, " from <code>results.jsonl</code>: %zu runs, seed %llu.",
            x->r->run_count, (unsigned long long)x->r->seed);
}

/* The places of the template. */
static const struct bench_page_place places[] = {
    { "asked", put_asked },       { "answer", put_answer },
    { "warnings", put_warnings }, { "table", put_table },
    { "figures", put_figures },   { "load", put_load },
    { "beside", put_beside },     { "method", put_method },
    { "limits", put_limits },     { "command", put_command },
    { "again", put_again },       { "footer", put_footer },
};

int bench_report(const struct bench_result *const *results, size_t n,
                 const struct bench_rank *rank, const char *path,
                 struct lim_diag *diag)
{
    assert(n >= 1);
    struct report x = {
        .results = results, .count = n, .r = results[0], .rank = rank
    };
    char *folder = bench_scenario_folder(path);
    int error = LIM_ENOMEM;
    if (folder == NULL || bench_grid_init(&x.grid, x.r) != LIM_OK) {
        lim_fail(diag, error, 0, "out of memory");
        goto free_folder;
    }
    if (bench_answer_init(&x.answer, x.r, &x.grid) != LIM_OK) {
        lim_fail(diag, error, 0, "out of memory");
        goto fini_grid;
    }
    x.folder = folder;
    x.drawing = bench_figures_draw(&x.figures, x.r, folder, "", &x.why);
    const struct bench_page page = {
        .tool = "tierlab report",
        .untitled = "an experiment",
        .version = x.r->version,
        .scenario = x.r->scenario,
        .body = text_bench_report_html,
        .places = places,
        .place_count = sizeof places / sizeof places[0],
        .context = &x,
    };
    error = bench_page_write(&page, path, diag);
    if (error == LIM_OK && x.drawing != LIM_OK)
        error = lim_fail(diag, x.drawing, x.why.line, "%s", x.why.text);
    bench_figures_fini(&x.figures);
    bench_answer_fini(&x.answer);
fini_grid:
    bench_grid_fini(&x.grid);
free_folder:
    free(folder);
    return error;
}
