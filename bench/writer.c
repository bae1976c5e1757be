#define _DEFAULT_SOURCE /* flock */

#include "bench/result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "bench/command.h"

#define SYNC_S 1.0 /* at most so long a line is not on the disk */

struct bench_writer {
    FILE *file;
    char *path; /* owned */
    size_t runs;
    double synced;
    bool failed;
};

static void write_line(struct bench_writer *w, cJSON *record)
{
    char *line = record == NULL ? NULL : cJSON_PrintUnformatted(record);
    if (line == NULL || fprintf(w->file, "%s\n", line) < 0)
        w->failed = true;
    cJSON_free(line);
    cJSON_Delete(record);
}

/* Hands what was written to the system, and now and then to the disk. */
static void settle(struct bench_writer *w, bool now)
{
    double clock = bench_command_clock();
    if (fflush(w->file) != 0)
        w->failed = true;
    if (!now && clock - w->synced < SYNC_S)
        return;
    w->synced = clock;
    /* what cannot be synced (a pipe) is no failure */
    if (fdatasync(fileno(w->file)) != 0 && errno != EINVAL && errno != EROFS)
        w->failed = true;
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

/* One process at a time writes a result; LIM_OK for what has no locks. */
static int lock(FILE *f, const char *path, struct lim_diag *diag)
{
    if (flock(fileno(f), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return LIM_OK;
    return lim_fail(diag, LIM_EINVAL, 0,
                    "%s: another process is writing it now", path);
}

static struct bench_writer *writer_of(const char *path, const char *mode,
                                      struct lim_diag *diag)
{
    struct bench_writer *w = calloc(1, sizeof *w);
    char *copy = strdup(path);
    if (w == NULL || copy == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        free(w);
        free(copy);
        return NULL;
    }
    w->path = copy;
    w->synced = bench_command_clock();
    w->file = fopen(path, mode);
    if (w->file == NULL)
        lim_fail(diag, LIM_EINVAL, 0, "cannot write %s: %s", path,
                 strerror(errno));
    else if (lock(w->file, path, diag) == LIM_OK)
        return w;
    else
        fclose(w->file);
    free(w->path);
    free(w);
    return NULL;
}

struct bench_writer *bench_writer_open(const char *path,
                                       const struct bench_head *head,
                                       struct lim_diag *diag)
{
    char *line = bench_head_line(head);
    struct bench_writer *w = writer_of(path, "wx", diag);
    if (w != NULL && (line == NULL || fprintf(w->file, "%s\n", line) < 0))
        w->failed = true;
    cJSON_free(line);
    if (w != NULL)
        settle(w, true);
    return w;
}

struct bench_writer *bench_writer_go_on(const char *path, int64_t length,
                                        size_t runs, struct lim_diag *diag)
{
    struct bench_writer *w = writer_of(path, "r+", diag);
    if (w == NULL)
        return NULL;
    w->runs = runs;
    if (ftruncate(fileno(w->file), (off_t)length) == 0 &&
        fseek(w->file, 0, SEEK_END) == 0)
        return w;
    lim_fail(diag, LIM_EINVAL, 0, "cannot go on with %s: %s", path,
             strerror(errno));
    fclose(w->file);
    free(w->path);
    free(w);
    return NULL;
}

static void write_timeline(struct bench_writer *w, const struct bench_run *run)
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
    write_line(w, o);
}

void bench_writer_run(struct bench_writer *w, const struct bench_run *run)
{
    cJSON *o = record_of("run");
    cJSON_AddNumberToObject(o, "run", (double)run->run);
    add_copy(o, "variant", run->settings);
    cJSON_AddNumberToObject(o, "replication", (double)run->replication);
    cJSON_AddNumberToObject(o, "seed", (double)run->seed);
    add_copy(o, "summary", run->summary);
    write_line(w, o);
    if (run->moments != NULL)
        write_timeline(w, run);
    w->runs++;
    settle(w, false);
}

/* Closes and frees.  False: something could not be written. */
static bool release(struct bench_writer *w)
{
    bool good = !w->failed;
    good = fclose(w->file) == 0 && good;
    free(w->path);
    free(w);
    return good;
}

int bench_writer_close(struct bench_writer *w, bool partial, const cJSON *wall,
                       struct lim_diag *diag)
{
    cJSON *o = record_of("end");
    cJSON_AddNumberToObject(o, "runs", (double)w->runs);
    cJSON_AddBoolToObject(o, "partial", partial);
    write_line(w, o);
    if (wall != NULL)
        write_line(w, cJSON_Duplicate(wall, true));
    settle(w, true);
    if (w->failed)
        lim_fail(diag, LIM_EINVAL, 0, "cannot write %s", w->path);
    return release(w) ? LIM_OK : LIM_EINVAL;
}

void bench_writer_abandon(struct bench_writer *w)
{
    if (w == NULL)
        return;
    if (w->runs == 0)
        unlink(w->path);
    (void)release(w);
}
