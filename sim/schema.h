#ifndef SIM_SCHEMA_H
#define SIM_SCHEMA_H

#include <stdbool.h>

#include "limiter/error.h"
#include "sim/trace.h"

/*
 * The forms of public request traces, line by line.  Internal to sim/trace.
 *
 *     azure     TIMESTAMP,ContextTokens,GeneratedTokens    a date, UTC
 *     burstgpt  Timestamp,...,Request tokens,Response tokens,...   seconds
 *     vidur     arrived_at,num_prefill_tokens,num_decode_tokens    seconds
 *     mooncake  {"timestamp": ms, "input_length": n, "output_length": n, ...}
 *
 * The first three are CSV whose header line tells which; columns may stand in
 * any order and there may be others.  No field is quoted.
 */
enum sim_schema_form { SIM_AZURE, SIM_BURSTGPT, SIM_VIDUR, SIM_MOONCAKE };

/* A piece of a text that is not ended by 0. */
struct sim_piece {
    const char *at, *end;
};

struct sim_schema {
    enum sim_schema_form form;
    bool header;          /* the first line is not a row */
    unsigned columns;     /* of CSV, and where in it stand: */
    unsigned at[3];       /* time, prompt tokens, completion tokens */
    const char *names[3]; /* of the same */
};

/*
 * Tells the form of a trace by its first line.  LIM_OK, or LIM_EPARSE and
 * `diag`, with line 1.
 */
int sim_schema_find(struct sim_schema *s, struct sim_piece first,
                    struct lim_diag *diag);

/*
 * Reads a row, whose time is still absolute, from line number `number`.
 * LIM_OK, or LIM_EPARSE and `diag`.
 */
int sim_schema_row(const struct sim_schema *s, struct sim_piece line,
                   int number, struct sim_trace_row *row,
                   struct lim_diag *diag);

#endif
