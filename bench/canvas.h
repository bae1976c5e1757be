#ifndef BENCH_CANVAS_H
#define BENCH_CANVAS_H

#include <stddef.h>
#include <stdio.h>

#include "limiter/error.h"

/*
 * One figure on its way to the disk: FOLDER/NAME.csv, and what gnuplot makes
 * of it, NAME.svg and NAME.png.  All figures have the same look; what is
 * drawn is the caller's, by two functions of its data and a script.
 */
struct bench_canvas {
    const char *folder, *name, *title;
    const char *finding; /* what to see, in a sentence */
    const void *data;
    void (*csv)(const void *data, FILE *f);
    /* The commands of a panel that come before `script`; `csv` is the name of
       the data's file. */
    void (*panel)(const void *data, size_t panel, const char *csv, FILE *f);
    size_t panels;
    const char *script; /* of figures/, for each panel */
    struct lim_diag *diag;
};

/* Returns LIM_OK or an error of bench_figures_draw, told in `diag`. */
int bench_canvas_draw(const struct bench_canvas *c);

#endif
