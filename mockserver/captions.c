#include "mockserver/captions.h"

#include <inttypes.h>

#include "limiter/rng.h"

static void add_time(struct mock_text *out, int64_t ms, char point)
{
    mock_text_printf(out, "%02" PRId64 ":%02d:%02d%c%03d", ms / 3600000,
                     (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), point,
                     (int)(ms % 1000));
}

static int64_t last_word(const struct mock_transcript *t, int64_t sentence)
{
    int64_t end = (sentence + 1) * MOCK_TRANSCRIPT_SENTENCE;
    return end < t->words ? end : t->words;
}

static int64_t start_ms(const struct mock_transcript *t, int64_t sentence)
{
    return mock_transcript_time(t, sentence * MOCK_TRANSCRIPT_SENTENCE);
}

static int64_t end_ms(const struct mock_transcript *t, int64_t sentence)
{
    return mock_transcript_time(t, last_word(t, sentence));
}

static void add_caption(struct mock_text *out, const struct mock_transcript *t,
                        int64_t sentence, char point)
{
    add_time(out, start_ms(t, sentence), point);
    mock_text_puts(out, " --> ");
    add_time(out, end_ms(t, sentence), point);
    mock_text_puts(out, "\n");
    mock_transcript_sentence(out, t, sentence);
    mock_text_puts(out, "\n\n");
}

void mock_captions_srt(struct mock_text *out, const struct mock_transcript *t)
{
    int64_t sentences = mock_transcript_sentences(t);
    for (int64_t i = 0; i < sentences; i++) {
        mock_text_int(out, i + 1);
        mock_text_puts(out, "\n");
        add_caption(out, t, i, ',');
    }
}

void mock_captions_vtt(struct mock_text *out, const struct mock_transcript *t)
{
    int64_t sentences = mock_transcript_sentences(t);
    mock_text_puts(out, "WEBVTT\n\n");
    for (int64_t i = 0; i < sentences; i++)
        add_caption(out, t, i, '.');
}

void mock_captions_seconds(struct mock_text *out, int64_t ms)
{
    mock_text_printf(out, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
    while (!out->failed && out->data[out->length - 1] == '0' &&
           out->data[out->length - 2] != '.')
        out->data[--out->length] = '\0';
}

static void add_times(struct mock_text *out, int64_t start, int64_t end)
{
    mock_text_puts(out, "\"start\":");
    mock_captions_seconds(out, start);
    mock_text_puts(out, ",\"end\":");
    mock_captions_seconds(out, end);
}

/* A number of some vocabulary for each word. */
static void add_tokens(struct mock_text *out, const struct mock_transcript *t,
                       int64_t sentence)
{
    int64_t first = sentence * MOCK_TRANSCRIPT_SENTENCE;
    for (int64_t i = first; i < last_word(t, sentence); i++) {
        mock_text_puts(out, i > first ? "," : "");
        mock_text_int(out,
                      (int64_t)(lim_rng_draw(t->draw, (uint64_t)i, 1) % 50257));
    }
}

static void add_segment(struct mock_text *out, const struct mock_transcript *t,
                        int64_t i, double temperature)
{
    mock_text_printf(out, "{\"id\":%" PRId64 ",\"seek\":%" PRId64 ",", i,
                     start_ms(t, i) / 30000 * 3000);
    add_times(out, start_ms(t, i), end_ms(t, i));
    mock_text_puts(out, ",\"text\":\" ");
    mock_transcript_sentence(out, t, i);
    mock_text_puts(out, "\",\"tokens\":[");
    add_tokens(out, t, i);
    mock_text_printf(out,
                     "],\"temperature\":%g,\"avg_logprob\":-0.25,"
                     "\"compression_ratio\":1.25,\"no_speech_prob\":0.01}",
                     temperature);
}

void mock_captions_segments(struct mock_text *out,
                            const struct mock_transcript *t, double temperature)
{
    int64_t sentences = mock_transcript_sentences(t);
    mock_text_puts(out, "\"segments\":[");
    for (int64_t i = 0; i < sentences; i++) {
        mock_text_puts(out, i > 0 ? "," : "");
        add_segment(out, t, i, temperature);
    }
    mock_text_puts(out, "]");
}

void mock_captions_words(struct mock_text *out, const struct mock_transcript *t)
{
    mock_text_puts(out, "\"words\":[");
    for (int64_t i = 0; i < t->words; i++) {
        mock_text_puts(out, i > 0 ? ",{\"word\":\"" : "{\"word\":\"");
        mock_transcript_word(out, t, i);
        mock_text_puts(out, "\",");
        add_times(out, mock_transcript_time(t, i),
                  mock_transcript_time(t, i + 1));
        mock_text_puts(out, "}");
    }
    mock_text_puts(out, "]");
}
