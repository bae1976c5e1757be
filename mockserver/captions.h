#ifndef MOCK_CAPTIONS_H
#define MOCK_CAPTIONS_H

#include "mockserver/transcript.h"

/* A transcript with its times: a sentence is a caption, or a segment. */

/* SubRip: numbered, "00:00:00,000 --> 00:00:04,000". */
void mock_captions_srt(struct mock_text *out, const struct mock_transcript *t);

/* WebVTT: its first line, and a point in the times. */
void mock_captions_vtt(struct mock_text *out, const struct mock_transcript *t);

/* The arrays of a verbose answer: "segments" with what the model thought of
   each, "words" with their times. */
void mock_captions_segments(struct mock_text *out,
                            const struct mock_transcript *t,
                            double temperature);
void mock_captions_words(struct mock_text *out,
                         const struct mock_transcript *t);

/* Adds milliseconds as seconds: "3.25". */
void mock_captions_seconds(struct mock_text *out, int64_t ms);

#endif
