#ifndef BENCH_RESUME_H
#define BENCH_RESUME_H

#include "bench/runner.h"

/*
 * How far a result file has come: a run and its timeline are there whole, or
 * they are run again.
 */
struct bench_resume {
    size_t runs;    /* of the share that are there, from its first on */
    int64_t length; /* of the file up to them */
};

/*
 * Reads the file at `path` of an experiment that would begin with `head`.
 * LIM_OK; LIM_ENOMEM; or LIM_EINVAL and `diag`: it is not to be read, or is
 * of something else.
 */
int bench_resume_read(const char *path, const struct bench_head *head,
                      struct bench_share share, struct bench_resume *out,
                      struct lim_diag *diag);

#endif
