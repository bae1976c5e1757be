#ifndef BENCH_FOLDER_H
#define BENCH_FOLDER_H

#include <stdbool.h>

#include "limiter/error.h"

/* Folders of results. */

/* Tells whether something of that name is there. */
bool bench_folder_exists(const char *path);

/* Makes a folder and those above it.  LIM_OK, or LIM_EINVAL and `diag`:
   also when it is there already. */
int bench_folder_make(const char *path, struct lim_diag *diag);

/* Tells whether it is a folder. */
bool bench_folder_is(const char *path);

/* Makes it unless it is there.  Returns as bench_folder_make. */
int bench_folder_need(const char *path, struct lim_diag *diag);

/* Removes it if it is empty. */
void bench_folder_unmake(const char *path);

/* "a/b" of "a" and "b", NULL: no memory.  The caller frees it. */
char *bench_folder_join(const char *folder, const char *file);

/*
 * "results/NAME" with what is no letter, digit, '.', '_' or '-' of the name
 * as '-'.  NULL: no memory.  The caller frees it.
 */
char *bench_folder_for(const char *name);

/* What a command does where a folder is there already: it goes on there; it
   would, with --resume; it never does. */
enum bench_folder_there {
    BENCH_FOLDER_GOES_ON,
    BENCH_FOLDER_WOULD,
    BENCH_FOLDER_NEVER
};

/*
 * The folder that was asked for, else that of a name.  NULL and `diag`: no
 * memory, or something is there that is not to be gone on with.  The caller
 * frees it.
 */
char *bench_folder_choose(const char *asked, const char *name,
                          enum bench_folder_there there, struct lim_diag *diag);

#endif
