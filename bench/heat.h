#ifndef BENCH_HEAT_H
#define BENCH_HEAT_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/lines.h"

/*
 * The first panel's metric of a figure's lines as a map: a column for each
 * value of x, a row for each series, a cell for each variant.
 */

/* Tells whether there are two of each at least. */
bool bench_heat_worth(const struct bench_lines *l);

/* Writes the data, one row a cell, with a heading. */
void bench_heat_csv(const void *lines, FILE *f);

/* Writes the commands that come before figures/heat.gp. */
void bench_heat_panel(const void *lines, size_t panel, const char *csv,
                      FILE *f);

/* Pixels that the names of a narrow map's columns need below it. */
size_t bench_heat_hang(const struct bench_lines *l);

#endif
