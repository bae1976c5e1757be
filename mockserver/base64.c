#include "mockserver/base64.h"

void mock_base64_add(struct mock_text *out, const unsigned char *bytes,
                     size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
                                 "ghijklmnopqrstuvwxyz0123456789+/";
    size_t room = (length + 2) / 3 * 4;
    char *to = mock_text_reserve(out, room);
    if (to == NULL)
        return;
    for (size_t i = 0; i < length; i += 3, to += 4) {
        size_t left = length - i;
        unsigned v = (unsigned)bytes[i] << 16;
        v |= left > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
        v |= left > 2 ? (unsigned)bytes[i + 2] : 0;
        to[0] = digits[v >> 18];
        to[1] = digits[v >> 12 & 63];
        to[2] = left > 1 ? digits[v >> 6 & 63] : '=';
        to[3] = left > 2 ? digits[v & 63] : '=';
    }
    out->length += room;
    out->data[out->length] = '\0';
}
