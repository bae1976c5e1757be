#ifndef BENCH_EVENTS_H
#define BENCH_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "limiter/feedback.h"

/*
 * Reads the body of an answer that streams, whole: server-sent events whose
 * data are the chunks of a chat completion, one a line.
 *
 *     data: {"choices":[{"delta":{"content":"Hi"},...}],"usage":null}
 *     data: {"choices":[],"usage":{"total_tokens":12,...}}
 *     data: [DONE]
 *
 * or the events of a response, of which the last has all of it:
 *
 *     event: response.completed
 *     data: {"response":{...,"usage":{"total_tokens":12,...}}}
 *
 * A failure amid a stream is told in an event with an error, or by an end
 * that comes too early.
 */
struct bench_events {
    enum lim_class class; /* OK; of the error in an event; or TRANSIENT: an
                             event is no JSON, or the end is missing (no
                             [DONE], finish_reason or last event came) */
    const char *usage;    /* of `body`: the last event with a usage object;
                             NULL: none has one */
    size_t usage_length;
};

/* Tells whether a body is such a stream, rather than an answer in one piece
   from a server that does not heed "stream". */
bool bench_events_are(const char *body, size_t length);

void bench_events_read(struct bench_events *e, const char *body, size_t length);

/* One event after the other: an event's data are one line. */
struct bench_event {
    const char *rest; /* of the body; set it to its begin at first, */
    size_t left;      /* and to its length */
    const char *data; /* without blanks around */
    size_t length;
    bool error; /* an "event: error" line came before it, */
    bool last;  /* or one that says that the response is all there */
};

/* False: there is none more. */
bool bench_events_next(struct bench_event *e);

#endif
