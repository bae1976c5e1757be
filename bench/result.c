#define _POSIX_C_SOURCE 200809L

#include "bench/result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/path.h"
#include "bench/experiment.h"
#include "mockserver/file.h"
#include "mockserver/json.h"

#define RESULT_MAX (1 << 30)
#define MOMENT_SIZE 7

/* Reading one text: where it is, and what came before. */
struct reader {
    struct bench_result *result;
    size_t runs_room;
    bool ended;
    bool torn; /* the last line that was read is no JSON */
    int line;
    struct lim_diag *diag;
};

static int broken(struct reader *r, const char *reason)
{
    return lim_fail(r->diag, LIM_EPARSE, r->line, "%s", reason);
}

static char *copy_string(struct mock_json *j, const char *key)
{
    const char *s = "";
    mock_json_string(j, key, &s);
    return strdup(s);
}

static cJSON *copy_object(struct mock_json *j, const char *key)
{
    const cJSON *o = mock_json_get(j, key);
    if (!cJSON_IsObject(o))
        mock_json_wrong(j, key, "must be an object");
    return cJSON_Duplicate(o, true);
}

static size_t read_count(struct mock_json *j, const char *key, int64_t min)
{
    int64_t n = min - 1;
    mock_json_int(j, key, min, INT64_C(1) << 53, &n);
    if (n < min)
        mock_json_wrong(j, key, "missing");
    return (size_t)n;
}

static void read_strategy(struct bench_result *x, struct mock_json *j)
{
    struct mock_json one;
    if (mock_json_get(j, "strategy") == NULL)
        return;
    mock_json_enter(&one, j, "strategy");
    x->strategy = copy_string(&one, "name");
    x->strategy_file = copy_string(&one, "file");
}

static int read_head(struct reader *r, struct mock_json *j)
{
    struct bench_result *x = r->result;
    if (x->name != NULL)
        return broken(r, "a second head");
    x->version = copy_string(j, "tierlab");
    x->name = copy_string(j, "name");
    x->on = copy_string(j, "on");
    x->seed = read_count(j, "seed", 0);
    x->variants = read_count(j, "variants", 1);
    x->replications = read_count(j, "replications", 1);
    x->scenario = copy_object(j, "scenario");
    read_strategy(x, j);
    if (*j->error == LIM_OK && (!x->version || !x->name || !x->on))
        return broken(r, "out of memory");
    if (*j->error == LIM_OK && x->variants > BENCH_RUNS_MAX / x->replications)
        return broken(r, "more runs than an experiment can have");
    return *j->error;
}

static struct bench_run *add_run(struct reader *r)
{
    struct bench_result *x = r->result;
    if (x->run_count == r->runs_room) {
        size_t room = r->runs_room == 0 ? 64 : 2 * r->runs_room;
        struct bench_run *more = realloc(x->runs, room * sizeof *more);
        if (more == NULL)
            return NULL;
        x->runs = more;
        r->runs_room = room;
    }
    struct bench_run *run = &x->runs[x->run_count++];
    *run = (struct bench_run){ .run = 0 };
    return run;
}

/* 1e999 is a number in JSON, and infinite here. */
static bool all_finite(const cJSON *o)
{
    const cJSON *child;
    if (cJSON_IsNumber(o))
        return isfinite(o->valuedouble);
    cJSON_ArrayForEach(child, o)
    {
        if (!all_finite(child))
            return false;
    }
    return true;
}

static int read_run(struct reader *r, struct mock_json *j)
{
    struct bench_result *x = r->result;
    size_t number = read_count(j, "run", 0);
    if (*j->error != LIM_OK)
        return *j->error;
    if (number / x->replications >= x->variants)
        return broken(r, "run: more runs than the head tells of");
    if (x->run_count > 0 && number <= x->runs[x->run_count - 1].run)
        return broken(r, "run: not in the order of the runs");
    struct bench_run *run = add_run(r);
    if (run == NULL)
        return broken(r, "out of memory");
    run->run = number;
    run->variant = number / x->replications;
    run->replication = number % x->replications;
    run->seed = read_count(j, "seed", 0);
    run->settings = copy_object(j, "variant");
    run->summary = copy_object(j, "summary");
    if (*j->error == LIM_OK && !all_finite(run->summary))
        return broken(r, "summary: a number that is too large");
    return *j->error;
}

static bool read_moment(const cJSON *row, struct sim_moment *m)
{
    double v[MOMENT_SIZE + SIM_GAUGES_MAX];
    int size = cJSON_GetArraySize(row);
    if (!cJSON_IsArray(row) || size < MOMENT_SIZE ||
        size > MOMENT_SIZE + SIM_GAUGES_MAX)
        return false;
    size_t i = 0;
    const cJSON *cell;
    cJSON_ArrayForEach(cell, row)
    {
        if (!cJSON_IsNumber(cell) ||
            !(cell->valuedouble >= 0 && cell->valuedouble < 0x1p53))
            return false;
        v[i++] = cell->valuedouble;
    }
    *m = (struct sim_moment){
        .t_s = v[0],
        .arrived = (uint64_t)v[1],
        .admitted = (uint64_t)v[2],
        .http_429 = (uint64_t)v[3],
        .succeeded = (uint64_t)v[4],
        .waiting = (uint64_t)v[5],
        .in_flight = (uint64_t)v[6],
        .gauges.count = (uint8_t)(size - MOMENT_SIZE),
    };
    for (int g = 0; g < m->gauges.count; g++) {
        if (v[MOMENT_SIZE + g] > 100)
            return false;
        m->gauges.percent[g] = (uint8_t)v[MOMENT_SIZE + g];
    }
    return true;
}

