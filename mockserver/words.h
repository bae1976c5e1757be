#ifndef MOCK_WORDS_H
#define MOCK_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mockserver/manner.h"
#include "mockserver/text.h"
#include "sim/provider.h"

/*
 * The words of the API: the bodies of its refusals, as seen in logs of 2022
 * to 2026.  The provider decides the numbers; here they become sentences.
 * limiter/apierror reads them back.  Bodies without numbers: kinds.h.
 */

/* An error as the API's bodies hold it; NULL stands for null. */
struct mock_error {
    const char *message;
    const char *type, *param, *code;
};

/* The type of every error that is the client's fault. */
#define MOCK_INVALID_REQUEST "invalid_request_error"

/* Adds the body: four blanks a level, keys message, type, param, code. */
void mock_words_error(struct mock_text *out, const struct mock_error *e);

/* Adds it as the edge and the image API do: two blanks a level, keys code,
   message, param, type. */
void mock_words_coded(struct mock_text *out, const struct mock_error *e);

/* "now" (the default), "2022", "2023-03", "2023".  False: none such. */
bool mock_words_era_find(const char *name, enum mock_era *out);
const char *mock_words_era_name(enum mock_era era);

/* What a refusal's sentence speaks of. */
struct mock_refused {
    const char *model;        /* as the client named it; NULL: not told */
    const char *group;        /* its limit group; NULL: none */
    const char *organisation; /* "": not told */
    bool free_tier;           /* told to add a payment method */
    bool images;              /* it asked for images */
};

/*
 * Adds the body of a refusal and returns its status.  The verdict is one of
 * SIM_RATE_LIMITED, SIM_TOO_LARGE and SIM_QUOTA; one without a hint tells
 * none, and one whose `requested` is below 0 not what was asked for.
 *
 * Where images are drawn, an empty purse is a 400 of another code, and for
 * the models of 2023 (dall-e) images a minute have a sentence of their own.
 */
int mock_words_refusal(struct mock_text *out, const struct mock_manner *m,
                       const struct mock_refused *r,
                       const struct sim_verdict *v);

/*
 * Adds the body of a 401 (today: two blanks, with "status").  The key is
 * masked: eight characters, stars, four characters; all stars if it has
 * fewer than 16.
 */
void mock_words_bad_key(struct mock_text *out, enum mock_era era,
                        const char *key, size_t length);

/* Adds the body of a 401 for a request without a key. */
void mock_words_no_key(struct mock_text *out);

/* Adds the body of a 404 for a model that is unknown, or not for this tier;
   in 2023 gpt-4 had a page that said how to get it. */
void mock_words_no_model(struct mock_text *out, enum mock_era era,
                         const char *model);

/* Adds the body of a 403 for a project that may not use a model. */
void mock_words_no_project_model(struct mock_text *out, const char *project,
                                 const char *model);

/* The body of an answer that the server makes itself, 0-terminated. */
const char *mock_words_of_server(int status);

/*
 * Adds a JSON string of `tokens` tokens, about four characters each, that is
 * the same for the same `draw`.
 */
void mock_words_reply(struct mock_text *out, int64_t tokens, uint64_t draw);

/* Adds its tokens from number `from` up to `to`, without quotes: they are all
   plain. */
void mock_words_span(struct mock_text *out, uint64_t draw, int64_t from,
                     int64_t to);

#endif
