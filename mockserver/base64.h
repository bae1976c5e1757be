#ifndef MOCK_BASE64_H
#define MOCK_BASE64_H

#include <stddef.h>

#include "mockserver/text.h"

/* Adds bytes in base64 (RFC 4648, section 4: padded, on one line): four
   characters for each three bytes begun. */
void mock_base64_add(struct mock_text *out, const unsigned char *bytes,
                     size_t length);

#endif
