#ifndef TESTS_SEEN_ERRORS_H
#define TESTS_SEEN_ERRORS_H

/*
 * Error bodies seen in the wild, 2022 to 2026 (issues, forums, probes), with
 * names and ids replaced; a part of the body where no more was shown.
 */

#include "limiter/apierror.h"

struct seen_error {
    int status;
    enum lim_class class;
    int limit;
    int64_t max, used, requested, hint_ms;
    const char *code;
    const char *body;
};

/* The tails of the sentences, and the layouts of the error object (a body of
   172 bytes tells the second). */
#define HELP                                                                   \
    " Contact us through our help center at help.openai.com if you "           \
    "continue to have issues."
#define MAIL " Contact support@openai.com if you continue to have issues."
#define PAY_OLD                                                                \
    " Please add a payment method to your account to increase your rate "      \
    "limit. Visit https://platform.openai.com/account/billing to add a "       \
    "payment method."
#define PAY                                                                    \
    " You can increase your rate limit by adding a payment method to your "    \
    "account at https://platform.openai.com/account/billing."
#define VISIT                                                                  \
    " Visit https://platform.openai.com/account/rate-limits to learn more."
#define REDUCE                                                                 \
    " The input or output tokens must be reduced in order to run "             \
    "successfully."
#define ERROR_AT(param, type, code, message)                                   \
    "{\n    \"error\": {\n        \"message\": \"" message                     \
    "\",\n        \"type\": \"" type "\",\n        \"param\": " param          \
    ",\n        \"code\": " code "\n    }\n}\n"
#define ERROR(type, code, message) ERROR_AT("null", type, code, message)
#define CODE_FIRST(type, code, message)                                        \
    "{\n  \"error\": {\n    \"code\": " code ",\n    \"message\": \"" message  \
    "\",\n    \"param\": null,\n    \"type\": \"" type "\"\n  }\n}\n"
#define BAD_KEY(message)                                                       \
    "{\n  \"error\": {\n    \"message\": \"" message                           \
    "\",\n    \"type\": \"invalid_request_error\",\n    \"code\": "            \
    "\"invalid_api_key\",\n    \"param\": null\n  },\n  \"status\": 401\n}\n"

