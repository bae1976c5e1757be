#include "mockserver/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads to the end, or until more than `max` bytes have come. */
static char *read_all(FILE *file, size_t max, size_t *length)
{
    size_t size = 0;
    size_t room = 4096;
    char *text = NULL;
    for (;;) {
        char *more = realloc(text, room);
        if (more == NULL)
            break;
        text = more;
        size += fread(text + size, 1, room - 1 - size, file);
        if (size < room - 1 || size > max) {
            text[size] = '\0';
            *length = size;
            return text;
        }
        room *= 2;
    }
    free(text);
    return NULL;
}

char *mock_read_file(const char *path, size_t max, size_t *length,
                     struct lim_diag *diag)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rb");
    if (file == NULL) {
        lim_fail(diag, LIM_EINVAL, 0, "cannot open: %s", strerror(errno));
        return NULL;
    }
    char *text = read_all(file, max, length);
    bool bad = true;
    if (text == NULL)
        lim_fail(diag, LIM_ENOMEM, 0, "%s", lim_strerror(LIM_ENOMEM));
    else if (ferror(file))
        lim_fail(diag, LIM_EINVAL, 0, "cannot read: %s", strerror(errno));
    else if (*length > max)
        lim_fail(diag, LIM_EINVAL, 0, "larger than %zu bytes", max);
    else
        bad = false;
    if (!standard)
        fclose(file);
    if (!bad)
        return text;
    free(text);
    return NULL;
}
