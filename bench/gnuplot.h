#ifndef BENCH_GNUPLOT_H
#define BENCH_GNUPLOT_H

#include <stddef.h>
#include <stdio.h>

#include "limiter/error.h"

/*
 * gnuplot as a program beside us, and the pieces of which its scripts are
 * made.  No shell is involved, and no gnuplotrc is read.
 */

/*
 * Runs `program` (NULL: "gnuplot" from PATH) with the script on its standard
 * input, in `folder`.  Returns LIM_OK; LIM_ENOTFOUND: there is no such
 * program; or LIM_EINVAL: it failed, took more than a minute, or could not
 * be started.  `diag` holds the first line of what it complained of.
 */
int bench_gnuplot_run(const char *program, const char *folder,
                      const char *script, size_t length, struct lim_diag *diag);

/*
 * Writes a text as a string of gnuplot: nothing in it is expanded.  Control
 * characters become blanks; apostrophes become typographic ones, since
 * gnuplot 5.4 loses its way in a string that begins with two of its own.
 */
void bench_gnuplot_string(FILE *f, const char *text);

/* Writes tic number `at` of a list in brackets: a name, at that place. */
void bench_gnuplot_tic(FILE *f, const char *name, size_t at);

/* Writes one field of CSV, quoted where it must be; a quote in it becomes an
   apostrophe, since gnuplot takes a doubled one for the end. */
void bench_gnuplot_csv(FILE *f, const char *text);

#endif
