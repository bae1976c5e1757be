#include "bench/result.h"

#include <stdlib.h>

#include "bench/output.h"

struct bench_writer {
    struct bench_output out;
    size_t runs;
    bool failed;
};

static void write_line(struct bench_writer *w, cJSON *record)
{
    char *line = record == NULL ? NULL : cJSON_PrintUnformatted(record);
    if (line == NULL || fprintf(w->out.file, "%s\n", line) < 0)
        w->failed = true;
    cJSON_free(line);
    cJSON_Delete(record);
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

struct bench_writer *bench_writer_open(const char *path,
                                       const struct bench_head *head,
                                       struct lim_diag *diag)
{
    struct bench_writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        return NULL;
    }
    if (bench_output_open(&w->out, path, diag) != LIM_OK) {
        free(w);
        return NULL;
    }
    cJSON *o = record_of("head");
    cJSON_AddStringToObject(o, "tierlab", head->version);
    cJSON_AddStringToObject(o, "name", head->name);
    cJSON_AddStringToObject(o, "on", head->on);
    cJSON_AddNumberToObject(o, "seed", (double)head->seed);
    cJSON_AddNumberToObject(o, "variants", (double)head->variants);
    cJSON_AddNumberToObject(o, "replications", (double)head->replications);
    add_copy(o, "scenario", head->scenario);
    add_strategy(o, head);
    write_line(w, o);
    return w;
}

static void write_timeline(struct bench_writer *w, const struct bench_run *run)
{
    cJSON *o = record_of("timeline");
    cJSON_AddNumberToObject(o, "run", (double)run->run);
    cJSON *rows = cJSON_AddArrayToObject(o, "moments");
    for (size_t i = 0; i < run->moment_count; i++) {
        const struct sim_moment *m = &run->moments[i];
        const double row[] = {
            m->t_s,
            (double)m->arrived,
            (double)m->admitted,
            (double)m->http_429,
            (double)m->succeeded,
            (double)m->waiting,
            (double)m->in_flight,
        };
        cJSON_AddItemToArray(
            rows, cJSON_CreateDoubleArray(row, sizeof row / sizeof row[0]));
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
    int error;
    if (w->failed) {
        error = lim_fail(diag, LIM_EINVAL, 0, "cannot write %s", w->out.path);
        bench_output_abandon(&w->out);
    } else {
        error = bench_output_commit(&w->out, diag);
    }
    free(w);
    return error;
}

void bench_writer_abandon(struct bench_writer *w)
{
    if (w == NULL)
        return;
    bench_output_abandon(&w->out);
    free(w);
}