static int read_timeline(struct reader *r, struct mock_json *j)
{
    struct bench_result *x = r->result;
    struct bench_run *run =
        x->run_count == 0 ? NULL : &x->runs[x->run_count - 1];
    const cJSON *rows = mock_json_get(j, "moments"), *row;
    size_t number = read_count(j, "run", 0);
    if (*j->error != LIM_OK)
        return *j->error;
    if (run == NULL || run->run != number || run->moments != NULL)
        return broken(r, "timeline: does not belong to the run before it");
    if (!cJSON_IsArray(rows))
        return broken(r, "timeline: moments must be a list");
    run->moments =
        calloc((size_t)cJSON_GetArraySize(rows) + 1, sizeof *run->moments);
    if (run->moments == NULL)
        return broken(r, "out of memory");
    cJSON_ArrayForEach(row, rows)
    {
        if (!read_moment(row, &run->moments[run->moment_count++]))
            return broken(r, "timeline: a moment is a list of 7 numbers, "
                             "and up to 16 percentages");
    }
    return LIM_OK;
}

static int read_end(struct reader *r, struct mock_json *j)
{
    r->ended = true;
    mock_json_bool(j, "partial", &r->result->partial);
    return *j->error;
}

static int read_wall(struct reader *r, struct mock_json *j)
{
    if (r->result->wall != NULL)
        return broken(r, "a second wall record");
    r->result->wall = cJSON_Duplicate(j->object, true);
    return LIM_OK;
}

static int read_record(struct reader *r, const cJSON *record)
{
    static const struct {
        const char *kind;
        int (*read)(struct reader *r, struct mock_json *j);
    } kinds[] = {
        { "head", read_head },         { "run", read_run },
        { "end", read_end },           { "wall", read_wall },
        { "timeline", read_timeline },
    };
    const char *kind = "";
    int error = LIM_OK, result = LIM_OK;
    struct mock_json j;
    struct lim_diag why = { 0 };
    mock_json_open(&j, record, "", &error, &why);
    mock_json_string(&j, "kind", &kind);
    if (error == LIM_OK && r->result->name == NULL && strcmp(kind, "head") != 0)
        return broken(r, "no result file: it does not begin with a head");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (error == LIM_OK && strcmp(kind, kinds[i].kind) == 0)
            result = kinds[i].read(r, &j);
    return error != LIM_OK ? broken(r, why.text) : result;
}

static int read_line(struct reader *r, const char *line, size_t length)
{
    struct lim_diag why = { 0 };
    cJSON *record = mock_json_parse(line, length, &why);
    r->torn = record == NULL;
    if (record == NULL)
        return broken(r, why.text);
    int error = read_record(r, record);
    cJSON_Delete(record);
    return error;
}

/* Whoever wrote the last line did not come to its end. */
static int broke_off(struct bench_result *x)
{
    x->partial = true;
    return LIM_OK;
}

int bench_result_parse(struct bench_result *x, const char *text, size_t length,
                       struct lim_diag *diag)
{
    *x = (struct bench_result){ .name = NULL };
    struct reader r = { .result = x, .diag = diag };
    int error = LIM_OK;
    const char *end = text + length;
    while (error == LIM_OK && text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        r.line++;
        if (stop > text)
            error = read_line(&r, text, (size_t)(stop - text));
        if (r.torn && stop == end && x->name != NULL)
            return broke_off(x);
        text = stop + 1;
    }
    if (error == LIM_OK && x->name == NULL)
        error = broken(&r, "no result file: it is empty");
    if (error != LIM_OK)
        bench_result_fini(x);
    else if (!r.ended || x->run_count < x->variants * x->replications)
        x->partial = true;
    return error;
}

static char *file_of(const char *path)
{
    struct stat st;
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    size_t size = strlen(path) + sizeof "/results.jsonl";
    char *file = malloc(size);
    if (file != NULL)
        snprintf(file, size, "%s%s", path, folder ? "/results.jsonl" : "");
    return file;
}

int bench_result_read(struct bench_result *r, const char *path,
                      struct lim_diag *diag)
{
    *r = (struct bench_result){ .name = NULL };
    char *file = file_of(path);
    if (file == NULL)
        return lim_fail(diag, LIM_ENOMEM, 0, "out of memory");
    size_t length;
    char *text = mock_read_file(file, RESULT_MAX, &length, diag);
    free(file);
    if (text == NULL)
        return LIM_EPARSE;
    int error = bench_result_parse(r, text, length, diag);
    free(text);
    return error;
}

size_t bench_result_saturated(const struct bench_result *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->run_count; i++)
        if (cJSON_IsTrue(
                bench_path_get(r->runs[i].summary, "generator.saturated")))
            n++;
    return n;
}

void bench_result_fini(struct bench_result *r)
{
    for (size_t i = 0; i < r->run_count; i++) {
        cJSON_Delete(r->runs[i].settings);
        cJSON_Delete(r->runs[i].summary);
        free(r->runs[i].moments);
    }
    free(r->runs);
    free(r->version);
    free(r->name);
    free(r->on);
    free(r->strategy);
    free(r->strategy_file);
    cJSON_Delete(r->scenario);
    cJSON_Delete(r->wall);
    *r = (struct bench_result){ .name = NULL };
}
