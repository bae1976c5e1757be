/* The first byte chooses the status, the rest is the body. */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "limiter/apierror.h"
#include "limiter/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    size_t n = strlen(text);
    assert(n < size);
    for (size_t i = 0; i < n; i++)
        assert((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 429, 200, 400, 503, 401, 0 };
    struct lim_apierror e;
    if (size == 0)
        return 0;
    lim_apierror_read(&e, statuses[data[0] % 6], (const char *)data + 1,
                      size - 1);
    assert(e.class < LIM_CLASSES);
    assert(e.limit >= -1 && e.limit < LIM_WINDOWS);
    assert(e.max >= -1 && e.max <= LIM_LIMIT_MAX);
    assert(e.used >= -1 && e.used <= LIM_LIMIT_MAX);
    assert(e.requested >= -1 && e.requested <= LIM_LIMIT_MAX);
    assert(e.hint_ns >= -1 && e.hint_ns <= LIM_HINT_MAX);
    check_text(e.code, sizeof e.code);
    check_text(e.message, sizeof e.message);
    return 0;
}
