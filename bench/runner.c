#define _POSIX_C_SOURCE 200809L

#include "bench/runner.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bench/attempts.h"
#include "bench/folder.h"
#include "bench/interrupt.h"
#include "bench/memory.h"
#include "bench/output.h"
#include "bench/words.h"

/* A run that is over and waits for those before it. */
struct slot {
    bool over;
    struct bench_run run;
    double wall_s;
};

struct shared {
    const struct bench_runner *runner;
    pthread_mutex_t lock; /* of all that follows */
    struct slot *slots;
    size_t runs, next, handed;
    bool stop, interrupted, unwanted;
    int error;
    size_t error_run;
    struct lim_diag *diag;
};

/* A thread keeps the scenario of its last run: runs of one variant follow
   one another. */
struct worker {
    struct shared *shared;
    bool loaded;
    size_t variant;
    struct bench_scenario scenario;
};

bool bench_share_parse(struct bench_share *s, const char *text)
{
    char *end;
    *s = (struct bench_share){ strtoul(text, &end, 10), 1 };
    if (strspn(text, "0123456789/") != strlen(text) || strlen(text) > 15 ||
        *end != '/')
        return false;
    s->n = strtoul(end + 1, &end, 10);
    return *end == 0 && s->k >= 1 && s->k <= s->n;
}

size_t bench_share_runs(struct bench_share s, size_t runs)
{
    return s.k > runs ? 0 : (runs - s.k) / s.n + 1;
}

size_t bench_share_run(struct bench_share s, size_t i)
{
    return s.k - 1 + i * s.n;
}

/* How many runs there are to do, and the number of the i-th. */
static size_t runs_of(const struct bench_runner *r)
{
    const struct bench_experiment *e = r->experiment;
    return bench_share_runs(r->share,
                            bench_experiment_runs(e) - e->variants * r->from);
}

static size_t number_of(const struct bench_runner *r, size_t i)
{
    size_t each = r->experiment->replications - r->from;
    size_t run = bench_share_run(r->share, i);
    return run + (run / each + 1) * r->from;
}

static int make_scenario(const struct bench_experiment *e, size_t variant,
                         const struct bench_place *place,
                         struct bench_scenario *out, struct lim_diag *diag)
{
    cJSON *tree = bench_experiment_scenario(e, variant, diag);
    if (tree == NULL)
        return LIM_EINVAL;
    int error = bench_scenario_with(out, tree, place->folder, place->own, diag);
    cJSON_Delete(tree);
    if (error != LIM_OK)
        return error;
    error = bench_place_check(place, out, diag);
    if (error != LIM_OK)
        bench_scenario_fini(out);
    return error;
}

int bench_runner_check(const struct bench_experiment *e,
                       const struct bench_place *place, struct lim_diag *diag)
{
    for (size_t v = 0; v < e->variants; v++) {
        struct bench_scenario s;
        int error = make_scenario(e, v, place, &s, diag);
        if (error != LIM_OK)
            return error;
        bench_scenario_fini(&s);
    }
    return LIM_OK;
}

static bool go_on(void *context, lim_time now, uint64_t attempts)
{
    (void)context;
    (void)now;
    (void)attempts;
    return !bench_interrupt_came();
}

static int load(struct worker *w, size_t variant, struct lim_diag *diag)
{
    const struct bench_runner *r = w->shared->runner;
    if (w->loaded && w->variant == variant)
        return LIM_OK;
    if (w->loaded)
        bench_scenario_fini(&w->scenario);
    int error =
        make_scenario(r->experiment, variant, r->place, &w->scenario, diag);
    w->loaded = error == LIM_OK;
    w->variant = variant;
    return error;
}

/* How the one who sent fared; of the wall's clock, and so of no run in the
   simulator. */
static void add_generator(cJSON *summary, const struct bench_wall *w)
{
    cJSON *o = cJSON_AddObjectToObject(summary, "generator");
    cJSON_AddNumberToObject(o, "cpu", w->wall_s > 0 ? w->cpu_s / w->wall_s : 0);
    cJSON_AddNumberToObject(o, "lag_ms_max", w->lag_ms_max);
    cJSON_AddNumberToObject(o, "connections", (double)w->connections);
    cJSON_AddNumberToObject(o, "network_errors", (double)w->network_errors);
    cJSON_AddNumberToObject(o, "aborted", (double)w->aborted);
    cJSON_AddBoolToObject(o, "saturated", w->saturated);
}

static int fill(const struct bench_runner *r, struct bench_outcome *o,
                struct bench_run *run)
{
    run->settings = bench_experiment_settings(r->experiment, run->variant);
    run->summary =
        bench_summary_to_json(&o->summary, r->version, run->seed, -1);
    if (o->wired && run->summary != NULL)
        add_generator(run->summary, &o->wall);
    if (run->replication == 0) {
        run->moments = o->moments;
        run->moment_count = o->moment_count;
        o->moments = NULL;
    }
    return run->settings != NULL && run->summary != NULL ? LIM_OK : LIM_ENOMEM;
}

static int run_here(const struct bench_runner *r,
                    const struct bench_scenario *s, uint64_t seed,
                    const struct sim_watch *watch, struct bench_outcome *out,
                    struct lim_diag *diag)
{
    static const struct sim_pace pace = { .go_on = go_on };
    return bench_place_run(r->place, s, seed, watch, &pace, out, diag);
}

