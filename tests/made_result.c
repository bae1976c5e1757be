#define _POSIX_C_SOURCE 200809L

#include "tests/made_result.h"

#include <CUnit/CUnit.h>

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/experiment.h"
#include "bench/folder.h"
#include "mockserver/file.h"

struct made made_default(void)
{
    return (struct made){
        .scenario = "{\"name\": \"made\", \"vary\": {\"client.cap\": "
                    "[1, 5, 50, \"none\"], \"client.strategy\": [\"headroom\", "
                    "\"round_robin\"]}}",
        .on = "sim",
        .replications = 3,
        .base = 10,
        .slope = 1,
        .noise = 0.1,
        .without = SIZE_MAX,
    };
}

static void put_summary(FILE *f, const struct made *m, struct bench_run_id id)
{
    double v = (double)id.variant, r = (double)id.replication;
    double goodput = m->base + m->slope * v + m->noise * r;
    size_t a = id.variant, b = id.replication;
    size_t mixed = (7 * a * a + 3 * b + 3 * a * b * b + 5 * b * b) % 13;
    goodput += m->own * ((double)mixed / 3 - 2);
    double p95 = 20000 / (v + 1) + r;
    fprintf(f,
            "{\"requests\":120,\"succeeded\":100,\"unfinished\":20,"
            "\"attempts\":100,\"http_429\":%.0f,\"goodput_rpm\":%.6g,"
            "\"latency_ms\":{\"p50\":%.6g,\"p95\":%.6g},\"bound_rpm\":20}",
            v, goodput, p95 / 3, p95);
}

static void put_run(FILE *f, const struct made *m,
                    const struct bench_experiment *e, size_t run)
{
    struct bench_run_id id = bench_experiment_run(e, run);
    cJSON *settings = bench_experiment_settings(e, id.variant);
    char *text = cJSON_PrintUnformatted(settings);
    fprintf(f,
            "{\"kind\":\"run\",\"run\":%zu,\"variant\":%s,\"replication\":%zu,"
            "\"seed\":%llu,\"summary\":",
            run, text, id.replication, (unsigned long long)id.seed);
    put_summary(f, m, id);
    fputs("}\n", f);
    if (id.replication == 0) {
        fprintf(f, "{\"kind\":\"timeline\",\"run\":%zu,\"moments\":[", run);
        for (int t = 1; t <= 60; t++)
            fprintf(f, "%s[%d,%d,1,0,1,%d,2]", t > 1 ? "," : "", t, t % 2,
                    t / 20);
        fputs("]}\n", f);
    }
    cJSON_free(text);
    cJSON_Delete(settings);
}

void made_result(struct bench_result *r, const struct made *m)
{
    struct lim_diag diag = { 0 };
    struct bench_experiment e;
    char *text = NULL;
    size_t length;
    cJSON *scenario = cJSON_Parse(m->scenario);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scenario);
    cJSON_AddNumberToObject(scenario, "replications", (double)m->replications);
    CU_ASSERT_EQUAL_FATAL(bench_experiment_init(&e, scenario, &diag), LIM_OK);
    FILE *f = open_memstream(&text, &length);
    char *inner = cJSON_PrintUnformatted(scenario);
    fprintf(f,
            "{\"kind\":\"head\",\"tierlab\":\"9.9.9\",\"name\":\"made\",\"on\":"
            "\"%s\",\"seed\":1,\"variants\":%zu,\"replications\":%zu,"
            "\"scenario\":%s}\n",
            m->on, e.variants, e.replications, inner);
    size_t runs = 0;
    for (size_t i = 0; i < bench_experiment_runs(&e); i++)
        if (bench_experiment_run(&e, i).variant != m->without) {
            put_run(f, m, &e, i);
            runs++;
        }
    fprintf(f, "{\"kind\":\"end\",\"runs\":%zu,\"partial\":%s}\n", runs,
            m->without == SIZE_MAX ? "false" : "true");
    fclose(f);
    int error = bench_result_parse(r, text, length, &diag);
    if (error != LIM_OK)
        fprintf(stderr, "%s\n", diag.text);
    CU_ASSERT_EQUAL_FATAL(error, LIM_OK);
    cJSON_free(inner);
    free(text);
    cJSON_Delete(scenario);
    bench_experiment_fini(&e);
}

char *made_folder(void)
{
    const char *tmp = getenv("TMPDIR");
    char *folder =
        bench_folder_join(tmp != NULL ? tmp : "/tmp", "tierlab-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    return folder;
}

void made_folder_fini(char *folder)
{
    struct dirent *entry;
    DIR *dir = opendir(folder);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char *path = bench_folder_join(folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
        free(path);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(folder);
    free(folder);
}

char *made_read(const char *folder, const char *name)
{
    size_t length;
    char *path = bench_folder_join(folder, name);
    char *text = mock_read_file(path, 16 << 20, &length, NULL);
    free(path);
    return text;
}
