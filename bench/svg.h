#ifndef BENCH_SVG_H
#define BENCH_SVG_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes gnuplot's SVG again so that it may stand in a page beside others:
 * every id, and what refers to it, begins with `name`; title and description
 * are ours, for those who hear the page, and those of single curves are
 * gone.
 */
struct bench_svg {
    const char *name, *title, *description;
};

void bench_svg_write(const struct bench_svg *s, const char *text, size_t length,
                     FILE *f);

/* The part of a file written so that goes into a page: from "<svg". */
const char *bench_svg_inline(const char *text);

/* Writes text with & < > " and ' as HTML and XML need them. */
void bench_svg_escape(FILE *f, const char *text);

#endif
