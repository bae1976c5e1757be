#ifndef BENCH_SCALE_H
#define BENCH_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Axes: where they begin and end, where their ticks stand, and how labels
 * beside them keep clear of each other.
 */
struct bench_scale {
    double low, high; /* low < high; 0 < low if log */
    double step;      /* between ticks; of a log axis unused */
    bool log;
};

/*
 * A scale that shows `min` to `max`, from 0 on in steps of 1, 2 or 5 times a
 * power of ten, about `ticks` of them; or logarithmic, when the values are
 * positive and span more than `decades`.
 */
struct bench_scale bench_scale_make(double min, double max, int ticks,
                                    double decades);

/* In what times of up to `most_ms` read best; on a log axis seconds do. */
struct bench_unit {
    double size; /* in ms */
    const char *name;
};
struct bench_unit bench_scale_unit(double most_ms, bool log);

/* Where a value stands on it: 0 at its low end, 1 at its high end. */
double bench_scale_at(const struct bench_scale *s, double value);

/* Writes it as commands of gnuplot, for the axis 'x' or 'y'. */
void bench_scale_write(const struct bench_scale *s, char axis, FILE *f);

/*
 * Moves n heights (0 to 1, in any order) as little as it takes for them to
 * be at least `gap` apart and within 0 to 1; where they are too many for
 * that, the gap is smaller.
 */
void bench_scale_spread(double *heights, size_t n, double gap);

#endif
