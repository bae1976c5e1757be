/* Any bytes as a result file: read, and every figure asked of it. */

#include <stddef.h>
#include <stdint.h>

#include "bench/aggregate.h"
#include "bench/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lim_diag diag = { 0 };
    struct bench_result r;
    if (bench_result_parse(&r, (const char *)data, size, &diag) != LIM_OK)
        return 0;
    for (size_t v = 0; v < r.variants && v < 8; v++) {
        cJSON_Delete(bench_aggregate_json(&r, v));
        bench_aggregate(&r, v, "http_429%");
    }
    bench_result_fini(&r);
    return 0;
}
