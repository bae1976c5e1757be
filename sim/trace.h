#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "limiter/error.h"

/* One row of a trace: a request that came, and how long its reply was. */
struct sim_trace_row {
    int64_t at_ns; /* from the trace's first row; never falls */
    int32_t prompt_tokens;
    int32_t completion_tokens;
};

/*
 * Parses a request trace in one of four public forms (sim/schema.h), told by
 * the first line: Azure's LLM inference traces of 2023 and 2024, BurstGPT,
 * Vidur (these are CSV with a header line) and Mooncake (a JSON object a
 * line).
 *
 * Lines may end with CR LF.  Nothing else is let pass: no spaces around
 * fields, signs, quotes, empty lines or times that fall.  There must be a row.
 *
 * The text need not end with 0.  The caller frees `*rows` with free().
 * Returns LIM_OK, LIM_ENOMEM, or LIM_EPARSE with line and reason in `diag`.
 */
int sim_trace_parse(const char *text, size_t length,
                    struct sim_trace_row **rows, size_t *count,
                    struct lim_diag *diag);

/*
 * Makes more or fewer requests of a trace without changing its clock, so that
 * bursts keep their lengths: whole copies side by side, each shifted round
 * the trace's span by its own share of it, and of the last copy the rows that
 * a draw keeps.  `scale` is above 0.  Replaces `*rows`, which may come out
 * empty; LIM_OK, or LIM_ENOMEM and nothing has changed.
 */
int sim_trace_scale(struct sim_trace_row **rows, size_t *count, double scale);

#endif
