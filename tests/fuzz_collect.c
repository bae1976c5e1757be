/*
 * A stream of events from anybody: it makes an answer, which is JSON, or it is
 * no answer; and a part of it that is found lies within it.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bench/collect.h"
#include "bench/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bench_collected c;
    struct bench_span part;
    bench_collect(&c, (const char *)data, size);
    assert((c.answer != NULL) == (c.class == LIM_CLASS_OK));
    assert(memchr(c.message, '\0', sizeof c.message) != NULL);
    char *text = c.answer != NULL ? cJSON_PrintUnformatted(c.answer) : NULL;
    if (text != NULL && bench_span_find(text, strlen(text), "usage", &part))
        assert(part.length > 0 && part.at > text &&
               part.at + part.length < text + strlen(text));
    cJSON_free(text);
    cJSON_Delete(c.answer);
    /* Texts that are no JSON lead nowhere, but not out of themselves. */
    if (bench_span_find((const char *)data, size, "model", &part))
        assert(part.at + part.length <= (const char *)data + size);
    return 0;
}
