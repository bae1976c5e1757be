#ifndef MOCK_FILE_H
#define MOCK_FILE_H

#include <stddef.h>

#include "limiter/error.h"

/*
 * Reads a file whole (at most `max` bytes), with a 0 after its end.  "-" is
 * standard input.  Returns NULL and fills `diag` (the caller knows the
 * file's name).  The caller frees it.
 */
char *mock_read_file(const char *path, size_t max, size_t *length,
                     struct lim_diag *diag);

#endif
