/* The first line is a content type, the rest a body: parts lie inside of it,
   in order, and hold no delimiter. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
    if (!ok)
        abort();
}

/* Memory of its own, so that a byte too far is seen. */
static struct mock_slice exact(const uint8_t *bytes, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    check(copy != NULL);
    if (length > 0)
        memcpy(copy, bytes, length);
    return (struct mock_slice){ copy, length };
}

static void check_inside(struct mock_slice whole, struct mock_slice s)
{
    check(s.at == NULL || (s.at >= whole.at && s.length <= whole.length &&
                           s.at + s.length <= whole.at + whole.length));
}

/* The shortest text that could stand before a boundary. */
static int has_delimiter(struct mock_slice data, struct mock_slice next)
{
    for (size_t i = 0; i + next.length <= data.length; i++)
        if (memcmp(data.at + i, next.at, next.length) == 0)
            return 1;
    return 0;
}

static void check_parts(struct mock_slice body, const struct mock_multipart *m)
{
    const char *last = body.at;
    const char *line = memchr(body.at, '\r', body.length);
    check(line != NULL);
    check(m->count <= MOCK_MULTIPART_PARTS_MAX);
    for (size_t i = 0; i < m->count; i++) {
        const struct mock_part *p = &m->parts[i];
        check(p->name.at != NULL);
        check_inside(body, p->name);
        check_inside(body, p->filename);
        check_inside(body, p->type);
        check_inside(body, p->data);
        check(p->name.at > last);
        check(p->data.at > p->name.at);
        last = p->data.at + p->data.length;
        size_t boundary = (size_t)(line - body.at);
        struct mock_slice next = { last, boundary + 2 };
        check_inside(body, next);
        check(memcmp(next.at, "\r\n", 2) == 0);
        check(memcmp(next.at + 2, body.at, boundary) == 0);
        check(!has_delimiter(p->data, next));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mock_multipart m;
    struct lim_diag why = { 0 };
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - data);
    struct mock_slice type = exact(data, head);
    struct mock_slice body = exact(end + 1, size - head - 1);
    int rc = mock_multipart_parse(type, body, &m, &why);
    check(rc == LIM_OK || why.text[0] != '\0');
    if (rc == LIM_OK && m.count > 0)
        check_parts(body, &m);
    free((void *)(uintptr_t)type.at);
    free((void *)(uintptr_t)body.at);
    return 0;
}
