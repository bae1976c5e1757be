#include <stdlib.h>

#include "sim/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Rows come out in order and in range, or an error names a line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_trace_row *rows = NULL;
    size_t n = 0;
    struct lim_diag diag = { 0 };
    int error = sim_trace_parse((const char *)data, size, &rows, &n, &diag);
    if (error == LIM_EPARSE && (diag.line < 1 || diag.text[0] == 0))
        abort();
    if (error != LIM_OK)
        return 0;
    if (n == 0 || rows[0].at_ns != 0)
        abort();
    for (size_t i = 0; i < n; i++)
        if (rows[i].prompt_tokens < 0 || rows[i].completion_tokens < 0 ||
            (i > 0 && rows[i].at_ns < rows[i - 1].at_ns))
            abort();
    free(rows);
    return 0;
}
