#ifndef LIM_APIERROR_H
#define LIM_APIERROR_H

#include <stddef.h>
#include <stdint.h>

#include "limiter/feedback.h"
#include "limiter/limits.h"

/*
 * Reads the body of an error answer: what kind of failure it is, and the
 * numbers that the API writes into its sentence.  Bodies may be anything:
 * JSON of the API (old and new wording, Azure's dialect), plain text of a
 * proxy, cut, empty, hostile.
 */
struct lim_apierror {
    enum lim_class class;
    int limit;         /* enum lim_limit that refused, or -1 */
    int64_t max;       /* "Limit 30000"; -1: not said */
    int64_t used;      /* "Used 28039"; -1 */
    int64_t requested; /* "Requested 3906"; -1 */
    int64_t hint_ns;   /* "Please try again in 3.89s"; -1 */
    char code[64];     /* the error's code, cut to fit; "" if none */
    char message[256]; /* its sentence, cut to fit; "" if none */
};

/*
 * Classifies an answer of `status` with the `length` bytes of `body`.
 * `status` 0 stands for an answer that never came.  An error object in a
 * 2xx answer (a stream cut by a failure) is classified by its words.
 */
void lim_apierror_read(struct lim_apierror *e, int status, const char *body,
                       size_t length);

#endif
