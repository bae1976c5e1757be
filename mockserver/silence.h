#ifndef MOCK_SILENCE_H
#define MOCK_SILENCE_H

#include <stdint.h>

#include "mockserver/text.h"

/*
 * Coded silence of at least `samples` (> 0) at 24,000 a second, mono.  Each
 * frame is the same few bytes: the shortest that the format has for nothing.
 */

/* MPEG-2 layer III, 32 kbit/s: frames of 96 bytes and 24 ms. */
void mock_silence_mp3(struct mock_text *out, int64_t samples);

/* MPEG-4 AAC-LC in ADTS: frames of 11 bytes and 43 ms. */
void mock_silence_aac(struct mock_text *out, int64_t samples);

/* Ogg with Opus packets of 3 bytes and 20 ms, fifty a page; its length is
   told to the sample.  `serial` names the stream. */
void mock_silence_opus(struct mock_text *out, int64_t samples, uint32_t serial);

#endif
