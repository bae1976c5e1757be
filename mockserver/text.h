#ifndef MOCK_TEXT_H
#define MOCK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A text that grows as it is written.  When memory runs out it stays as it
 * was and says so once, at the end: `failed`.
 */
struct mock_text {
    char *data; /* 0-terminated once something was added */
    size_t length;
    size_t room;
    bool failed;
};

void mock_text_fini(struct mock_text *t);

/* Empties it; its memory stays, unless it has grown beyond 1 MiB. */
void mock_text_clear(struct mock_text *t);

/* What follows is on the path of every answer, so it stands here: most pieces
   are literals, and find room. */
void mock_text_add_growing(struct mock_text *t, const char *bytes,
                           size_t length);

static inline void mock_text_add(struct mock_text *t, const char *bytes,
                                 size_t length)
{
    if (t->failed || length == 0 || length >= t->room - t->length) {
        mock_text_add_growing(t, bytes, length);
        return;
    }
    memcpy(t->data + t->length, bytes, length);
    t->length += length;
    t->data[t->length] = '\0';
}

static inline void mock_text_puts(struct mock_text *t, const char *text)
{
    mock_text_add(t, text, strlen(text));
}

/* Adds a number in decimal digits, or as so many hexadecimal ones. */
void mock_text_int(struct mock_text *t, int64_t n);
void mock_text_hex(struct mock_text *t, uint64_t n, int digits);

void mock_text_printf(struct mock_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds bytes as a JSON string with its quotes; broken UTF-8 becomes '?'. */
void mock_text_json(struct mock_text *t, const char *bytes, size_t length);

/* Adds a JSON string, or null for NULL. */
void mock_text_json_or_null(struct mock_text *t, const char *text);

/* Room for `length` bytes more at data + length, NULL if there is none; the
   caller writes there and adds to `length`. */
char *mock_text_reserve(struct mock_text *t, size_t length);

#endif
