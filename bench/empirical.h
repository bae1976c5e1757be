#ifndef BENCH_EMPIRICAL_H
#define BENCH_EMPIRICAL_H

#include "mockserver/json.h"
#include "sim/scenario.h"

/*
 * Sizes that were seen, drawn from a file by inverse transform:
 *
 *     {"empirical": "FILE"}                       a number a line
 *     {"empirical": "FILE", "column": "NAME"}     a column of a CSV file
 *
 * Numbers are 0 to 1e8.  Where prompt and completion come from columns of
 * one file, a draw takes both from one row: they keep their correlation.
 */
struct bench_sizes { /* owned; NULL: not empirical */
    double *prompt, *completion;
};

/*
 * Reads the "prompt_tokens" and "completion_tokens" of a workload into `w`,
 * whatever their kind.  Files are looked for in `folder` (NULL: the current
 * one).  Failures are told through `j`; bench_sizes_fini in any case.
 */
void bench_sizes_read(struct mock_json *j, const char *folder,
                      struct sim_workload *w, struct bench_sizes *sizes);
void bench_sizes_fini(struct bench_sizes *sizes);

#endif
