#define _POSIX_C_SOURCE 200809L

#include "bench/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/command.h"
#include "bench/log.h"
#include "bench/output.h"

#define SYNC_S 1.0 /* at most so long a line is not on the disk */

struct bench_writer {
    struct bench_log log;
    size_t runs; /* that are in the file, whole */
    double synced;
    int trouble; /* errno of the first write that failed */
};

/* False: it is not, or not all, in the file; what comes later waits for it. */
static bool write_text(struct bench_writer *w, const char *line)
{
    bool good = line != NULL && bench_log_add(&w->log, line, strlen(line));
    if (!good && w->trouble == 0)
        w->trouble = line != NULL ? w->log.trouble : ENOMEM;
    return good;
}

static bool write_line(struct bench_writer *w, cJSON *record)
{
    char *line = record == NULL ? NULL : cJSON_PrintUnformatted(record);
    bool good = write_text(w, line);
    cJSON_free(line);
    cJSON_Delete(record);
    return good;
}

/* What was written goes to the disk now and then. */
static void settle(struct bench_writer *w, bool now)
{
    double clock = bench_command_clock();
    if (!now && clock - w->synced < SYNC_S)
        return;
    w->synced = clock;
    bench_log_sync(&w->log);
    if (w->trouble == 0)
        w->trouble = w->log.trouble;
}

static cJSON *record_of(const char *kind)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "kind", kind);
    return o;
}

static void add_copy(cJSON *o, const char *key, const cJSON *value)
{
    cJSON *copy = cJSON_Duplicate(value, true);
    if (!cJSON_AddItemToObject(o, key, copy))
        cJSON_Delete(copy);
}

static void add_strategy(cJSON *o, const struct bench_head *head)
{
    if (head->strategy == NULL)
        return;
    cJSON *strategy = cJSON_AddObjectToObject(o, "strategy");
    cJSON_AddStringToObject(strategy, "name", head->strategy);
    cJSON_AddStringToObject(strategy, "file", head->strategy_file);
}

char *bench_head_line(const struct bench_head *head)
{
    cJSON *o = record_of("head");
    cJSON_AddStringToObject(o, "tierlab", head->version);
    cJSON_AddStringToObject(o, "name", head->name);
    cJSON_AddStringToObject(o, "on", head->on);
    cJSON_AddNumberToObject(o, "seed", (double)head->seed);
    cJSON_AddNumberToObject(o, "variants", (double)head->variants);
    cJSON_AddNumberToObject(o, "replications", (double)head->replications);
    add_copy(o, "scenario", head->scenario);
    add_strategy(o, head);
    if (head->shard > 0) {
        const double shard[] = { (double)head->shard, (double)head->shards };
        cJSON_AddItemToObject(o, "shard", cJSON_CreateDoubleArray(shard, 2));
    }
    char *line = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    return line;
}

static struct bench_writer *writer_of(const char *path, bool go_on,
                                      struct lim_diag *diag)
{
    struct bench_writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        return NULL;
    }
    w->synced = bench_command_clock();
    if (bench_log_open(&w->log, path, go_on, diag) == LIM_OK)
        return w;
    free(w);
    return NULL;
}

/* Nothing has come of it. */
static void give_up(struct bench_writer *w, const char *path,
                    struct lim_diag *diag)
{
    lim_fail(diag, LIM_EINVAL, 0, "cannot write %s: %s", path,
             strerror(w->trouble));
    bench_log_close(&w->log);
    free(w);
}

struct bench_writer *bench_writer_open(const char *path,
                                       const struct bench_head *head,
                                       struct lim_diag *diag)
{
    struct bench_writer *w = writer_of(path, false, diag);
    if (w == NULL)
        return NULL;
    char *line = bench_head_line(head);
    bool good = write_text(w, line);
    cJSON_free(line);
    settle(w, true);
    if (good && w->trouble == 0)
        return w;
    give_up(w, path, diag);
    unlink(path);
    return NULL;
}

struct bench_writer *bench_writer_go_on(const char *path, int64_t length,
                                        size_t runs, struct lim_diag *diag)
{
    struct bench_writer *w = writer_of(path, true, diag);
    if (w == NULL)
        return NULL;
    w->runs = runs;
    if (bench_log_shorten(&w->log, length))
        return w;
    w->trouble = w->log.trouble;
    give_up(w, path, diag);
    return NULL;
}

static bool write_timeline(struct bench_writer *w, const struct bench_run *run)
{
    cJSON *o = record_of("timeline");
    cJSON_AddNumberToObject(o, "run", (double)run->run);
    cJSON *rows = cJSON_AddArrayToObject(o, "moments");
    for (size_t i = 0; i < run->moment_count; i++) {
        const struct sim_moment *m = &run->moments[i];
        double row[7 + SIM_GAUGES_MAX] = {
            m->t_s,
            (double)m->arrived,
            (double)m->admitted,
            (double)m->http_429,
            (double)m->succeeded,
            (double)m->waiting,
            (double)m->in_flight,
        };
        for (int g = 0; g < m->gauges.count; g++)
            row[7 + g] = m->gauges.percent[g];
        cJSON_AddItemToArray(rows,
                             cJSON_CreateDoubleArray(row, 7 + m->gauges.count));
    }
    return write_line(w, o);
}

bool bench_writer_run(struct bench_writer *w, const struct bench_run *run)
{
    cJSON *o = record_of("run");
    cJSON_AddNumberToObject(o, "run", (double)run->run);
    add_copy(o, "variant", run->settings);
    cJSON_AddNumberToObject(o, "replication", (double)run->replication);
    cJSON_AddNumberToObject(o, "seed", (double)run->seed);
    add_copy(o, "summary", run->summary);
    bool good = write_line(w, o);
    if (run->moments != NULL)
        good = write_timeline(w, run) && good;
    w->runs += good;
    settle(w, false);
    return w->trouble == 0;
}

/* What is not in the file is tried once more, since it may have cost money. */
static bool release(struct bench_writer *w)
{
    bool good = bench_log_close(&w->log) && w->trouble == 0;
    free(w);
    return good;
}

int bench_writer_close(struct bench_writer *w, bool partial, const cJSON *wall,
                       struct lim_diag *diag)
{
    cJSON *o = record_of("end");
    cJSON_AddNumberToObject(o, "runs", (double)w->runs);
    cJSON_AddBoolToObject(o, "partial", partial);
    if (w->trouble == 0)
        write_line(w, o);
    else
        cJSON_Delete(o);
    if (w->trouble == 0 && wall != NULL)
        write_line(w, cJSON_Duplicate(wall, true));
    settle(w, true);
    lim_fail(diag, BENCH_EWRITE, 0, "cannot write %.160s: %s", w->log.path,
             strerror(w->trouble != 0 ? w->trouble : EIO));
    return release(w) ? LIM_OK : BENCH_EWRITE;
}

void bench_writer_abandon(struct bench_writer *w)
{
    if (w == NULL)
        return;
    if (w->runs == 0)
        unlink(w->log.path);
    (void)release(w);
}
