#include "bench/arrivals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/config.h"
#include "mockserver/file.h"
#include "mockserver/units.h"
#include "sim/burst.h"

#define BATCH_MAX 10000000
#define TRACE_MAX (256 << 20)
#define ROWS_MAX 10000000
#define SCALE_MIN 1e-6
#define SCALE_MAX 1e6
#define FACTOR_MAX 1e6
#define RATE_MAX 1e6
#define USERS_MAX 1000000
#define NEEDS_DURATION                                                         \
    "arrivals without an end need a \"duration\" of the scenario"

static char *join(const char *folder, const char *file)
{
    bool bare = folder == NULL || file[0] == '/';
    size_t size = strlen(file) + (bare ? 0 : strlen(folder)) + 2;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s%s%s", bare ? "" : folder, bare ? "" : "/",
                 file);
    return path;
}

static void load_trace(struct mock_json *j, const char *path,
                       struct sim_arrivals *a, struct sim_trace_row **rows)
{
    struct lim_diag diag = { 0 };
    size_t length;
    char *text = mock_read_file(path, TRACE_MAX, &length, &diag);
    if (text == NULL) {
        mock_json_wrong(j, "trace", "%s: %s", path, diag.text);
        return;
    }
    if (sim_trace_parse(text, length, rows, &a->row_count, &diag) != LIM_OK)
        mock_json_wrong(j, "trace", "%s:%d: %s", path, diag.line, diag.text);
    else if (a->row_count == 0)
        mock_json_wrong(j, "trace", "%s: no rows", path);
    free(text);
    a->rows = *rows;
}

/* More copies of the trace side by side, or a part of it. */
static void scale_trace(struct mock_json *j, double scale,
                        struct sim_arrivals *a, struct sim_trace_row **rows)
{
    if ((double)a->row_count * scale > ROWS_MAX)
        mock_json_wrong(j, "scale", "%zu rows would become more than %d",
                        a->row_count, ROWS_MAX);
    else if (sim_trace_scale(rows, &a->row_count, scale) != LIM_OK)
        mock_json_wrong(j, "scale", "out of memory");
    else if (a->row_count == 0)
        mock_json_wrong(j, "scale", "no row of the trace is left");
    a->rows = *rows;
}

static void burst_trace(struct mock_json *j, double factor,
                        struct sim_arrivals *a, struct sim_trace_row *rows)
{
    int error = sim_trace_burst(rows, a->row_count, factor);
    if (error != LIM_OK)
        mock_json_wrong(j, "burstiness", "%s",
                        error == LIM_ENOMEM
                            ? "out of memory"
                            : "the trace is longer than two years");
}

static void read_trace(struct mock_json *j,
                       const struct bench_workload_place *place,
                       struct sim_arrivals *a, struct sim_trace_row **rows)
{
    const char *file = NULL;
    double scale = 1, burstiness = 1;
    mock_json_string(j, "trace", &file);
    mock_json_number(j, "speed", 1e-6, 1e6, &a->speed);
    mock_json_number(j, "scale", SCALE_MIN, SCALE_MAX, &scale);
    mock_json_number(j, "burstiness", 0, BENCH_BURSTINESS_MAX, &burstiness);
    mock_json_bool(j, "loop", &a->loop);
    if (file == NULL)
        return;
    if (a->loop && !place->bounded)
        mock_json_wrong(j, "loop", NEEDS_DURATION);
    char *path = join(place->folder, file);
    if (path == NULL)
        mock_json_wrong(j, "trace", "out of memory");
    else
        load_trace(j, path, a, rows);
    free(path);
    if (*j->error == LIM_OK && scale != 1)
        scale_trace(j, scale, a, rows);
    if (*j->error == LIM_OK && burstiness != 1)
        burst_trace(j, burstiness, a, *rows);
}

/* The rate of random arrivals, which stands under `key`. */
static void read_rate(struct mock_json *j, const char *key, bool bounded,
                      struct sim_arrivals *a)
{
    a->rate_per_s = 1;
    mock_json_rate(j, key, &a->rate_per_s);
    if (!(a->rate_per_s > 0 && a->rate_per_s <= RATE_MAX))
        mock_json_wrong(j, key, "a rate must be above 0 and at most 1M/s");
    else if (!bounded)
        mock_json_wrong(j, key, NEEDS_DURATION);
}

static void must_have(struct mock_json *j, const char *key, const char *example)
{
    if (mock_json_get(j, key) == NULL)
        mock_json_wrong(j, key, "missing: write %s", example);
}