static const struct seen_error seen[] = {
    /* clang-format off */
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 3, -1, -1, 20000,
      "",
      "Rate limit reached for default-gpt-3.5-turbo in organization org-1 on "
      "requests per min. Limit: 3 / min. Please try again in 20s." HELP
      PAY_OLD },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 20, -1, -1, -1,
      "",
      "Rate limit reached for default-gpt-3.5-turbo in organization org-1 on "
      "requests per min. Limit: 20 / min. Current: 30 / min." MAIL PAY_OLD },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 3, -1, -1, 20000,
      "",
      "Rate limit reached for default-gpt-3.5-turbo in organization org-1 on "
      "requests per min. Limit: 3 / min. Please try again in 20s." MAIL
      PAY_OLD },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 20, -1, -1, 3000,
      "",
      "Rate limit reached for default-gpt-3.5-turbo in organization org-1 on "
      "requests per min. Limit: 20 / min. Please try again in 3s." MAIL
      PAY_OLD },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 60, -1, -1, -1,
      "",
      "Rate limit reached for default-global-with-image-limits in "
      "organization org-1 on requests per min. Limit: 60.000000 / min. "
      "Current: 70.000000 / min." MAIL PAY_OLD },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 60, -1, -1, -1,
      "",
      "Rate limit reached for default-global-with-image-limits in "
      "organization org-1 on requests per min. Limit: 60.000000 / min. "
      "Current: 80.000000 / min." MAIL },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 20, -1, -1, -1,
      "",
      "Rate limit reached for default-text-davinci-002 in organization "
      "org-{id} on requests per min. Limit: 20.000000 / min. Current: "
      "24.000000 / min." },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 3, -1, -1, 20000,
      "",
      "Rate limit reached for default-gpt-3.5-turbo in organization on "
      "requests per min. Limit: 3 / min. Please try again in 20s." HELP
      PAY_OLD },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 3, -1, -1, 20000,
      "",
      "Rate limit reached for default-text-embedding-ada-002 in organization "
      "org-1 on requests per min. Limit: 3 / min. Please try again in 20s."
      HELP PAY_OLD },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 1000000, -1, -1, -1,
      "",
      "Rate limit reached for default-text-embedding-ada-002 in organization "
      "org-1 on tokens per min. Limit: 1000000 / min. Current: 1 / min."
      HELP },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 150000, -1, -1, -1,
      "",
      "Rate limit reached for default-text-davinci-003 in organization org-1 "
      "on tokens per min. Limit: 150000.000000 / min. Current: 152160.000000 "
      "/ min." MAIL PAY_OLD },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 30000, 28039, 3906, 3890,
      "",
      "Rate limit reached for gpt-4.1 in organization org-1 on tokens per min"
      " (TPM): Limit 30000, Used 28039, Requested 3906. Please try again in "
      "3.89s." VISIT },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 150000, -1, -1, -1,
      "",
      "Rate limit reached for tokens. Limit: 150000.000000 / min. Current: "
      "176000.000000 / min." MAIL },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 500000, 442231, 249686, 23030,
      "",
      "Rate limit reached for gpt-5.4 in organization org-1 on tokens per min"
      " (TPM): Limit 500000, Used 442231, Requested 249686. Please try again "
      "in 23.03s." VISIT },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 10000, 8554, 3082, 9816,
      "",
      "Rate limit reached for gpt-4 in organization org-1 on tokens per min "
      "(TPM): Limit 10000, Used 8554, Requested 3082. Please try again in "
      "9.816s." VISIT },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 40000, -1, -1, 1,
      "",
      "Rate limit reached for gpt-3.5-turbo-16k-0613 in organization org-1 on"
      " tokens per min. Limit: 40000 / min. Please try again in 1ms." HELP
      PAY_OLD },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 30000, 14567, 24754, 18642,
      "",
      "Rate limit reached for gpt-4o in organization org-1 on tokens per min "
      "(TPM): Limit 30000, Used 14567, Requested 24754. Please try again in "
      "18.642s." VISIT },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 3, -1, -1, 20000,
      "rate_limit_exceeded",
      ERROR("requests", "\"rate_limit_exceeded\"",
            "Rate limit reached for default-gpt-3.5-turbo-16k in organization"
            " org-1 on requests per min. Limit: 3 / min. Please try again in "
            "20s." HELP PAY_OLD) },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPM, 3, 3, 1, 20000,
      "rate_limit_exceeded",
      ERROR("requests", "\"rate_limit_exceeded\"",
            "Rate limit reached for gpt-3.5-turbo in organization org-1 on "
            "requests per min (RPM): Limit 3, Used 3, Requested 1. Please try"
            " again in 20s." VISIT PAY) },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPD, 10000, 10000, 1, 8640,
      "",
      "Rate limit reached for gpt-4o-mini in organization <> on requests per "
      "day (RPD): Limit 10000, Used 10000, Requested 1. Please try again in "
      "8.64s" },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPD, 10000, 10000, 1, 8640,
      "",
      "Rate limit reached for gpt-4o-mini in organization org-1 on requests "
      "per day (RPD): Limit 10000, Used 10000, Requested 1. Please try again "
      "in 8.64s." },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 60000, -1, -1, 1,
      "rate_limit_exceeded",
      ERROR("tokens", "\"rate_limit_exceeded\"",
            "Rate limit reached for default-gpt-3.5-turbo in organization "
            "org-1 on tokens per min. Limit: 60000 / min. Please try again in"
            " 1ms." HELP) },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 10000, -1, -1, 6,
      "rate_limit_exceeded",
      ERROR("tokens", "\"rate_limit_exceeded\"",
            "Rate limit reached for 10KTPM-200RPM in organization org-1 on "
            "tokens per min. Limit: 10000 / min. Please try again in 6ms."
            HELP) },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 200000, 170583, 180002, 45175,
      "rate_limit_exceeded",
      ERROR("tokens", "\"rate_limit_exceeded\"",
            "Rate limit reached for gpt-4o-mini in organization org-1 on "
            "tokens per min (TPM): Limit 200000, Used 170583, Requested "
            "180002. Please try again in 45.175s. ...") },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 10000, 6701, 4497, 7188,
      "",
      "tokens per min (TPM): Limit 10000, Used 6701, Requested 4497. Please "
      "try again in 7.188s." },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, 100000, 96749, 19126, 411480000,
      "rate_limit_exceeded",
      ERROR("tokens", "\"rate_limit_exceeded\"",
            "Rate limit reached for gpt-4o-mini in organization org-1 on "
            "tokens per min (TPM): Limit 100000, Used 96749, Requested 19126."
            " Please try again in 114h18m0s." VISIT PAY) },
    { 429, LIM_CLASS_RATE_LIMIT, -1, 3, 3, 1, 20000,
      "",
      "Limit 3, Used 3, Requested 1. Please try again in 20s." },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPD, 10000, 10000, 1, 8640,
      "rate_limit_exceeded",
      ERROR("requests", "\"rate_limit_exceeded\"",
            "Rate limit reached for gpt-3.5-turbo in organization org-1 on "
            "requests per day (RPD): Limit 10000, Used 10000, Requested 1. "
            "Please try again in 8.64s." VISIT) },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_RPD, 200, 200, 1, 432000,
      "rate_limit_exceeded",
      ERROR("requests", "\"rate_limit_exceeded\"",
            "Rate limit reached for gpt-4o-mini in organization org-1 on "
            "requests per day (RPD): Limit 200, Used 200, Requested 1. Please"
            " try again in 7m12s." VISIT PAY) },
    { 429, LIM_CLASS_TOO_LARGE, LIM_TPM, 20000, -1, 47463, -1,
      "",
      "Request too large for gpt-4-vision-preview in organization org-1 on "
      "tokens per min (TPM): Limit 20000, Requested 47463." REDUCE VISIT },
    { 429, LIM_CLASS_TOO_LARGE, LIM_TPM, 30000, -1, 30872, -1,
      "",
      "Request too large for gpt-4o in organization org-1 on tokens per min "
      "(TPM): Limit 30000, Requested 30872." REDUCE VISIT },
    { 429, LIM_CLASS_TOO_LARGE, LIM_TPM, 30000, -1, 36055, -1,
      "",
      "Request too large for gpt-5 in organization org-1 on tokens per min "
      "(TPM): Limit 30000, Requested 36055." REDUCE },
    { 429, LIM_CLASS_TOO_LARGE, LIM_TPM, 30000, -1, 36278, -1,
      "rate_limit_exceeded",
      ERROR("tokens", "\"rate_limit_exceeded\"",
            "Request too large for gpt-4o in organization org-1 on tokens per"
            " min (TPM): Limit 30000, Requested 36278." REDUCE VISIT) },
    { 429, LIM_CLASS_TOO_LARGE, LIM_TPM, 30000, -1, 82821, -1,
      "rate_limit_exceeded",
      ERROR("tokens", "\"rate_limit_exceeded\"",
            "Request too large for gpt-4o in organization org-1 on tokens per"
            " min (TPM): Limit 30000, Requested 82821." REDUCE VISIT) },
    { 429, LIM_CLASS_TOO_LARGE, LIM_IPM, 0, -1, -1, -1,
      "",
      "Rate limit exceeded for images per minute in organization org-1. "
      "Limit: 0/1min. Current: 1/1m" },
    { 429, LIM_CLASS_RATE_LIMIT, -1, -1, -1, -1, 51840,
      "",
      "You've exceeded the rate limit, please slow down and try again after "
      "51.84 seconds." },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_IPM, 5, 5, -1, 12000,
      "",
      "input-images per min: Limit 5, Used 5 ... try again in 12s" },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_IPM, 4000, 4000, -1, 467,
      "",
      "Rate limit reached for gpt-image-2-codex (for limit gpt-image) in "
      "organization org on input-images per min: Limit 4000, Used 4000. "
      "Please try again in 467ms." },
    { 429, LIM_CLASS_QUOTA, -1, -1, -1, -1, -1,
      "insufficient_quota",
      ERROR("insufficient_quota", "\"insufficient_quota\"",
            "You exceeded your current quota, please check your plan and "
            "billing details. For more information on this error, read the "
            "docs: "
            "https://platform.openai.com/docs/guides/error-codes/"
            "api-errors.") },
    { 429, LIM_CLASS_QUOTA, -1, -1, -1, -1, -1,
      "insufficient_quota",
      ERROR("insufficient_quota", "\"insufficient_quota\"",
            "You exceeded your current quota, please check your plan and "
            "billing details.") },
    { 429, LIM_CLASS_QUOTA, -1, -1, -1, -1, -1,
      "organization_usage_limit_exceeded",
      ERROR("requests", "\"organization_usage_limit_exceeded\"",
            "Organization usage limit reached") },
    { 400, LIM_CLASS_QUOTA, -1, -1, -1, -1, -1,
      "billing_hard_limit_reached",
      CODE_FIRST("invalid_request_error", "\"billing_hard_limit_reached\"",
            "Billing hard limit has been reached") },
    { 429, LIM_CLASS_RATE_LIMIT, -1, -1, -1, -1, -1,
      "",
      "error code: 1015" },
    { 429, LIM_CLASS_RATE_LIMIT, -1, -1, -1, -1, -1,
      "",
      "429 \"slow down\"" },
    { 401, LIM_CLASS_CREDENTIAL, -1, -1, -1, -1, -1,
      "invalid_api_key",
      BAD_KEY("Incorrect API key provided: sk-mock-****word. You can find your "
              "API key at https://platform.openai.com/account/api-keys.") },
    { 401, LIM_CLASS_CREDENTIAL, -1, -1, -1, -1, -1,
      "invalid_api_key",
      BAD_KEY("Incorrect API key provided: sk-mock-*****-key. ...") },
    { 403, LIM_CLASS_NO_ACCESS, -1, -1, -1, -1, -1,
      "unsupported_country_region_territory",
      CODE_FIRST("request_forbidden",
            "\"unsupported_country_region_territory\"",
            "Country, region, or territory not supported") },
    { 403, LIM_CLASS_NO_ACCESS, -1, -1, -1, -1, -1,
      "model_not_found",
      ERROR("invalid_request_error", "\"model_not_found\"",
            "Project `proj_1` does not have access to model `gpt-4o-mini`") },
    { 403, LIM_CLASS_NO_ACCESS, -1, -1, -1, -1, -1,
      "",
      "Project `proj_1` does not have access to model `gpt-4.1-2025-04-14`" },
    { 404, LIM_CLASS_NO_ACCESS, -1, -1, -1, -1, -1,
      "model_not_found",
      ERROR("invalid_request_error", "\"model_not_found\"",
            "The model `gpt-4` does not exist or you do not have access to "
            "it. Learn more: "
            "https://help.openai.com/en/articles/"
            "7102672-how-can-i-access-gpt-4.") },
    { 404, LIM_CLASS_NO_ACCESS, -1, -1, -1, -1, -1,
      "model_not_found",
      ERROR("invalid_request_error", "\"model_not_found\"",
            "The model `o1-mini` does not exist or you do not have access to "
            "it.") },
    { 400, LIM_CLASS_CALLER, -1, -1, -1, -1, -1,
      "context_length_exceeded",
      ERROR_AT("\"messages\"", "invalid_request_error",
            "\"context_length_exceeded\"",
            "This model's maximum context length is 8192 tokens. However, "
            "your messages resulted in 8227 tokens. Please reduce the length "
            "of the messages.") },
    { 400, LIM_CLASS_CALLER, -1, -1, -1, -1, -1,
      "context_length_exceeded",
      ERROR_AT("\"messages\"", "invalid_request_error",
            "\"context_length_exceeded\"",
            "This model's maximum context length is 4097 tokens. However, "
            "your messages resulted in 4301 tokens. Please reduce the length "
            "of the messages.") },
    { 400, LIM_CLASS_CALLER, -1, -1, -1, -1, -1,
      "invalid_value",
      ERROR_AT("\"tools[0].function.name\"", "invalid_request_error",
            "\"invalid_value\"",
            "Invalid 'tools[0].function.name': string does not match pattern."
            " Expected a string that matches the pattern "
            "'^[a-zA-Z0-9_-]+$'.") },
    { 500, LIM_CLASS_TRANSIENT, -1, -1, -1, -1, -1,
      "",
      ERROR("server_error", "null",
            "The server had an error while processing your request. Sorry "
            "about that!") },
    { 200, LIM_CLASS_TRANSIENT, -1, -1, -1, -1, -1,
      "server_error",
      "{\"type\": \"server_error\", \"code\": \"server_error\", \"message\": "
      "\"An error occurred while processing your request. You can retry your "
      "request, or contact us through our help center at help.openai.com if "
      "the error persists. Please include the request ID req_1 in your "
      "message.\", \"param\": null}" },
    { 200, LIM_CLASS_TRANSIENT, -1, -1, -1, -1, -1,
      "server_error",
      "event: response.failed\ndata: {\"response\": {\"status\": \"failed\", "
      "\"error\": {\"code\": \"server_error\", \"message\": \"An error "
      "occurred while processing your request.\"}}, \"sequence_number\": 5, "
      "\"type\": \"response.failed\"}\n\n" },
    { 503, LIM_CLASS_TRANSIENT, -1, -1, -1, -1, -1,
      "",
      ERROR("server_error", "null",
            "That model is currently overloaded with other requests. You can "
            "retry your request, or contact us through our help center at "
            "help.openai.com if the error persists. (Please include the "
            "request ID 1 in your message.)") },
    { 503, LIM_CLASS_TRANSIENT, -1, -1, -1, -1, -1,
      "",
      "The engine is currently overloaded, please try again later" },
    { 503, LIM_CLASS_TRANSIENT, -1, -1, -1, -1, -1,
      "",
      "Slow Down" },
    { 429, LIM_CLASS_RATE_LIMIT, -1, -1, -1, -1, -1,
      "",
      "429 Resource Unavailable" },
    { 200, LIM_CLASS_TRANSIENT, -1, -1, -1, -1, -1,
      "batch_expired",
      "{\"id\": \"batch_req_123\", \"custom_id\": \"request-3\", "
      "\"response\": null, \"error\": {\"code\": \"batch_expired\", "
      "\"message\": \"This request could not be executed before the "
      "completion window expired.\"}}" },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, -1, -1, -1, 2000,
      "",
      "Requests to the ChatCompletions_Create Operation under Azure OpenAI "
      "API version 2024-08-01-preview have exceeded token rate limit of your "
      "current AIServices S0 pricing tier. Please retry after 2 seconds. "
      "Please contact Azure support service if you would like to further "
      "increase the default rate limit." },
    { 429, LIM_CLASS_RATE_LIMIT, LIM_TPM, -1, -1, -1, 86400000,
      "429",
      "{\"error\": {\"code\": \"429\", \"message\": \"Requests to the "
      "ChatCompletions_Create Operation under Azure OpenAI API version "
      "2024-08-01-preview have exceeded token rate limit of your current "
      "OpenAI S0 pricing tier. Please retry after 86400 seconds. Please go "
      "here: https://aka.ms/oai/quotaincrease if you would like to further "
      "increase the default rate limit.\"}}" },
    /* clang-format on */
};

#endif
