#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/buffer.h"
#include "limiter/error.h"
#include "limiter/feedback.h"
#include "limiter/tier.h"
#include "sim/scenario.h"

/*
 * What goes over the wire for one stream of requests, and what comes back:
 * images where a request asks for some; embeddings, speech or a moderation
 * where the model makes them; completions of a text where it does no more; a
 * response where it has no chat; else chat.
 * A prompt of n tokens is a text of 4 x (n - 2) characters, which the
 * provider estimates at exactly n (lim_estimate_text); it is made of words
 * of four characters, so that a tokenizer counts about as many.  A prompt of
 * an image has at most 1000 characters (gpt-image: 32000), what is spoken 4096.
 */
struct bench_message {
    const struct lim_price *price; /* of the model; NULL: not known */
    const char *path;              /* below the base URL: "/chat/completions" */
    int64_t images;                /* a request */
    int64_t chars_max;             /* of its text */
    bool sounds;                   /* the answer is a file of sound */
    bool stream;                   /* the reply comes token by token */
    char *head;                    /* owned: JSON up to the text ... */
    size_t head_length;            /* ... and its length */
    const char *tail;              /* closes what `head` opened */
    const char *bound;             /* what the reply's bound is called */
};

/*
 * Readies the messages of a workload, which must outlive them, as must the
 * provider's `prices`.  Returns LIM_OK, LIM_ENOMEM, or LIM_EINVAL of a model
 * that takes a file of sound: none is sent.
 */
int bench_message_init(struct bench_message *m, const struct sim_workload *w,
                       const struct lim_prices *prices);
void bench_message_fini(struct bench_message *m);

/*
 * Writes a request's body over `body`.  `max_tokens` < 0: none.  Returns
 * LIM_OK or LIM_ENOMEM.
 */
int bench_message_write(const struct bench_message *m, int64_t prompt_tokens,
                        int64_t max_tokens, struct bench_buffer *body);

/*
 * Makes the outcome of an answer: `status` 0 for one that never came, or not
 * to its end; `f` from its headers.  A 200 whose body is broken, tells of an
 * error or ends too early has failed: its status becomes 0, as of an answer
 * that was lost in any other way.  When its first token came is the caller's
 * to add.
 */
void bench_message_read(const struct bench_message *m, int status,
                        const struct lim_feedback *f, const char *body,
                        size_t length, struct lim_outcome *out);

#endif
