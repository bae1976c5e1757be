#ifndef BENCH_LABELS_H
#define BENCH_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

/*
 * The words for the values of one parameter, each different from all others:
 * bench_words_value where that tells them apart, else what differs between
 * them.  Of three lists of one organisation, at tier1, tier3 and tier5, these
 * are "tier1", "tier3" and "tier5"; of
 *
 *     {"limits": "none", "retry": {"max": 6, "backoff": "full_jitter"}}
 *     {"limits": "none", "retry": {"max": 6, "backoff": "hinted"}}
 *
 * they are "full_jitter" and "hinted".  LIM_OK, and `labels[i]` is the
 * caller's to free; or LIM_ENOMEM, and none is.
 */
int bench_labels(const cJSON *const *values, size_t n, char **labels);

/* Whether the values of a parameter of that name say by themselves what they
   are: "headroom", but "cap 30". */
bool bench_labels_plain(const char *name, const cJSON *value);

#endif
