#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "limiter/error.h"
#include "sim/summary.h"

/*
 * A result file: one JSON object a line, and all that is needed to know
 * where the figures come from.
 *
 *     {"kind":"head","tierlab":"0.1.0","name":...,"on":"sim","seed":1,
 *      "variants":8,"replications":10,"scenario":{...}}
 *         and "strategy":{"name":"mine","file":"mine.so"} after --strategy,
 *         and "shard":[2,8] of its part, whose runs are 1, 9, 17, ...
 *     {"kind":"run","run":0,"variant":{"client.cap":1,...},
 *      "replication":0,"seed":1,"summary":{...}}
 *     {"kind":"timeline","run":0,"moments":[[t_s,arrived,admitted,http_429,
 *      succeeded,waiting,in_flight],...]}, and behind each how far the first
 *         16 organisations have used their scarcest windows, in percent: in
 *         the simulator by the provider's count, over HTTP as the pool
 *         believes, and not at all where it does not believe in limits
 *     {"kind":"end","runs":80,"partial":false}
 *     {"kind":"wall","started":...,"machine":...,"wall_s":...,"runs":[...]}
 *
 * Runs stand in run order; the first replication of each variant has its
 * timeline after it.  Only the wall record differs between two runs of one
 * seed in virtual time.
 */
struct bench_run {
    size_t run;     /* number in the experiment */
    size_t variant; /* number, from 0 */
    size_t replication;
    uint64_t seed;
    cJSON *settings;            /* owned: {"client.cap": 5, ...} */
    cJSON *summary;             /* owned: see tierlab(1), SUMMARY */
    struct sim_moment *moments; /* owned; NULL: no timeline */
    size_t moment_count;
};

struct bench_result {
    char *version; /* owned: of the tool that ran it */
    char *name;    /* owned */
    char *on;      /* owned: "sim", "mock" or a URL */
    uint64_t seed;
    size_t variants;                /* planned */
    size_t replications;            /* planned, each variant */
    cJSON *scenario;                /* owned: with "vary" */
    char *strategy, *strategy_file; /* owned: that was loaded; NULL: none */
    struct bench_run *runs;         /* owned, in run order */
    size_t run_count;
    bool partial; /* interrupted: runs are missing */
    cJSON *wall;  /* owned; NULL: no such record */
};

/*
 * Reads a result file, or the one in a folder (results.jsonl).  Lines of
 * kinds that are not known are passed over; so is a last line that broke off.
 * Without an end, or with fewer runs than planned, it is partial.  Returns
 * LIM_OK, or a negative error and `diag` (with the line); after an error
 * nothing is left to free.
 */
int bench_result_read(struct bench_result *r, const char *path,
                      struct lim_diag *diag);
int bench_result_parse(struct bench_result *r, const char *text, size_t length,
                       struct lim_diag *diag);
void bench_result_fini(struct bench_result *r);

/* How many runs were sent by a generator that was at its end: their figures
   are its own. */
size_t bench_result_saturated(const struct bench_result *r);

/*
 * Writing: line by line, each of which is with the system when the function
 * returns and on the disk a second later, so that whatever happens only what
 * was under way is lost.  A file without an end goes on by bench_resume.
 */
struct bench_writer;

struct bench_head {
    const char *version, *name, *on;
    uint64_t seed;
    size_t variants, replications;
    const cJSON *scenario;
    const char *strategy, *strategy_file; /* that was loaded; NULL: none */
    size_t shard, shards;                 /* 1 to shards; 0: no shard */
};

/* The line of a head.  NULL: no memory.  The caller frees it. */
char *bench_head_line(const struct bench_head *head);

/* Makes the file.  NULL and `diag`: it cannot be made, or is there. */
struct bench_writer *bench_writer_open(const char *path,
                                       const struct bench_head *head,
                                       struct lim_diag *diag);

/* Goes on with a file after its first `length` bytes, which hold `runs`. */
struct bench_writer *bench_writer_go_on(const char *path, int64_t length,
                                        size_t runs, struct lim_diag *diag);

/* Writes a run's line, and its timeline if it has moments.  False: it is not
   in the file, nor will what follows be.  The reason is kept and told by
   bench_writer_close, which tries once more. */
bool bench_writer_run(struct bench_writer *w, const struct bench_run *run);

/*
 * Writes the end and `wall` (NULL: none).  Frees the writer.  Returns LIM_OK,
 * or BENCH_EWRITE (bench/output.h) and `diag`: what was written before is
 * there, and bench_resume goes on with it.
 */
int bench_writer_close(struct bench_writer *w, bool partial, const cJSON *wall,
                       struct lim_diag *diag);

/* Leaves the file as it is, or removes it if it holds no run.  NULL is
   allowed. */
void bench_writer_abandon(struct bench_writer *w);

/*
 * The summary of one run as tierlab(1) has it; wall_s < 0 leaves that figure
 * out, as result files do.  NULL: no memory.  The caller frees it.
 */
cJSON *bench_summary_to_json(const struct sim_summary *s, const char *version,
                             uint64_t seed, double wall_s);

#endif
