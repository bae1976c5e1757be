#include "bench/table.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CELL_SIZE 256

struct bench_table {
    size_t columns;
    char **cells; /* owned, row by row; an entry may be NULL */
    size_t count, room;
};

struct bench_table *bench_table_new(size_t columns)
{
    struct bench_table *t = calloc(1, sizeof *t);
    if (t != NULL)
        t->columns = columns;
    return t;
}

void bench_table_free(struct bench_table *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->count; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t);
}

static bool make_room(struct bench_table *t)
{
    if (t->count < t->room)
        return true;
    size_t room = t->room == 0 ? 64 : 2 * t->room;
    char **more = realloc(t->cells, room * sizeof *more);
    if (more == NULL)
        return false;
    t->cells = more;
    t->room = room;
    return true;
}

void bench_table_add(struct bench_table *t, const char *format, ...)
{
    char text[CELL_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!make_room(t))
        return;
    char *copy = malloc(strlen(text) + 1);
    if (copy != NULL)
        strcpy(copy, text);
    t->cells[t->count++] = copy;
}

static const char *cell(const struct bench_table *t, size_t i)
{
    return i < t->count && t->cells[i] != NULL ? t->cells[i] : "";
}

/* As a terminal shows it: bytes that go on a character have no width. */
static int width_of(const char *s)
{
    int n = 0;
    for (; *s != 0; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static int column_width(const struct bench_table *t, size_t column)
{
    int widest = 0;
    for (size_t i = column; i < t->count; i += t->columns)
        if (width_of(cell(t, i)) > widest)
            widest = width_of(cell(t, i));
    return widest;
}

/* A column holds numbers if the first thing below its heading is one. */
static bool is_number(const struct bench_table *t, size_t column)
{
    for (size_t i = column + t->columns; i < t->count; i += t->columns) {
        const char *s = cell(t, i);
        if (strcmp(s, "-") != 0 && s[0] != 0)
            return isdigit((unsigned char)s[0]) ||
                   (s[0] == '-' && isdigit((unsigned char)s[1]));
    }
    return true;
}

void bench_table_print(const struct bench_table *t, FILE *f)
{
    for (size_t i = 0; i < t->count; i++) {
        size_t column = i % t->columns;
        bool last = column + 1 == t->columns;
        const char *s = cell(t, i);
        int pad = column_width(t, column) - width_of(s);
        if (is_number(t, column))
            fprintf(f, "%*s%s", pad, "", s);
        else
            fprintf(f, "%s%*s", s, last ? 0 : pad, "");
        fputs(last ? "\n" : "  ", f);
    }
}
