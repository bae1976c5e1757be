#define _POSIX_C_SOURCE 200809L

#include "bench/command.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/output.h"
#include "bench/path.h"
#include "bench/scenario.h"
#include "sim/ledger.h"

int bench_complain(const char *file, int error, const struct lim_diag *diag)
{
    const char *text = diag->text[0] != 0 ? diag->text : lim_strerror(error);
    /* Readers of files may have named theirs already. */
    size_t n = file == NULL ? 0 : strlen(file);
    bool named = n > 0 && strncmp(text, file, n) == 0 && text[n] == ':';
    fputs("tierlab: ", stderr);
    if (file != NULL && !named)
        fprintf(stderr, "%s:", strcmp(file, "-") == 0 ? "<stdin>" : file);
    if (file != NULL && !named && diag->line > 0)
        fprintf(stderr, "%d:", diag->line);
    fprintf(stderr, "%s%s\n", file != NULL && !named ? " " : "", text);
    bool broken =
        error == LIM_ENOMEM || error == SIM_EBROKEN || error == BENCH_EWRITE;
    return broken ? BENCH_FAILED : BENCH_USAGE;
}

bool bench_command_set(struct bench_changes *changes, const char *assignment)
{
    if (changes->set_count == BENCH_SETS_MAX)
        return false;
    changes->sets[changes->set_count++] = assignment;
    return true;
}

/* --seed and --replications are --set by other names. */
static int set_number(cJSON *tree, const char *key, const char *value,
                      struct lim_diag *diag)
{
    char text[64];
    if (value == NULL)
        return LIM_OK;
    if (value[0] == 0 || value[strspn(value, "0123456789")] != 0 ||
        strlen(value) > 18)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--%s takes a whole number, not '%.40s'", key, value);
    snprintf(text, sizeof text, "%s=%s", key, value);
    return bench_path_assign(tree, text, diag);
}

/* A scenario that compares strategies compares one more; another has it for
   its own. */
static int set_strategy(cJSON *tree, const char *name, struct lim_diag *diag)
{
    const cJSON *vary = cJSON_GetObjectItemCaseSensitive(tree, "vary");
    cJSON *list = cJSON_GetObjectItemCaseSensitive(vary, "client.strategy");
    const cJSON *one;
    if (name == NULL)
        return LIM_OK;
    if (cJSON_HasObjectItem(vary, "client"))
        return lim_fail(diag, LIM_EINVAL, 0,
                        "--strategy has no place where all of \"client\" "
                        "varies");
    cJSON *value = cJSON_CreateString(name);
    int error = bench_path_set(tree, "client.strategy", value, diag);
    cJSON_ArrayForEach(one, list)
    {
        if (cJSON_Compare(one, value, true)) {
            cJSON_Delete(value);
            return error;
        }
    }
    if (!cJSON_IsArray(list) || !cJSON_AddItemToArray(list, value))
        cJSON_Delete(value);
    return error;
}

static int change(cJSON *tree, const struct bench_changes *c,
                  struct lim_diag *diag)
{
    int error = LIM_OK;
    for (size_t i = 0; error == LIM_OK && i < c->set_count; i++) {
        struct lim_diag why = { 0 };
        error = bench_path_assign(tree, c->sets[i], &why);
        if (error != LIM_OK)
            lim_fail(diag, error, 0, "--set %s", why.text);
    }
    if (error == LIM_OK)
        error = set_number(tree, "seed", c->seed, diag);
    if (error == LIM_OK)
        error = set_number(tree, "replications", c->replications, diag);
    if (error == LIM_OK)
        error = set_strategy(tree, c->strategy, diag);
    return error;
}

cJSON *bench_command_scenario(const char *path,
                              const struct bench_changes *changes)
{
    struct lim_diag diag = { 0 };
    cJSON *tree = bench_scenario_read(path, &diag);
    if (tree == NULL) {
        bench_complain(path, LIM_EPARSE, &diag);
        return NULL;
    }
    return bench_command_changed(tree, changes);
}

cJSON *bench_command_changed(cJSON *tree, const struct bench_changes *changes)
{
    struct lim_diag diag = { 0 };
    int error = tree != NULL ? change(tree, changes, &diag)
                             : lim_fail(&diag, LIM_ENOMEM, 0, "out of memory");
    if (error == LIM_OK)
        return tree;
    bench_complain(NULL, error, &diag);
    cJSON_Delete(tree);
    return NULL;
}

int bench_command_strategy(struct bench_plugin *plugin, const char *argument,
                           struct bench_changes *changes)
{
    struct lim_diag diag = { 0 };
    *plugin = (struct bench_plugin){ .name = NULL };
    if (argument == NULL)
        return BENCH_DONE;
    int error = bench_plugin_open(plugin, argument, &diag);
    if (error != LIM_OK)
        return bench_complain(argument, error, &diag);
    changes->strategy = plugin->name;
    return BENCH_DONE;
}

double bench_command_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
