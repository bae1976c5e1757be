#ifndef MOCK_SAMPLES_H
#define MOCK_SAMPLES_H

#include "mockserver/text.h"

/*
 * Metrics as Prometheus reads them, text format 0.0.4:
 *
 *     # HELP tierlab_mock_requests_total Answers by status.
 *     # TYPE tierlab_mock_requests_total counter
 *     tierlab_mock_requests_total{status="200"} 12
 */
#define MOCK_SAMPLES_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Begins a family, whose name is the two parts together; each stands once,
   with all of its samples. */
void mock_samples_begin(struct mock_text *b, const char *prefix,
                        const char *name, const char *type, const char *help);

/* Adds key="value", the value escaped. */
void mock_samples_label(struct mock_text *b, const char *key,
                        const char *value);

#endif
