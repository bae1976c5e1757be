#define _POSIX_C_SOURCE 200809L

#include "bench/output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_own_name(const struct bench_output *o)
{
    return strcmp(o->path, o->temporary) != 0;
}

static void release(struct bench_output *o)
{
    free(o->path);
    free(o->temporary);
    *o = (struct bench_output){ .file = NULL };
}

/* A device or a pipe is written to as it is: no file may take its place. */
static bool is_special(const char *path)
{
    struct stat st;
    return strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0 ||
           (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
}

int bench_output_open(struct bench_output *o, const char *path,
                      struct lim_diag *diag)
{
    size_t size = strlen(path) + 32;
    *o = (struct bench_output){ .path = strdup(path),
                                .temporary = malloc(size) };
    if (o->path == NULL || o->temporary == NULL) {
        release(o);
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    }
    if (is_special(path))
        snprintf(o->temporary, size, "%s", path);
    else
        snprintf(o->temporary, size, "%s.%ld.tmp", path, (long)getpid());
    o->file = fopen(o->temporary, "w");
    if (o->file != NULL)
        return LIM_OK;
    lim_fail(diag, LIM_EINVAL, 0, "cannot write %s: %s", path, strerror(errno));
    release(o);
    return LIM_EINVAL;
}

int bench_output_commit(struct bench_output *o, struct lim_diag *diag)
{
    errno = 0;
    int bad = ferror(o->file);
    bad |= fclose(o->file);
    o->file = NULL;
    int error = LIM_OK;
    bool whole = !bad;
    if (whole && has_own_name(o))
        whole = rename(o->temporary, o->path) == 0;
    if (!whole) {
        error = lim_fail(diag, LIM_EINVAL, 0, "cannot write %s: %s", o->path,
                         errno == 0 ? "write failed" : strerror(errno));
        if (has_own_name(o))
            unlink(o->temporary);
    }
    release(o);
    return error;
}

void bench_output_abandon(struct bench_output *o)
{
    if (o->file != NULL)
        fclose(o->file);
    if (o->temporary != NULL && has_own_name(o))
        unlink(o->temporary);
    release(o);
}
