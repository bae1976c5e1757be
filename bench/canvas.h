#ifndef BENCH_CANVAS_H
#define BENCH_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "limiter/error.h"

/*
 * One figure on its way to the disk: FOLDER/NAME.csv, and what gnuplot makes
 * of it, NAME.svg and NAME.png.  All figures have the same look; what is
 * drawn is the caller's, by two functions of its data and a script.
 *
 * For a phone there may be a second drawing, NAME-narrow.svg, of 420 pixels in
 * place of 900, with letters of the same size and without title and finding,
 * which a page has above it.  Commands of a panel that place something across
 * or along the picture of 900 x 540 say x(0.075) and y(0.13) for 0.075 and
 * 0.13: margins keep their width in pixels.  `narrow` tells which is drawn, and
 * row(i) is the height of the i-th of `legend` lines below the axes.
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
    bool narrow;        /* it can be drawn so too; */
    size_t legend; /* with so many lines below, from bench_canvas_legend, */
    size_t hang;   /* and above those so many pixels for slanted names */
    struct lim_diag *diag;
};

/* Writes line `i` of a narrow figure's legend: the mark of series `colour`,
   from 1 (0: a dash in grey), and a name; nothing in a broad figure. */
void bench_canvas_legend(FILE *f, size_t i, size_t colour, const char *name);

/* Returns LIM_OK or an error of bench_figures_draw, told in `diag`. */
int bench_canvas_draw(const struct bench_canvas *c);

#endif
