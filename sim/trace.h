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
 * Parses a request trace in the form of Azure's LLM inference trace of 2023:
 *
 *     TIMESTAMP,ContextTokens,GeneratedTokens
 *     2023-11-16 18:17:03.9799600,4808,10
 *
 * The header line is required; times are UTC with up to 9 digits of a
 * second's fraction; lines may end with CR LF.  Nothing else is let pass: no
 * spaces, signs, empty lines or times that fall.  There must be a row.
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
