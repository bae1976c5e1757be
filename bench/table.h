#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stddef.h>
#include <stdio.h>

/*
 * A table of text for people: columns as wide as what stands in them, words
 * to the left, numbers to the right.
 */
struct bench_table;

/* NULL: no memory.  Cells that do not fit into memory stay empty. */
struct bench_table *bench_table_new(size_t columns);
void bench_table_free(struct bench_table *t); /* NULL is allowed */

/* Adds the next cell, from left to right, row after row. */
void bench_table_add(struct bench_table *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints it; the first row is the heading. */
void bench_table_print(const struct bench_table *t, FILE *f);

#endif
