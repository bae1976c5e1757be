/* The shards of an experiment become one result. */

#define _POSIX_C_SOURCE 200809L

#include "bench/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/folder.h"
#include "bench/output.h"
#include "bench/result.h"
#include "bench/show.h"

struct options {
    const char **results;
    size_t count;
    const char *folder;
    bool quiet;
};

static const struct argp_option option_list[] = {
    { .name = "output",
      .key = 'o',
      .arg = "DIR",
      .doc = "Folder for the whole (required)" },
    { .name = "quiet", .key = 'q', .doc = "Print no table" },
    { 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 'o':
        o->folder = arg;
        break;
    case 'q':
        o->quiet = true;
        break;
    case ARGP_KEY_ARG:
        o->results[o->count++] = arg;
        break;
    case ARGP_KEY_END:
        if (o->count == 0)
            argp_error(state, "which results?");
        if (o->folder == NULL)
            argp_error(state, "into which folder? (-o)");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "RESULT...",
    .doc = "Puts the shards of an experiment together.\v"
           "RESULTs are those of `tierlab bench --shard K/N`, in any order.  "
           "The whole is what one machine would have written; `tierlab plot` "
           "draws it.",
};

/* All of `b` that has to be as in `a`. */
static bool alike(const struct bench_result *a, const struct bench_result *b)
{
    return a->seed == b->seed && a->variants == b->variants &&
           a->replications == b->replications && strcmp(a->on, b->on) == 0 &&
           strcmp(a->name, b->name) == 0 &&
           strcmp(a->version, b->version) == 0 &&
           cJSON_Compare(a->scenario, b->scenario, true);
}

/* A run of some result, or NULL and `diag`: nobody has it, or two have. */
static const struct bench_run *find_run(const struct bench_result *list,
                                        size_t n, size_t *at, size_t number,
                                        struct lim_diag *diag)
{
    const struct bench_run *found = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct bench_result *r = &list[i];
        if (at[i] == r->run_count || r->runs[at[i]].run != number)
            continue;
        if (found != NULL) {
            lim_fail(diag, LIM_EINVAL, 0, "run %zu is in two of them", number);
            return NULL;
        }
        found = &r->runs[at[i]++];
    }
    if (found == NULL)
        lim_fail(diag, LIM_EINVAL, 0,
                 "run %zu is in none of them: a shard is missing, or was "
                 "interrupted",
                 number);
    return found;
}

static int write_runs(struct bench_writer *w, const struct bench_result *list,
                      size_t n, struct lim_diag *diag)
{
    size_t runs = list[0].variants * list[0].replications;
    size_t *at = calloc(n, sizeof *at);
    int error =
        at != NULL ? LIM_OK : lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    bool kept = true; /* else bench_writer_close tells why */
    for (size_t i = 0; error == LIM_OK && kept && i < runs; i++) {
        const struct bench_run *run = find_run(list, n, at, i, diag);
        if (run != NULL)
            kept = bench_writer_run(w, run);
        else
            error = LIM_EINVAL;
    }
    free(at);
    return error;
}

/* The wall records, one beside the other. */
static cJSON *walls(const struct bench_result *list, size_t n)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "kind", "wall");
    cJSON *shards = cJSON_AddArrayToObject(o, "shards");
    for (size_t i = 0; i < n; i++)
        if (list[i].wall != NULL)
            cJSON_AddItemToArray(shards, cJSON_Duplicate(list[i].wall, true));
    return o;
}

static int write_file(const char *path, const struct bench_result *list,
                      size_t n, struct lim_diag *diag)
{
    const struct bench_result *r = &list[0];
    const struct bench_head head = {
        .version = r->version,
        .name = r->name,
        .on = r->on,
        .seed = r->seed,
        .variants = r->variants,
        .replications = r->replications,
        .scenario = r->scenario,
        .strategy = r->strategy,
        .strategy_file = r->strategy_file,
    };
    struct bench_writer *w = bench_writer_open(path, &head, diag);
    if (w == NULL)
        return BENCH_EWRITE;
    int error = write_runs(w, list, n, diag);
    if (error != LIM_OK) {
        bench_writer_abandon(w);
        remove(path);
        return error;
    }
    cJSON *wall = walls(list, n);
    error = bench_writer_close(w, false, wall, diag);
    cJSON_Delete(wall);
    if (error != LIM_OK)
        remove(path);
    return error;
}

static int merge(const struct options *o, const struct bench_result *list,
                 struct lim_diag *diag)
{
    for (size_t i = 1; i < o->count; i++)
        if (!alike(&list[0], &list[i]))
            return lim_fail(diag, LIM_EINVAL, 0,
                            "%s and %s are of different experiments",
                            o->results[0], o->results[i]);
    if (bench_folder_exists(o->folder))
        return lim_fail(diag, LIM_EINVAL, 0,
                        "%s exists; choose another folder with -o", o->folder);
    int error = bench_folder_make(o->folder, diag);
    if (error != LIM_OK)
        return error;
    char *path = bench_folder_join(o->folder, "results.jsonl");
    error = path != NULL ? write_file(path, list, o->count, diag) : LIM_ENOMEM;
    free(path);
    if (error != LIM_OK)
        bench_folder_unmake(o->folder);
    return error;
}

static int show(const struct options *o)
{
    struct bench_result whole;
    struct lim_diag diag = { 0 };
    int error = bench_result_read(&whole, o->folder, &diag);
    if (error != LIM_OK)
        return bench_complain(o->folder, error, &diag);
    bench_show_result(stdout, &whole);
    bench_result_fini(&whole);
    return BENCH_DONE;
}

static int run(const struct options *o)
{
    struct lim_diag diag = { 0 };
    struct bench_result *list = calloc(o->count, sizeof *list);
    size_t n = 0;
    int error = list != NULL ? LIM_OK : LIM_ENOMEM;
    int code = BENCH_DONE;
    for (; error == LIM_OK && n < o->count; n++)
        error = bench_result_read(&list[n], o->results[n], &diag);
    if (error != LIM_OK) {
        code = bench_complain(n > 0 ? o->results[n - 1] : NULL, error, &diag);
    } else {
        error = merge(o, list, &diag);
        if (error != LIM_OK)
            code = bench_complain(NULL, error, &diag);
    }
    for (size_t i = 0; i < n; i++)
        bench_result_fini(&list[i]);
    free(list);
    return code == BENCH_DONE && !o->quiet ? show(o) : code;
}

int bench_cmd_merge(int argc, char **argv, const char *version)
{
    (void)version;
    struct options o = { .results = calloc((size_t)argc, sizeof(char *)) };
    if (o.results == NULL)
        return BENCH_FAILED;
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    int code = run(&o);
    free(o.results);
    return code;
}