/* The same with its attempts in a file. */
static int run_told(const struct bench_runner *r, size_t number,
                    const struct bench_scenario *s, uint64_t seed,
                    struct bench_outcome *out, struct lim_diag *diag)
{
    struct bench_output csv;
    char *name = bench_words("%zu.csv", number);
    char *path = name == NULL ? NULL : bench_folder_join(r->requests, name);
    int error = path == NULL ? lim_fail(diag, LIM_ENOMEM, 0, "out of memory")
                             : bench_output_open(&csv, path, diag);
    free(name);
    free(path);
    if (error != LIM_OK)
        return error == LIM_EINVAL ? BENCH_EWRITE : error;
    struct bench_attempts attempts = { .scenario = &s->sim, .file = csv.file };
    const struct sim_watch watch = { .context = &attempts,
                                     .attempt = bench_attempts_add };
    bench_attempts_head(csv.file);
    error = run_here(r, s, seed, &watch, out, diag);
    if (error != LIM_OK) {
        bench_output_abandon(&csv);
        return error;
    }
    if (bench_output_commit(&csv, diag) == LIM_OK)
        return LIM_OK;
    bench_outcome_fini(out);
    return BENCH_EWRITE;
}

static int run_one(struct worker *w, size_t i, struct slot *slot,
                   struct lim_diag *diag)
{
    const struct bench_runner *r = w->shared->runner;
    size_t number = number_of(r, i);
    struct bench_run_id id = bench_experiment_run(r->experiment, number);
    struct bench_outcome outcome;
    int error = load(w, id.variant, diag);
    if (error == LIM_OK)
        error =
            r->requests == NULL
                ? run_here(r, &w->scenario, id.seed, NULL, &outcome, diag)
                : run_told(r, number, &w->scenario, id.seed, &outcome, diag);
    if (error != LIM_OK)
        return error;
    slot->run = (struct bench_run){ .run = number,
                                    .variant = id.variant,
                                    .replication = id.replication,
                                    .seed = id.seed };
    slot->wall_s = outcome.wall_s;
    error = fill(r, &outcome, &slot->run);
    bench_outcome_fini(&outcome);
    return error;
}

static void drop(struct bench_run *run)
{
    cJSON_Delete(run->settings);
    cJSON_Delete(run->summary);
    free(run->moments);
    *run = (struct bench_run){ .run = 0 };
}

/* Hands over what no earlier run keeps waiting.  Locked. */
static void hand_over(struct shared *s)
{
    while (s->handed < s->runs && s->slots[s->handed].over) {
        struct slot *slot = &s->slots[s->handed++];
        if (!s->unwanted &&
            !s->runner->done(s->runner->context, &slot->run, slot->wall_s))
            s->unwanted = s->stop = true;
        drop(&slot->run);
    }
}

/* Locked. */
static void take(struct shared *s, size_t i, struct slot *slot, int error,
                 const struct lim_diag *why)
{
    if (bench_interrupt_came())
        s->interrupted = s->stop = true;
    if (error == LIM_OK) {
        s->slots[i] = *slot;
        s->slots[i].over = true;
        hand_over(s);
        return;
    }
    drop(&slot->run);
    s->stop = true;
    if (s->error == LIM_OK || i < s->error_run) {
        s->error = error;
        s->error_run = i;
        *s->diag = *why;
    }
}

static void *work(void *argument)
{
    struct worker *w = argument;
    struct shared *s = w->shared;
    pthread_mutex_lock(&s->lock);
    while (!s->stop && s->next < s->runs) {
        size_t i = s->next++;
        pthread_mutex_unlock(&s->lock);
        struct slot slot = { .over = false };
        struct lim_diag why = { 0 };
        int error = run_one(w, i, &slot, &why);
        pthread_mutex_lock(&s->lock);
        take(s, i, &slot, error, &why);
    }
    pthread_mutex_unlock(&s->lock);
    if (w->loaded)
        bench_scenario_fini(&w->scenario);
    return NULL;
}

/* This thread works too; one that cannot be made is done without. */
static void run_all(struct shared *s, struct worker *workers, size_t n)
{
    pthread_t *threads = calloc(n, sizeof *threads);
    size_t made = 0;
    for (size_t i = 0; i < n; i++)
        workers[i].shared = s;
    while (threads != NULL && made + 1 < n &&
           pthread_create(&threads[made], NULL, work, &workers[made + 1]) == 0)
        made++;
    work(&workers[0]);
    for (size_t i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

int bench_runner_run(const struct bench_runner *r, bool *interrupted,
                     struct lim_diag *diag)
{
    struct bench_interrupt held;
    struct lim_diag unused = { 0 };
    struct shared s = { .runner = r,
                        .runs = runs_of(r),
                        .next = r->first,
                        .handed = r->first,
                        .diag = diag == NULL ? &unused : diag };
    size_t n = r->place->world == BENCH_ON_SIM ? r->threads : 1;
    n = n > s.runs ? s.runs : n;
    struct worker *workers = calloc(n + 1, sizeof *workers);
    s.slots = calloc(s.runs + 1, sizeof *s.slots);
    if (workers == NULL || s.slots == NULL) {
        s.error = lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    } else {
        pthread_mutex_init(&s.lock, NULL);
        bench_interrupt_hold(&held);
        bench_memory_keep();
        run_all(&s, workers, n);
        bench_interrupt_release(&held);
        pthread_mutex_destroy(&s.lock);
        for (size_t i = s.handed; i < s.runs; i++)
            drop(&s.slots[i].run);
    }
    free(workers);
    free(s.slots);
    *interrupted = s.interrupted;
    return s.error;
}
