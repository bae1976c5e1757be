/* What is read is in range, and what is written is read back. */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "limiter/duration.h"
#include "limiter/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[LIM_DURATION_SIZE];
    int64_t ns, again;
    if (!lim_duration_parse((const char *)data, size, &ns))
        return 0;
    assert(ns >= 0 && ns <= 36525 * LIM_DAY);
    lim_duration_format(ns, text);
    assert(lim_duration_parse(text, strlen(text), &again));
    assert(again == ns / LIM_MSEC * LIM_MSEC);
    return 0;
}
