#ifndef BENCH_ACCOUNTFILE_H
#define BENCH_ACCOUNTFILE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "limiter/error.h"
#include "mockserver/config.h"

/* The accounts of a file (tierlab.1, ACCOUNTS), with their keys. */
struct bench_account {
    const char *name;         /* borrowed from the tree, like the next */
    const char *organisation; /* NULL: not given */
    const char *project;      /* NULL: not given */
    const char *base_url;     /* of its endpoint; NULL: no endpoint */
    const char *api_version;  /* of an endpoint of Azure's; NULL: not given */
    bool azure;               /* that endpoint speaks Azure's dialect */
    const cJSON *models;      /* what it calls them; NULL: as they are asked */
    char *key;                /* owned */
};

struct bench_accountfile {
    const char *path; /* borrowed */
    cJSON *tree;      /* owned */
    struct bench_account *accounts;
    size_t count;
    struct mock_config priced; /* owned: its provider has the prices */
};

/*
 * Reads a file and fetches the keys that it names.  Returns LIM_OK, or a
 * negative error and `diag`, which names the file and never holds a key, even
 * if one stands where it must not; then nothing is left to free.
 */
int bench_accountfile_read(struct bench_accountfile *f, const char *path,
                           struct lim_diag *diag);
void bench_accountfile_fini(struct bench_accountfile *f);

/* From now on this process leaves no core file, in which keys would stand. */
void bench_accountfile_guard(void);

/* Tells whether a key or name may stand in a header: 1 to 4096 characters,
   none a blank, a control or above ASCII. */
bool bench_accountfile_is_clean(const char *value);

#endif