/* Gamma or Weibull arrivals, by rate and coefficient of variation. */
static void read_renewal(struct mock_json *parent, const char *kind,
                         bool bounded, struct sim_arrivals *a)
{
    struct mock_json j;
    mock_json_enter(&j, parent, kind);
    must_have(&j, "rate", "\"rate\": \"100/m\"");
    must_have(&j, "cv", "\"cv\": 3, the coefficient of variation of the gaps");
    read_rate(&j, "rate", bounded, a);
    mock_json_number(&j, "cv", SIM_CV_MIN, SIM_CV_MAX, &a->cv);
    mock_json_close(&j);
}

/* The coefficient of variation of the gaps: 1 where nothing is said. */
static void read_cv(struct mock_json *j, struct sim_arrivals *a)
{
    mock_json_number(j, "cv", SIM_CV_MIN, SIM_CV_MAX, &a->cv);
}

/* Reads the factors of the hours, and makes their mean 1. */
static void read_hours(struct mock_json *j, struct sim_arrivals *a)
{
    const cJSON *list = mock_json_get(j, "hourly");
    const cJSON *item;
    int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    double sum = 0;
    if (n != 24 && n != SIM_HOURS) {
        mock_json_wrong(j, "hourly",
                        "expected 24 factors, of the hours of a day (UTC), or "
                        "168, of a week from Monday on");
        return;
    }
    cJSON_ArrayForEach(item, list)
    {
        double factor = cJSON_IsNumber(item) ? item->valuedouble : -1;
        if (!(factor >= 0 && factor <= FACTOR_MAX)) {
            mock_json_wrong(j, "hourly", "factor %u: expected 0 to %.0f",
                            a->factor_count + 1, FACTOR_MAX);
            return;
        }
        a->factors[a->factor_count++] = factor;
        sum += factor;
    }
    if (!(sum > 0))
        mock_json_wrong(j, "hourly", "some factor must be above 0");
    for (int i = 0; i < n; i++)
        a->factors[i] *= n / sum;
}

static void read_diurnal(struct mock_json *parent, bool bounded,
                         struct sim_arrivals *a)
{
    struct mock_json j;
    mock_json_enter(&j, parent, "diurnal");
    must_have(&j, "mean", "\"mean\": \"100/m\"");
    must_have(&j, "hourly", "\"hourly\": [24 or 168 factors]");
    read_rate(&j, "mean", bounded, a);
    read_hours(&j, a);
    read_cv(&j, a);
    mock_json_close(&j);
}

/* The element of a list as a word: a number stands for itself. */
static const char *word_at(const cJSON *list, int i, char *out, size_t size)
{
    const cJSON *item = cJSON_GetArrayItem(list, i);
    if (cJSON_IsString(item))
        return item->valuestring;
    if (!cJSON_IsNumber(item))
        return "";
    snprintf(out, size, "%.17g", item->valuedouble);
    return out;
}

static void read_state(struct mock_json *j, const cJSON *rates,
                       const cJSON *stays, int i, struct sim_state *state)
{
    char rate[40], stay[40];
    int64_t ns = 0;
    if (!mock_units_rate(word_at(rates, i, rate, sizeof rate),
                         &state->rate_per_s) ||
        state->rate_per_s > RATE_MAX)
        mock_json_wrong(j, "rates",
                        "state %d: expected a rate such as "
                        "\"10/m\", at most 1M/s",
                        i + 1);
    if (!mock_units_duration(word_at(stays, i, stay, sizeof stay), &ns) ||
        ns <= 0)
        mock_json_wrong(j, "stay",
                        "state %d: expected a duration such as "
                        "\"5m\", above 0",
                        i + 1);
    state->stay_s = (double)ns / (double)LIM_SEC;
}

static void read_mmpp(struct mock_json *parent, bool bounded,
                      struct sim_arrivals *a)
{
    struct mock_json j;
    double sum = 0;
    mock_json_enter(&j, parent, "mmpp");
    const cJSON *rates = mock_json_get(&j, "rates");
    const cJSON *stays = mock_json_get(&j, "stay");
    int n = cJSON_IsArray(rates) ? cJSON_GetArraySize(rates) : 0;
    read_cv(&j, a);
    mock_json_close(&j);
    if (n < 1 || n > SIM_STATES_MAX) {
        mock_json_wrong(&j, "rates", "expected a list of 1 to %d rates",
                        SIM_STATES_MAX);
        return;
    }
    if (!cJSON_IsArray(stays) || cJSON_GetArraySize(stays) != n)
        mock_json_wrong(&j, "stay", "expected %d durations, one for each rate",
                        n);
    else if (!bounded)
        mock_json_wrong(&j, "rates", NEEDS_DURATION);
    a->state_count = (unsigned)n;
    for (int i = 0; i < n && *j.error == LIM_OK; i++) {
        read_state(&j, rates, stays, i, &a->states[i]);
        sum += a->states[i].rate_per_s;
    }
    if (!(sum > 0))
        mock_json_wrong(&j, "rates", "some rate must be above 0");
}

