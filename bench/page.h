#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include <stddef.h>
#include <stdio.h>

#include "bench/figure.h"

/*
 * A page of HTML that needs nothing else, neither network nor script: a
 * template in which {{name}} is a place that its maker fills.
 */
struct bench_page {
    const char *template;
    const void *context;
    /* Writes what belongs at a place, whose name has `length` bytes. */
    void (*put)(const void *context, const char *name, size_t length, FILE *f);
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
