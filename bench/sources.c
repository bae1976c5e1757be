#include "bench/sources.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/svg.h"
#include "limiter/limits.h"
#include "limiter/tier.h"

static const cJSON *get(const cJSON *o, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(o, key);
}

static void want_model(struct bench_sources *w, const cJSON *model)
{
    if (!cJSON_IsString(model) || w->model_count == BENCH_SOURCES_MODELS_MAX)
        return;
    for (size_t i = 0; i < w->model_count; i++)
        if (strcmp(w->models[i], model->valuestring) == 0)
            return;
    w->models[w->model_count++] = model->valuestring;
}

static void want_tier(struct bench_sources *w, const cJSON *tier)
{
    enum lim_tier t;
    if (cJSON_IsString(tier) && lim_tier_find(tier->valuestring, &t))
        w->tiers[t] = true;
}

static void want_organisations(struct bench_sources *w, const cJSON *list)
{
    const cJSON *o;
    cJSON_ArrayForEach(o, list) want_tier(w, get(o, "tier"));
}

static bool ends_with(const char *path, const char *word)
{
    size_t n = strlen(path), m = strlen(word);
    return n >= m && strcmp(path + n - m, word) == 0;
}

static struct bench_sources find_wanted(const struct bench_result *r,
                                        const struct bench_grid *g)
{
    struct bench_sources w = { .model_count = 0 };
    const cJSON *workload = get(r->scenario, "workload"), *one;
    want_model(&w, get(workload, "model"));
    if (cJSON_IsArray(workload))
        cJSON_ArrayForEach(one, workload) want_model(&w, get(one, "model"));
    want_organisations(&w, get(get(r->scenario, "provider"), "organisations"));
    for (size_t d = 0; d < g->count; d++)
        for (size_t i = 0; i < g->dims[d].count; i++) {
            const cJSON *value = g->dims[d].values[i];
            if (ends_with(g->dims[d].path, ".tier"))
                want_tier(&w, value);
            if (ends_with(g->dims[d].path, ".organisations"))
                want_organisations(&w, value);
            if (ends_with(g->dims[d].path, ".model"))
                want_model(&w, value);
        }
    bool any = false;
    for (int t = 0; t < LIM_TIERS; t++)
        any = any || w.tiers[t];
    if (!any)
        w.tiers[LIM_TIER_1] = true;
    return w;
}

static void put_limit(FILE *f, const struct lim_limits *limits,
                      enum lim_limit l)
{
    char text[LIM_LIMITS_TEXT_SIZE];
    bool none = limits->max[l] == LIM_UNLIMITED;
    fprintf(f, "<td>%s</td>", none ? "–" : lim_limits_text(limits, l, text));
}

static void put_row(FILE *f, const char *model, enum lim_tier tier,
                    const struct lim_tier_row *row)
{
    fputs("<tr><th scope=\"row\" class=\"word\">", f);
    bench_svg_escape(f, model);
    fprintf(f, "</th><td class=\"word\">%s</td>", lim_tier_name(tier));
    if (row == NULL) {
        fprintf(f, "<td class=\"word\" colspan=\"%d\">no access</td></tr>\n",
                LIM_WINDOWS + 2);
        return;
    }
    for (int l = 0; l < LIM_WINDOWS; l++)
        put_limit(f, &row->limits, (enum lim_limit)l);
    fputs("<td class=\"word\">", f);
    bench_svg_escape(f, row->as_of);
    fputs("</td><td class=\"word source\">", f);
    bench_svg_escape(f, row->source);
    fputs("</td></tr>\n", f);
}

void bench_sources_table(FILE *f, const struct lim_table *t,
                         const struct bench_sources *w)
{
    fputs("<div class=\"wide\" tabindex=\"0\"><table>\n<caption>Table ", f);
    bench_svg_escape(f, lim_table_name(t));
    fputs(": requests (r), tokens (t), images (i) a minute (pm) or day (pd), "
          "for each organisation; – no such limit.</caption>\n"
          "<thead><tr><th scope=\"col\" class=\"word\">model</th>"
          "<th scope=\"col\" class=\"word\">tier</th>",
          f);
    for (int l = 0; l < LIM_WINDOWS; l++)
        fprintf(f, "<th scope=\"col\">%s</th>",
                lim_limit_name((enum lim_limit)l));
    fputs("<th scope=\"col\" class=\"word\">as of</th><th scope=\"col\" "
          "class=\"word\">source</th></tr></thead>\n<tbody>\n",
          f);
    for (size_t m = 0; m < w->model_count; m++)
        for (int tier = 0; tier < LIM_TIERS; tier++)
            if (w->tiers[tier])
                put_row(f, w->models[m], (enum lim_tier)tier,
                        lim_table_find(t, w->models[m], (enum lim_tier)tier));
    fputs("</tbody></table></div>\n", f);
}

void bench_sources_write(FILE *f, const struct bench_result *r,
                         const struct bench_grid *g)
{
    const cJSON *given = get(get(r->scenario, "provider"), "table");
    const char *name =
        cJSON_IsString(given) ? given->valuestring : lim_table_names[0];
    if (strcmp(r->on, "sim") != 0 && strcmp(r->on, "mock") != 0) {
        fputs("<p>The endpoint has its own limits; those below are what the "
              "scenario says of it.</p>\n",
              f);
    }
    if (strcmp(name, "none") == 0) {
        fputs("<p>The provider has no limits.</p>\n", f);
        return;
    }
    struct lim_table *t = lim_table_builtin(name, NULL);
    if (t == NULL) {
        fputs("<p>The limits are those of the file <code>", f);
        bench_svg_escape(f, name);
        fputs("</code>, which is not part of tierlab.</p>\n", f);
        return;
    }
    struct bench_sources wanted = find_wanted(r, g);
    bench_sources_table(f, t, &wanted);
    lim_table_free(t);
}
