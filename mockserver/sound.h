#ifndef MOCK_SOUND_H
#define MOCK_SOUND_H

#include <stddef.h>
#include <stdint.h>

#include "mockserver/text.h"

/*
 * Sound files of 24,000 samples a second, mono, in six formats.
 *
 * Samples are a quiet murmur of syllables whose pitches are drawn: the same
 * draw gives the same bytes.  It is heard in wav, pcm (signed 16 bits, little
 * end first, no header) and flac (nothing compressed); mp3, aac and opus
 * (in Ogg; 48,000 a second, as always) hold so much silence: to code sound in
 * those takes an encoder, to code none a few constant bytes.
 */
#define MOCK_SOUND_RATE 24000

enum mock_sound_format {
    MOCK_SOUND_MP3,
    MOCK_SOUND_OPUS,
    MOCK_SOUND_AAC,
    MOCK_SOUND_FLAC,
    MOCK_SOUND_WAV,
    MOCK_SOUND_PCM,
    MOCK_SOUND_FORMATS
};

struct mock_sound {
    int64_t samples; /* above 0, at most 20 s of them */
    uint64_t draw;
};

/* Adds a file; where frames are of fixed length, its last one is filled. */
void mock_sound_add(struct mock_text *out, const struct mock_sound *s,
                    enum mock_sound_format format);

/* "audio/mpeg", ... */
const char *mock_sound_type(enum mock_sound_format format);

#endif
