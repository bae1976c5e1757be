#include "mockserver/transcript.h"

#include "limiter/rng.h"
#include "mockserver/soundfile.h"

#define BYTES_PER_MS 16
#define WORD_MS 400
#define WORDS_MAX 20000

/* Eight bytes at a step, since files are large. */
static uint64_t hash(const char *bytes, size_t length)
{
    const unsigned char *p = (const unsigned char *)bytes;
    uint64_t h = lim_rng_mix(length);
    for (; length >= 8; p += 8, length -= 8) {
        uint64_t eight = 0;
        for (int k = 0; k < 8; k++)
            eight |= (uint64_t)p[k] << 8 * k;
        h = lim_rng_mix(h ^ eight);
    }
    for (; length > 0; length--)
        h = lim_rng_mix(h ^ *p++);
    return h;
}

struct mock_transcript mock_transcript_make(const char *bytes, size_t length)
{
    struct mock_transcript t = { .draw = hash(bytes, length),
                                 .ms = mock_soundfile_ms(bytes, length) };
    if (t.ms < 0)
        t.ms = (int64_t)(length / BYTES_PER_MS);
    t.words = (t.ms + WORD_MS - 1) / WORD_MS;
    if (t.words < 1)
        t.words = 1;
    if (t.words > WORDS_MAX)
        t.words = WORDS_MAX;
    return t;
}

int64_t mock_transcript_sentences(const struct mock_transcript *t)
{
    return (t->words + MOCK_TRANSCRIPT_SENTENCE - 1) / MOCK_TRANSCRIPT_SENTENCE;
}

int64_t mock_transcript_time(const struct mock_transcript *t, int64_t word)
{
    return t->ms / t->words * word + t->ms % t->words * word / t->words;
}

static const char *word_at(const struct mock_transcript *t, int64_t word)
{
    static const char words[][8] = { "after", "bridge", "calm",  "evening",
                                     "field", "garden", "here",  "light",
                                     "music", "north",  "over",  "quiet",
                                     "river", "song",   "under", "winter" };
    uint64_t bits = lim_rng_draw(t->draw, (uint64_t)word / 16, 0);
    return words[bits >> word % 16 * 4 & 15];
}

void mock_transcript_word(struct mock_text *out,
                          const struct mock_transcript *t, int64_t word)
{
    mock_text_puts(out, word_at(t, word));
}

void mock_transcript_sentence(struct mock_text *out,
                              const struct mock_transcript *t, int64_t sentence)
{
    int64_t first = sentence * MOCK_TRANSCRIPT_SENTENCE;
    for (int64_t i = first;
         i < t->words && i < first + MOCK_TRANSCRIPT_SENTENCE; i++) {
        const char *word = word_at(t, i);
        char capital = (char)(word[0] - 'a' + 'A');
        mock_text_add(out, i > first ? " " : &capital, 1);
        mock_text_puts(out, i > first ? word : word + 1);
    }
    mock_text_puts(out, ".");
}

void mock_transcript_text(struct mock_text *out,
                          const struct mock_transcript *t)
{
    int64_t sentences = mock_transcript_sentences(t);
    for (int64_t i = 0; i < sentences; i++) {
        if (i > 0)
            mock_text_puts(out, " ");
        mock_transcript_sentence(out, t, i);
    }
}
