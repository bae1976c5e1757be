/* Any bytes as a scenario: parsed, laid out as an experiment, read. */

#include <stddef.h>
#include <stdint.h>

#include "bench/experiment.h"
#include "bench/scenario.h"
#include "mockserver/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_first(const struct bench_experiment *e)
{
    struct lim_diag diag = { 0 };
    struct bench_scenario s;
    cJSON *tree = bench_experiment_scenario(e, e->variants - 1, &diag);
    if (tree == NULL)
        return;
    if (bench_scenario_from_json(&s, tree, "/nowhere", &diag) == LIM_OK)
        bench_scenario_fini(&s);
    cJSON_Delete(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lim_diag diag = { 0 };
    struct bench_experiment e;
    cJSON *tree = mock_json_parse((const char *)data, size, &diag);
    if (tree != NULL && bench_experiment_init(&e, tree, &diag) == LIM_OK) {
        read_first(&e);
        bench_experiment_fini(&e);
    }
    cJSON_Delete(tree);
    return 0;
}
