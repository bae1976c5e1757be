#ifndef MOCK_TRANSCRIPT_H
#define MOCK_TRANSCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "mockserver/text.h"

/*
 * What was said in a file: sentences of ten words, about five words in two
 * seconds, that are the same for the same bytes.  A file of 10 s has 25
 * words, 0.4 s each, in three sentences.
 *
 * A file is as long as it says (mockserver/soundfile.h); of those that do not
 * say it 16 kB are taken for a second.
 */
struct mock_transcript {
    uint64_t draw;
    int64_t ms;
    int64_t words; /* 1 to 20,000 */
};

#define MOCK_TRANSCRIPT_SENTENCE 10

struct mock_transcript mock_transcript_make(const char *bytes, size_t length);

int64_t mock_transcript_sentences(const struct mock_transcript *t);

/* When word i begins, in ms; i may be `words`: the end. */
int64_t mock_transcript_time(const struct mock_transcript *t, int64_t word);

/* Adds one word; it holds nothing that JSON would escape. */
void mock_transcript_word(struct mock_text *out,
                          const struct mock_transcript *t, int64_t word);

/* Adds a sentence with its capital and full stop. */
void mock_transcript_sentence(struct mock_text *out,
                              const struct mock_transcript *t,
                              int64_t sentence);

/* Adds all sentences with blanks between them. */
void mock_transcript_text(struct mock_text *out,
                          const struct mock_transcript *t);

#endif
