#ifndef BENCH_ACCOUNTS_H
#define BENCH_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "limiter/error.h"
#include "limiter/tier.h"
#include "sim/scenario.h"

/*
 * Who sends: for each organisation of a scenario the credentials that it
 * has.  They come from the environment, from files, or are those of the mock
 * server; never from a command line, and they are never printed: no message
 * of these functions holds a key, whole or in part.
 */
struct bench_accounts;

/* One key, as the header lines that show it; for the wire alone. */
#define BENCH_CREDENTIAL_LINES 3

struct bench_credential {
    /* "Authorization: Bearer ...", then "OpenAI-Organization: ..." and
       "OpenAI-Project: ..." where they are to be sent; or Azure's
       "api-key: ..."; ends with NULL. */
    const char *lines[BENCH_CREDENTIAL_LINES + 1];
    const char *base_url;    /* of the account's endpoint; NULL: none */
    const char *api_version; /* of Azure's; NULL: none */
    bool azure;
    cJSON *models; /* what it calls models; NULL: as they are asked */
};

/*
 * The mock server's: key k of organisation o is sk-mock-<o>-<k>, k from 1.
 * NULL and `diag`: no memory.
 */
struct bench_accounts *bench_accounts_mock(const struct sim_provider_config *p,
                                           struct lim_diag *diag);

/*
 * OPENAI_API_KEY, with OPENAI_ORG_ID and OPENAI_PROJECT_ID.  It is one
 * organisation: a scenario with more is refused.  NULL and `diag`.
 */
struct bench_accounts *bench_accounts_environment(
    const struct sim_provider_config *p, struct lim_diag *diag);

/*
 * An accounts file, see tierlab(1).  The accounts whose `organisation` (else
 * `name`) is the name of a scenario's organisation are its keys, in the order
 * of the file; each organisation must have one.  A scenario of one
 * organisation takes the file's only one, whatever its name.  An
 * `organisation` that begins with "org-" is sent as OpenAI-Organization.
 * What the file tells of tiers and limits is checked for its form only: a
 * scenario brings its own.  NULL and `diag`, whose text begins with the
 * file's name.
 */
struct bench_accounts *bench_accounts_read(const char *path,
                                           const struct sim_provider_config *p,
                                           struct lim_diag *diag);

void bench_accounts_free(struct bench_accounts *a); /* NULL is allowed */

/* The organisations, as many as the scenario has. */
size_t bench_accounts_organisations(const struct bench_accounts *a);

/*
 * The credential of an organisation's key: with fewer credentials than the
 * scenario has keys they take turns.
 */
const struct bench_credential *bench_accounts_key(
    const struct bench_accounts *a, uint32_t organisation, unsigned key);

/* What the account calls a model: its deployment, where it is Azure's.  NULL:
   it does not serve it. */
const char *bench_accounts_model(const struct bench_credential *c,
                                 const char *model);

/*
 * Addresses a request whose body is written: its URL, its credential, and the
 * account's name for the model in place of ours.  `path` ("/chat/completions")
 * is behind the account's base URL, or `base_url` where it has none; with
 * Azure's dialect
 *
 *     <base>/openai/deployments/<deployment>/chat/completions?api-version=...
 *     <base>/openai/responses?api-version=...
 *     <base>/openai/v1/chat/completions       (no api_version is given)
 *
 * False: the URL is too long, or there is no memory.
 */
struct bench_transfer;
bool bench_accounts_address(const struct bench_credential *c,
                            const char *base_url, const char *path,
                            const char *model, struct bench_transfer *x);

/* OPENAI_BASE_URL, or the API's own "https://api.openai.com/v1". */
const char *bench_accounts_default_url(void);

#endif
