#ifndef MOCK_AZURE_H
#define MOCK_AZURE_H

#include "mockserver/visit.h"

/*
 * The dialect of Azure OpenAI: other paths, another key header, other errors.
 *
 *   /openai/deployments/<deployment>/<operation>?api-version=...
 *   /openai/<operation>?api-version=...
 *   /openai/v1/<operation>
 *
 * A deployment has limits of its own.  Here it is named as the model that it
 * serves, so that its limits are those of the model's limit group.  Azure
 * judges requests a minute over slices of 1 or 10 s; that is a question of
 * the discipline, not of the dialect: "quantised" with a quantum of 10s comes
 * near.  Errors of a body's fields are as the API words them.
 *
 * Sources: logs of 2023 to 2025 for the 429s and headers; what stands in the
 * bodies of 401 and 404 is from public threads of those years.
 */
bool mock_azure_dialect_find(const char *name, enum mock_dialect *out);
const char *mock_azure_dialect_name(enum mock_dialect dialect);

/*
 * Finds what a path under /openai/ asks for: `path` then points to
 * "/chat/completions" or the like, and v->deployment is filled, if one is
 * named.  False: it is answered.
 */
bool mock_azure_enter(struct mock_visit *v, struct mock_slice *path);

/* Adds a body of code (NULL: the status) and message. */
void mock_azure_error(struct mock_text *out, int status, const char *code,
                      const char *message);

/* Answer with a 404 for a path that there is not, a 404 for a deployment that
   there is not, and a 401. */
void mock_azure_no_resource(struct mock_visit *v);
void mock_azure_no_deployment(struct mock_visit *v);
void mock_azure_bad_key(struct mock_visit *v);

/* What a 429's sentence speaks of. */
struct mock_azure_refused {
    const char *operation; /* "ChatCompletions_Create" */
    const char *version;   /* of the API */
};

/*
 * Adds the body of a 429: SIM_RATE_LIMITED, or SIM_TOO_LARGE, which is told to
 * come back in a day, the longest wait in any log (requests above the limit
 * itself got it).
 */
void mock_azure_refusal(struct mock_text *out,
                        const struct mock_azure_refused *r,
                        const struct sim_verdict *verdict);

/* Answers with it. */
void mock_azure_refuse(struct mock_visit *v, const struct sim_verdict *verdict);

#endif
