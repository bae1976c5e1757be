#define _DEFAULT_SOURCE /* flock */

#include "bench/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(struct bench_log *l, const char *why, struct lim_diag *diag)
{
    lim_fail(diag, LIM_EINVAL, 0, "cannot write %s: %s", l->path, why);
    if (l->file > STDOUT_FILENO)
        close(l->file);
    l->file = -1;
    bench_log_close(l);
    return LIM_EINVAL;
}

/* Finds the end of the last whole line, and cuts off what follows. */
static bool cut(struct bench_log *l)
{
    char piece[4096];
    off_t end = lseek(l->file, 0, SEEK_END), at = end;
    while (at > 0) {
        size_t n = at < (off_t)sizeof piece ? (size_t)at : sizeof piece;
        at -= (off_t)n;
        if (pread(l->file, piece, n, at) != (ssize_t)n)
            return false;
        while (n > 0 && piece[n - 1] != '\n')
            n--;
        if (n > 0) {
            at += (off_t)n;
            break;
        }
    }
    l->whole = at;
    return end >= 0 && (at == end || ftruncate(l->file, at) == 0);
}

int bench_log_open(struct bench_log *l, const char *path, bool go_on,
                   struct lim_diag *diag)
{
    struct stat s;
    *l = (struct bench_log){ .file = -1, .path = strdup(path) };
    if (l->path == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    l->file = strcmp(path, "-") == 0
                  ? STDOUT_FILENO
                  : open(path,
                         O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC |
                             (go_on ? 0 : O_EXCL),
                         0666);
    if (l->file < 0)
        return refuse(l,
                      errno == EEXIST
                          ? "it is there already (--resume goes on with it)"
                          : strerror(errno),
                      diag);
    if (fstat(l->file, &s) != 0)
        return refuse(l, strerror(errno), diag);
    l->regular = S_ISREG(s.st_mode) && l->file != STDOUT_FILENO;
    if (go_on && !l->regular)
        return refuse(l, "it is no file that can be gone on with", diag);
    if (l->regular && flock(l->file, LOCK_EX | LOCK_NB) != 0)
        return refuse(l, "another process is writing it now", diag);
    if (l->regular && !cut(l))
        return refuse(l, strerror(errno), diag);
    return LIM_OK;
}

bool bench_log_shorten(struct bench_log *l, int64_t length)
{
    l->trouble = ftruncate(l->file, (off_t)length) == 0 ? 0 : errno;
    l->whole = length;
    return l->trouble == 0;
}

bool bench_log_flush(struct bench_log *l)
{
    struct bench_buffer *u = &l->unsaid;
    size_t said = 0;
    l->trouble = 0;
    while (said < u->length && l->trouble == 0) {
        ssize_t n = write(l->file, u->data + said, u->length - said);
        if (n > 0)
            said += (size_t)n;
        else if (n == 0 || errno != EINTR)
            l->trouble = n == 0 ? ENOSPC : errno;
    }
    l->dirty = l->dirty || said > 0;
    for (size_t i = said; i > 0; i--)
        if (u->data[i - 1] == '\n') {
            l->whole = l->regular
                           ? lseek(l->file, 0, SEEK_CUR) - (off_t)(said - i)
                           : 0;
            break;
        }
    if (said > 0)
        memmove(u->data, u->data + said, u->length - said);
    u->length -= said;
    return u->length == 0;
}

bool bench_log_add(struct bench_log *l, const char *line, size_t length)
{
    if (!bench_buffer_reserve(&l->unsaid, length + 1)) {
        l->trouble = ENOMEM;
        return false;
    }
    bench_buffer_add(&l->unsaid, line, length);
    bench_buffer_add(&l->unsaid, "\n", 1);
    return bench_log_flush(l);
}

void bench_log_sync(struct bench_log *l)
{
    if (l->file < 0 || !l->dirty)
        return;
    l->dirty = false;
    if (l->regular && fdatasync(l->file) != 0)
        l->trouble = errno;
}

size_t bench_log_unsaid(const struct bench_log *l)
{
    size_t lines = 0;
    for (size_t i = 0; i < l->unsaid.length; i++)
        lines += l->unsaid.data[i] == '\n';
    return lines;
}

bool bench_log_close(struct bench_log *l)
{
    bool good = l->file < 0 || bench_log_flush(l);
    if (l->file >= 0 && !good && l->regular && ftruncate(l->file, l->whole))
        l->trouble = errno;
    bench_log_sync(l);
    good = good && l->trouble == 0;
    if (l->file > STDOUT_FILENO && close(l->file) != 0)
        good = false;
    free(l->path);
    bench_buffer_fini(&l->unsaid);
    *l = (struct bench_log){ .file = -1 };
    return good;
}
