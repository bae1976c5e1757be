#define _POSIX_C_SOURCE 200809L

#include "bench/page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bench/folder.h"
#include "bench/output.h"
#include "bench/svg.h"
#include "bench/words.h"
#include "mockserver/file.h"

#define SVG_MAX (8 << 20)

static void put_figure(const struct bench_figure *g, const char *folder,
                       FILE *f)
{
    size_t length;
    char *file = bench_words("%s.svg", g->name);
    char *path = file == NULL ? NULL : bench_folder_join(folder, file);
    char *svg =
        path == NULL ? NULL : mock_read_file(path, SVG_MAX, &length, NULL);
    fputs("<figure>\n", f);
    if (svg != NULL)
        fputs(bench_svg_inline(svg), f);
    fputs("<figcaption><span class=\"finding\">", f);
    bench_svg_escape(f, g->finding);
    fputs("</span> ", f);
    bench_svg_escape(f, g->reading);
    fprintf(f, " Data: <code>%s.csv</code>.</figcaption>\n</figure>\n",
            g->name);
    free(svg);
    free(path);
    free(file);
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

static void put_page(const struct bench_page *page, FILE *f)
{
    const char *p = page->template, *open, *close;
    while ((open = strstr(p, "{{")) != NULL) {
        close = strstr(open, "}}");
        assert(close != NULL);
        fwrite(p, 1, (size_t)(open - p), f);
        page->put(page->context, open + 2, (size_t)(close - open - 2), f);
        p = close + 2;
    }
    fputs(p, f);
}

int bench_page_write(const struct bench_page *p, const char *path,
                     struct lim_diag *diag)
{
    struct bench_output out;
    int error = bench_output_open(&out, path, diag);
    if (error != LIM_OK)
        return error;
    put_page(p, out.file);
    return bench_output_commit(&out, diag);
}