static void read_closed(struct mock_json *parent, bool bounded,
                        struct sim_arrivals *a)
{
    struct mock_json j;
    int64_t users = 1;
    mock_json_enter(&j, parent, "closed");
    must_have(&j, "users", "\"users\": 10");
    must_have(&j, "think", "\"think\": \"5s\"");
    mock_json_int(&j, "users", 1, USERS_MAX, &users);
    mock_config_dist(&j, "think", true, &a->think);
    if (*j.error == LIM_OK && !(sim_dist_mean(&a->think) > 0))
        mock_json_wrong(&j, "think", "must be above 0");
    if (!bounded)
        mock_json_wrong(&j, "users", NEEDS_DURATION);
    mock_json_close(&j);
    a->users = (uint32_t)users;
}

/* Exactly one of the kinds must be there.  Returns its name, or NULL. */
static const char *kind_of(struct mock_json *j, enum sim_arrival_kind *out)
{
    static const char *const kinds[] = {
        [SIM_ARRIVE_BATCH] = "batch",     [SIM_ARRIVE_POISSON] = "poisson",
        [SIM_ARRIVE_GAMMA] = "gamma",     [SIM_ARRIVE_WEIBULL] = "weibull",
        [SIM_ARRIVE_DIURNAL] = "diurnal", [SIM_ARRIVE_MMPP] = "mmpp",
        [SIM_ARRIVE_TRACE] = "trace",     [SIM_ARRIVE_CLOSED] = "closed",
        [SIM_ARRIVE_SHARED] = NULL
    };
    const char *kind = NULL;
    for (size_t i = 0; kinds[i] != NULL; i++) {
        if (mock_json_get(j, kinds[i]) == NULL)
            continue;
        if (kind != NULL)
            mock_json_wrong(j, kinds[i], "there is a \"%s\" already", kind);
        kind = kinds[i];
        *out = (enum sim_arrival_kind)i;
    }
    return kind;
}

static void read_kind(struct mock_json *j, const char *name,
                      const struct bench_workload_place *place,
                      struct sim_arrivals *a, struct sim_trace_row **rows)
{
    switch (a->kind) {
    case SIM_ARRIVE_BATCH:
        mock_json_int(j, name, 1, BATCH_MAX, &a->batch);
        break;
    case SIM_ARRIVE_POISSON:
        read_rate(j, name, place->bounded, a);
        break;
    case SIM_ARRIVE_GAMMA:
    case SIM_ARRIVE_WEIBULL:
        read_renewal(j, name, place->bounded, a);
        break;
    case SIM_ARRIVE_DIURNAL:
        read_diurnal(j, place->bounded, a);
        break;
    case SIM_ARRIVE_MMPP:
        read_mmpp(j, place->bounded, a);
        break;
    case SIM_ARRIVE_TRACE:
        read_trace(j, place, a, rows);
        break;
    case SIM_ARRIVE_CLOSED:
        read_closed(j, place->bounded, a);
        break;
    case SIM_ARRIVE_SHARED:
        break;
    }
}

void bench_arrivals_read(struct mock_json *parent,
                         const struct bench_workload_place *place,
                         struct sim_arrivals *a, struct sim_trace_row **rows)
{
    struct mock_json j;
    if (mock_json_get(parent, "arrivals") == NULL) {
        mock_json_wrong(parent, "arrivals",
                        "missing: write {\"batch\": N}, {\"poisson\": "
                        "\"100/m\"} or {\"trace\": \"FILE\"}");
        return;
    }
    mock_json_enter(&j, parent, "arrivals");
    const char *kind = kind_of(&j, &a->kind);
    if (kind != NULL)
        read_kind(&j, kind, place, a, rows);
    mock_json_close(&j);
    if (kind == NULL)
        mock_json_wrong(parent, "arrivals",
                        "write one of batch, poisson, gamma, weibull, "
                        "diurnal, mmpp, trace, closed");
}
