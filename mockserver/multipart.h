#ifndef MOCK_MULTIPART_H
#define MOCK_MULTIPART_H

#include "limiter/error.h"
#include "mockserver/api.h"

/*
 * Reading multipart/form-data (RFC 7578, RFC 2046), strictly.  What two
 * readers could split in two ways is refused: the body begins with the first
 * delimiter and ends with the last (and at most one CRLF behind it); lines
 * end in CRLF; behind a boundary stands nothing; a header's name is a token
 * with the colon right behind it; no folded lines; each part has one
 * Content-Disposition, which is form-data with one name; nothing is encoded
 * for transfer.
 *
 * Nothing is allocated and nothing decoded: parts point into the body.
 */
#define MOCK_MULTIPART_PARTS_MAX 64
#define MOCK_MULTIPART_HEAD_MAX 4096 /* bytes of a part's headers */

struct mock_part {
    struct mock_slice name;     /* as it stands between the quotes */
    struct mock_slice filename; /* the same; `at` NULL: it is no file */
    struct mock_slice type;     /* its Content-Type; NULL: none */
    struct mock_slice data;
};

struct mock_multipart {
    size_t count;
    struct mock_part parts[MOCK_MULTIPART_PARTS_MAX];
};

/*
 * Splits a body by the boundary that `content_type`, the header's value,
 * names.  LIM_OK, LIM_EPARSE, or LIM_EFULL (too many parts), both with a
 * reason in `diag`.
 */
int mock_multipart_parse(struct mock_slice content_type, struct mock_slice body,
                         struct mock_multipart *out, struct lim_diag *diag);

/* The first part of that name, or NULL. */
const struct mock_part *mock_multipart_find(const struct mock_multipart *m,
                                            const char *name);

#endif
