#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <cjson/cJSON.h>

#include "limiter/feedback.h"
#include "limiter/price.h"

/*
 * Reads the usage object of an answer (NULL: it has none): of chat, of
 * embeddings, or of responses, which calls prompt and completion input and
 * output.  `price` NULL: what it cost is not known.
 */
void bench_usage_read(const cJSON *usage, const struct lim_price *price,
                      int64_t images, struct lim_outcome *out);

#endif
