#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include <stddef.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "bench/figure.h"

/* {{name}} in a template, and who fills it. */
struct bench_page_place {
    const char *name;
    void (*put)(const void *context, FILE *f);
};

/*
 * A page of HTML that needs nothing else, neither network nor script: the
 * frame that all have (page.html, report.css: title and description, what was
 * asked, the scenario, how to do it again), and in it a body of its maker's.
 * The frame wants the maker's places asked, command, again and footer too.
 */
struct bench_page {
    const char *tool;     /* "tierlab report" */
    const char *untitled; /* title of a scenario without a name */
    const char *version;
    const cJSON *scenario;
    const char *body; /* a template */
    const struct bench_page_place *places;
    size_t place_count;
    const void *context; /* of the places */
};

/* Writes the page to `path`, whole or not at all.  LIM_OK, or LIM_EINVAL and
   `diag`. */
int bench_page_write(const struct bench_page *p, const char *path,
                     struct lim_diag *diag);

/* Writes the figures that were drawn into `folder`, each with what it says;
   or, after an error of `drawing`, that there are none, and why. */
void bench_page_figures(const struct bench_figures *figures, const char *folder,
                        int drawing, const struct lim_diag *why, FILE *f);

#endif
