#include "bench/sequence.h"

#include <stdlib.h>
#include <string.h>

static void drop(struct bench_run *run)
{
    cJSON_Delete(run->settings);
    cJSON_Delete(run->summary);
    free(run->moments);
}

static bool copy_run(struct bench_run *to, const struct bench_run *from)
{
    *to = *from;
    to->settings = cJSON_Duplicate(from->settings, true);
    to->summary = cJSON_Duplicate(from->summary, true);
    if (from->moments != NULL) {
        size_t size = from->moment_count * sizeof *from->moments;
        to->moments = malloc(size + 1);
        if (to->moments != NULL)
            memcpy(to->moments, from->moments, size);
    }
    if (to->settings != NULL && to->summary != NULL &&
        (from->moments == NULL || to->moments != NULL))
        return true;
    drop(to);
    return false;
}

static bool make_room(struct bench_sequence *s)
{
    if (s->count < s->room)
        return true;
    size_t room = s->room == 0 ? 64 : 2 * s->room;
    struct bench_kept *kept = realloc(s->kept, room * sizeof *kept);
    if (kept != NULL)
        s->kept = kept;
    struct bench_run *runs = realloc(s->result.runs, room * sizeof *runs);
    if (runs != NULL)
        s->result.runs = runs;
    if (kept == NULL || runs == NULL)
        return false;
    s->room = room;
    return true;
}

static bool keep(void *context, const struct bench_run *run, double wall_s)
{
    struct bench_sequence *s = context;
    if (!make_room(s) || !copy_run(&s->kept[s->count].run, run)) {
        s->out_of_memory = true;
        return false;
    }
    s->kept[s->count++].wall_s = wall_s;
    bench_progress_tell(s->progress, 0, "%zu runs", s->count);
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct bench_run *x = &((const struct bench_kept *)a)->run;
    const struct bench_run *y = &((const struct bench_kept *)b)->run;
    if (x->variant != y->variant)
        return x->variant < y->variant ? -1 : 1;
    return (x->replication > y->replication) -
           (x->replication < y->replication);
}

/* Puts the runs in order, with the numbers that they have in `e`. */
static void arrange(struct bench_sequence *s, const struct bench_experiment *e)
{
    if (s->count > 0)
        qsort(s->kept, s->count, sizeof *s->kept, by_place);
    for (size_t i = 0; i < s->count; i++) {
        struct bench_run *run = &s->kept[i].run;
        run->run = run->variant * e->replications + run->replication;
        s->result.runs[i] = *run;
    }
    s->result.run_count = s->count;
    s->result.replications = e->replications;
}

static int write_number(struct bench_experiment *e, struct lim_diag *diag)
{
    cJSON_DeleteItemFromObjectCaseSensitive(e->tree, "replications");
    if (cJSON_AddNumberToObject(e->tree, "replications",
                                (double)e->replications) == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    return LIM_OK;
}

/* How many are wanted: at first what is asked, within what is allowed. */
static size_t wanted(const struct bench_sequence *s,
                     const struct bench_experiment *e)
{
    size_t next = bench_precision_next(s->precision, &s->result);
    size_t most = BENCH_RUNS_MAX / e->variants;
    if (s->count == 0 && e->replications > next)
        next = e->replications;
    return next < most ? next : most;
}

int bench_sequence_run(struct bench_sequence *s, const struct bench_runner *r,
                       struct bench_experiment *e, bool *interrupted,
                       struct lim_diag *diag)
{
    struct bench_runner stage = *r;
    stage.done = keep;
    stage.context = s;
    stage.from = 0;
    e->replications = wanted(s, e);
    do {
        int error = bench_runner_run(&stage, interrupted, diag);
        if (error == LIM_OK && s->out_of_memory)
            error = lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
        if (error != LIM_OK)
            return error;
        arrange(s, e);
        stage.from = e->replications;
        if (!*interrupted)
            e->replications = wanted(s, e);
    } while (e->replications > stage.from);
    return write_number(e, diag);
}

void bench_sequence_hand(const struct bench_sequence *s,
                         const struct bench_runner *r)
{
    bool wanted = true;
    for (size_t i = 0; i < s->count && wanted; i++)
        wanted = r->done(r->context, &s->kept[i].run, s->kept[i].wall_s);
}

void bench_sequence_fini(struct bench_sequence *s)
{
    for (size_t i = 0; i < s->count; i++)
        drop(&s->kept[i].run);
    free(s->kept);
    free(s->result.runs);
    *s = (struct bench_sequence){ .precision = NULL };
}
