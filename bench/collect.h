#ifndef BENCH_COLLECT_H
#define BENCH_COLLECT_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "limiter/feedback.h"

/*
 * Makes of an answer in server-sent events what it would have been in one
 * piece: chunks of chat.completion become a chat.completion, those of a
 * text_completion one of these, and of a response the last event has it all.
 *
 *     data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,
 *            "delta":{"role":"assistant","content":"Hel"}}]}
 *     data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,
 *            "delta":{"content":"lo"},"finish_reason":"stop"}]}
 *     data: [DONE]
 *
 *     {"id":"c","object":"chat.completion","choices":[{"index":0,"message":
 *      {"role":"assistant","content":"Hello","refusal":null},"logprobs":null,
 *      "finish_reason":"stop"}]}
 *
 * Usage is in it if an event had it (stream_options.include_usage).
 */
struct bench_collected {
    /* OK; that of the error which an event tells; TRANSIENT: an event is no
       JSON, or the end is missing. */
    enum lim_class class;
    cJSON *answer; /* NULL unless OK; the caller deletes it */
    char message[200];
};

void bench_collect(struct bench_collected *c, const char *body, size_t length);

#endif
