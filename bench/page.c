#define _POSIX_C_SOURCE 200809L

#include "bench/page.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/folder.h"
#include "bench/output.h"
#include "bench/path.h"
#include "bench/svg.h"
#include "bench/words.h"
#include "mockserver/file.h"

extern const char text_bench_page_html[];
extern const char text_bench_report_css[];

#define SVG_MAX (8 << 20)

/* The drawing of that ending; NULL: there is none. */
static char *read_svg(const struct bench_figure *g, const char *folder,
                      const char *ending)
{
    size_t length;
    char *file = bench_words("%s%s", g->name, ending);
    char *path = file == NULL ? NULL : bench_folder_join(folder, file);
    char *svg =
        path == NULL ? NULL : mock_read_file(path, SVG_MAX, &length, NULL);
    free(path);
    free(file);
    return svg;
}

static void put_svg(const char *class, const char *svg, FILE *f)
{
    if (svg == NULL)
        return;
    fprintf(f, "<div class=\"%s\">\n", class);
    fputs(bench_svg_inline(svg), f);
    fputs("</div>\n", f);
}

/* On a narrow page a drawing of its own takes the place of the broad one, or
   that one scrolls. */
static void put_figure(const struct bench_figure *g, const char *folder,
                       FILE *f)
{
    char *broad = read_svg(g, folder, ".svg");
    char *narrow = read_svg(g, folder, "-narrow.svg");
    fprintf(f, "<figure%s>\n<p class=\"title\" aria-hidden=\"true\">",
            narrow != NULL ? " class=\"both\"" : "");
    bench_svg_escape(f, g->title);
    fputs("</p>\n", f);
    put_svg("broad", broad, f);
    put_svg("narrow", narrow, f);
    fputs("<figcaption><span class=\"finding\">", f);
    bench_svg_escape(f, g->finding);
    fputs("</span> ", f);
    bench_svg_escape(f, g->reading);
    fprintf(f, " Data: <code>%s.csv</code>.</figcaption>\n</figure>\n",
            g->name);
    free(broad);
    free(narrow);
}

void bench_page_figures(const struct bench_figures *figures, const char *folder,
                        int drawing, const struct lim_diag *why, FILE *f)
{
    if (drawing != LIM_OK) {
        fputs("<p class=\"warning\">There are no figures: ", f);
        bench_svg_escape(f, why->text);
        fputs(".</p>", f);
        return;
    }
    for (size_t i = 0; i < figures->count; i++)
        put_figure(&figures->list[i], folder, f);
}

static void put_string(const struct bench_page *p, const char *path,
                       const char *missing, FILE *f)
{
    const cJSON *text = bench_path_get(p->scenario, path);
    bench_svg_escape(f, cJSON_IsString(text) ? text->valuestring : missing);
}

static void put_name(const void *page, FILE *f)
{
    const struct bench_page *p = page;
    put_string(p, "name", p->untitled, f);
}

static void put_tool(const void *page, FILE *f)
{
    const struct bench_page *p = page;
    fputs(p->tool, f);
}

static void put_version(const void *page, FILE *f)
{
    const struct bench_page *p = page;
    bench_svg_escape(f, p->version);
}

static void put_style(const void *page, FILE *f)
{
    (void)page;
    fputs(text_bench_report_css, f);
}

static void put_description(const void *page, FILE *f)
{
    const struct bench_page *p = page;
    if (bench_path_get(p->scenario, "description") == NULL)
        return;
    fputs("<p class=\"description\">", f);
    put_string(p, "description", "", f);
    fputs("</p>", f);
}

static void put_scenario(const void *page, FILE *f)
{
    const struct bench_page *p = page;
    char *text = cJSON_Print(p->scenario);
    for (char *c = text; c != NULL && *c != 0; c++)
        if (*c == '\t')
            *c = ' ';
    bench_svg_escape(f, text != NULL ? text : "");
    cJSON_free(text);
}

static void put_template(const struct bench_page *p, const char *text, FILE *f);

static void put_body(const void *page, FILE *f)
{
    const struct bench_page *p = page;
    put_template(p, p->body, f);
}

/* What is the same on every page. */
static const struct bench_page_place common[] = {
    { "name", put_name },
    { "tool", put_tool },
    { "version", put_version },
    { "style", put_style },
    { "description", put_description },
    { "scenario", put_scenario },
    { "body", put_body },
};

static bool put_place(const struct bench_page_place *places, size_t n,
                      const void *context, const char *name, size_t length,
                      FILE *f)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(places[i].name) == length &&
            memcmp(places[i].name, name, length) == 0) {
            places[i].put(context, f);
            return true;
        }
    return false;
}

static void put_template(const struct bench_page *p, const char *text, FILE *f)
{
    const char *open, *close;
    while ((open = strstr(text, "{{")) != NULL) {
        close = strstr(open, "}}");
        assert(close != NULL);
        fwrite(text, 1, (size_t)(open - text), f);
        const char *name = open + 2;
        size_t length = (size_t)(close - name);
        bool known =
            put_place(common, sizeof common / sizeof common[0], p, name, length,
                      f) ||
            put_place(p->places, p->place_count, p->context, name, length, f);
        assert(known);
        (void)known;
        text = close + 2;
    }
    fputs(text, f);
}

int bench_page_write(const struct bench_page *p, const char *path,
                     struct lim_diag *diag)
{
    struct bench_output out;
    int error = bench_output_open(&out, path, diag);
    if (error != LIM_OK)
        return error;
    put_template(p, text_bench_page_html, out.file);
    return bench_output_commit(&out, diag);
}
