/* Lines of headers; what they leave is in range. */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "limiter/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct lim_shown *s)
{
    assert(s->limit >= -1 && s->limit <= LIM_LIMIT_MAX);
    assert(s->remaining >= -1 && s->remaining <= LIM_LIMIT_MAX);
    assert(s->reset_ns >= -1 && s->reset_ns <= LIM_HINT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    struct lim_headers h;
    lim_headers_init(&h);
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((line != NULL ? line : end) - at);
        lim_headers_read_line(&h, at, n, lim_date(2026, 1, 1));
        at += n + (line != NULL);
    }
    check(&h.feedback.requests);
    check(&h.feedback.tokens);
    assert(h.feedback.hint_ns >= -1 && h.feedback.hint_ns <= LIM_HINT_MAX);
    assert(h.feedback.hint_ns == -1 || h.feedback.hint_ns % LIM_MSEC == 0);
    return 0;
}
