#ifndef MOCK_SHOWN_H
#define MOCK_SHOWN_H

#include <stdint.h>

#include "limiter/feedback.h"
#include "mockserver/manner.h"
#include "mockserver/text.h"

/*
 * The header lines of an answer: what it tells of limits, and whose it is.
 *
 * OpenAI shows three lines for each dimension that has a limit (speech has
 * none on tokens, so none are told there); answers to 401, 404 and an empty
 * purse show nothing.  retry-after and retry-after-ms were seen in 2026 and
 * in no dump before: only the era of today sends them.  No x-ratelimit line
 * is known from before mid 2023: the eras before send none.
 *
 * Azure shows what remains; with a refusal also when the dimension is full
 * again, in whole seconds.  The reader is limiter/headers.
 */
void mock_shown_limits(struct mock_text *out, const struct mock_manner *m,
                       const struct lim_feedback *shown);

/* The family of a project's tokens ("project-tokens"); a limit of -1: none.
   Only OpenAI's, of today. */
void mock_shown_project(struct mock_text *out, const struct mock_manner *m,
                        const struct lim_shown *tokens);

/* What Cloudflare, in front of the API, adds to its 429 (seen in 2024-06):
   nothing of the limits, and a wait of 15 hours. */
void mock_shown_edge(struct mock_text *out);

/* The text of a request's id: "req_" and 32 hex digits; before November 2023
   the digits alone; Azure: a UUID.  Returns `out`. */
#define MOCK_SHOWN_ID_SIZE 40
char *mock_shown_id(const struct mock_manner *m, const uint64_t bits[2],
                    char out[MOCK_SHOWN_ID_SIZE]);

/* Whose answer it is. */
struct mock_shown_source {
    uint64_t id[2];           /* of the request: random bits */
    const char *organisation; /* NULL: not known, or not told */
    const char *project;      /* NULL: none */
    int64_t processing_ns;
};

/*
 * x-request-id (Azure's has an apim-request-id beside it), and where the
 * organisation is told, openai-organization, -project, -processing-ms and
 * -version.
 */
void mock_shown_source(struct mock_text *out, const struct mock_manner *m,
                       const struct mock_shown_source *s);

#endif
