#define _POSIX_C_SOURCE 200809L

#include "bench/folder.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool bench_folder_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* Makes all folders that stand before the last '/'. */
static void make_parents(char *path)
{
    for (char *p = path + 1; *p != 0; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        mkdir(path, 0777);
        *p = '/';
    }
}

int bench_folder_make(const char *path, struct lim_diag *diag)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    size_t n = strlen(copy);
    while (n > 1 && copy[n - 1] == '/')
        copy[--n] = 0;
    make_parents(copy);
    int made = mkdir(copy, 0777);
    free(copy);
    if (made == 0)
        return LIM_OK;
    return lim_fail(diag, LIM_EINVAL, 0, "cannot make the folder %s: %s", path,
                    strerror(errno));
}

bool bench_folder_is(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int bench_folder_need(const char *path, struct lim_diag *diag)
{
    return bench_folder_is(path) ? LIM_OK : bench_folder_make(path, diag);
}

void bench_folder_unmake(const char *path)
{
    rmdir(path);
}

char *bench_folder_join(const char *folder, const char *file)
{
    size_t size = strlen(folder) + strlen(file) + 2;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s/%s", folder, file);
    return path;
}

char *bench_folder_for(const char *name)
{
    char *path = bench_folder_join("results", name);
    if (path == NULL)
        return NULL;
    for (char *p = path + strlen("results/"); *p != 0; p++)
        if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
            *p = '-';
    return path;
}

char *bench_folder_choose(const char *asked, const char *name,
                          enum bench_folder_there there, struct lim_diag *diag)
{
    char *folder = asked == NULL ? bench_folder_for(name) : strdup(asked);
    if (folder == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        return NULL;
    }
    if (there == BENCH_FOLDER_GOES_ON || !bench_folder_exists(folder))
        return folder;
    lim_fail(diag, LIM_EINVAL, 0, "%s exists; choose another folder with -o%s",
             folder,
             there == BENCH_FOLDER_WOULD ? ", or go on there with --resume"
                                         : "");
    free(folder);
    return NULL;
}
