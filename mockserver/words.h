#ifndef MOCK_WORDS_H
#define MOCK_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mockserver/text.h"
#include "sim/provider.h"

/*
 * The words of the API: its error bodies and header lines, as seen in logs
 * of 2023 to 2026.  The provider decides the numbers; here they become
 * sentences.  limiter/apierror and limiter/headers read them back.
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

/* What a refusal's sentence speaks of. */
struct mock_refused {
    const char *model; /* as the client named it */
    const char *group; /* its limit group; NULL: none */
    const char *organisation;
    bool free_tier; /* told to add a payment method */
};

/*
 * Adds the body of a 429: the limit reached with the hint (form of late 2023
 * on), the request too large for the limit, or the quota spent.  The verdict
 * is one of SIM_RATE_LIMITED, SIM_TOO_LARGE and SIM_QUOTA.
 */
void mock_words_refusal(struct mock_text *out, const struct mock_refused *r,
                        const struct sim_verdict *v);

/*
 * Adds the body of a 401 (form of 2026: two blanks, with "status").  The key
 * is masked: eight characters, stars, four characters; all stars if it has
 * fewer than 16.
 */
void mock_words_bad_key(struct mock_text *out, const char *key, size_t length);

/* Adds the body of a 401 for a request without a key. */
void mock_words_no_key(struct mock_text *out);

/* Adds the body of a 404 for a model that is unknown, or not for this tier. */
void mock_words_no_model(struct mock_text *out, const char *model);

/* Adds the body of an answer that a fault made: one of SIM_FAULT_HTTP_429,
   EDGE_429, HTTP_503, SLOW_DOWN and HTTP_500. */
void mock_words_fault(struct mock_text *out, enum sim_fault fault);

/* The body of an answer that the server makes itself, 0-terminated. */
const char *mock_words_of_server(int status);

/*
 * Adds a JSON string of `tokens` tokens, about four characters each, that is
 * the same for the same `draw`.
 */
void mock_words_reply(struct mock_text *out, int64_t tokens, uint64_t draw);

#endif
