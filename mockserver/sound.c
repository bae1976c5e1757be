#include "mockserver/sound.h"

#include <assert.h>
#include <string.h>

#include "limiter/rng.h"
#include "mockserver/silence.h"

#define SYLLABLE (MOCK_SOUND_RATE * 180 / 1000) /* samples */
#define BLOCK 4096                              /* samples of a FLAC frame */
#define BYTES 2                                 /* of a sample */

static unsigned char *put_low(unsigned char *to, uint64_t n, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *to++ = (unsigned char)(n >> 8 * i);
    return to;
}

static unsigned char *put_high(unsigned char *to, uint64_t n, int bytes)
{
    for (int i = bytes; i-- > 0;)
        *to++ = (unsigned char)(n >> 8 * i);
    return to;
}

/* Two parabolas are nearly a sine: -16384 to 16384 for 65536 of phase. */
static int32_t wave(uint64_t phase)
{
    int32_t x = (int32_t)(phase & 65535) - 32768;
    return x * (32768 - (x < 0 ? -x : x)) / 16384;
}

/* Hertz of a syllable; one in eight is a pause. */
static uint32_t pitch_of(const struct mock_sound *s, int64_t syllable)
{
    uint64_t bits = lim_rng_draw(s->draw, (uint64_t)syllable, 0);
    return (bits & 7) == 0 ? 0 : 100 + (uint32_t)(bits >> 8 & 127);
}

/* A syllable swells and fades, at an eighth of what would be loud. */
static void murmur(const struct mock_sound *s, int64_t first, int64_t n,
                   int16_t *to)
{
    uint32_t pitch = pitch_of(s, first / SYLLABLE);
    for (int64_t i = first; i < first + n; i++) {
        int32_t t = (int32_t)(i % SYLLABLE);
        int32_t edge = t < SYLLABLE / 2 ? t : SYLLABLE - t;
        int32_t swell = edge < SYLLABLE / 4 ? edge : SYLLABLE / 4;
        if (t == 0)
            pitch = pitch_of(s, i / SYLLABLE);
        uint64_t phase = (uint64_t)t * pitch * 65536 / MOCK_SOUND_RATE;
        int32_t loud = pitch == 0 ? 0 : wave(phase) / 8;
        *to++ = (int16_t)(loud * swell / (SYLLABLE / 4));
    }
}

/* Blocks of samples, each with its number, from the first to the last. */
static void each_block(struct mock_text *out, const struct mock_sound *s,
                       void add(struct mock_text *out, const int16_t *samples,
                                int64_t n, int64_t number))
{
    int16_t samples[BLOCK];
    for (int64_t i = 0; i < s->samples; i += BLOCK) {
        int64_t n = s->samples - i < BLOCK ? s->samples - i : BLOCK;
        murmur(s, i, n, samples);
        add(out, samples, n, i / BLOCK);
    }
}

static void add_pcm(struct mock_text *out, const int16_t *samples, int64_t n,
                    int64_t number)
{
    unsigned char bytes[BLOCK * BYTES];
    unsigned char *to = bytes;
    (void)number;
    for (int64_t i = 0; i < n; i++)
        to = put_low(to, (uint16_t)samples[i], BYTES);
    mock_text_add(out, (const char *)bytes, (size_t)(to - bytes));
}

static void add_wav_head(struct mock_text *out, int64_t samples)
{
    unsigned char head[44] = "RIFF";
    uint64_t data = (uint64_t)samples * BYTES;
    put_low(head + 4, data + sizeof head - 8, 4);
    memcpy(head + 8, "WAVEfmt ", 8);
    put_low(head + 16, 16, 4);
    put_low(head + 20, 1, 2); /* PCM */
    put_low(head + 22, 1, 2); /* channels */
    put_low(head + 24, MOCK_SOUND_RATE, 4);
    put_low(head + 28, MOCK_SOUND_RATE * BYTES, 4);
    put_low(head + 32, BYTES, 2);
    put_low(head + 34, 8 * BYTES, 2);
    memcpy(head + 36, "data", 4);
    put_low(head + 40, data, 4);
    mock_text_add(out, (const char *)head, sizeof head);
}

/* RFC 9639.  STREAMINFO, the last block of metadata, of 34 bytes: lengths of
   blocks; of frames, not told; rate, channels - 1, bits - 1, samples in 20, 3,
   5 and 36 bits; no MD5. */
static void add_flac_head(struct mock_text *out, int64_t samples)
{
    unsigned char head[4 + 4 + 34] = "fLaC";
    put_high(head + 4, UINT32_C(0x80000022), 4);
    put_high(head + 8, BLOCK, 2);
    put_high(head + 10, BLOCK, 2);
    put_high(head + 18,
             (uint64_t)MOCK_SOUND_RATE << 44 | UINT64_C(15) << 36 |
                 (uint64_t)samples,
             8);
    mock_text_add(out, (const char *)head, sizeof head);
}

/* A polynomial of 8 or 16 bits, from the top. */
static unsigned crc(const unsigned char *bytes, const unsigned char *end,
                    unsigned polynomial, int bits)
{
    unsigned sum = 0;
    for (; bytes < end; bytes++) {
        sum ^= (unsigned)*bytes << (bits - 8);
        for (int k = 0; k < 8; k++)
            sum = sum << 1 ^ ((sum >> (bits - 1) & 1) != 0 ? polynomial : 0);
        sum &= (1U << bits) - 1;
    }
    return sum;
}

/*
 * Sync, blocks of one length; that length (behind the number where it is the
 * shorter last one), 24 kHz; mono, 16 bits; the number in one byte of UTF-8;
 * a sum.  Then a subframe that codes nothing, and a sum of all.
 */
static void add_flac_frame(struct mock_text *out, const int16_t *samples,
                           int64_t n, int64_t number)
{
    unsigned char bytes[16 + BLOCK * BYTES] = { 0xff, 0xf8 };
    unsigned char *to = bytes + 2;
    assert(number < 128);
    to = put_high(to, n == BLOCK ? 0xc7 : 0x77, 1);
    to = put_high(to, 0x08, 1);
    to = put_high(to, (uint64_t)number, 1);
    if (n < BLOCK)
        to = put_high(to, (uint64_t)n - 1, 2);
    to = put_high(to, crc(bytes, to, 0x07, 8), 1);
    to = put_high(to, 0x02, 1);
    for (int64_t i = 0; i < n; i++)
        to = put_high(to, (uint16_t)samples[i], BYTES);
    to = put_high(to, crc(bytes, to, 0x8005, 16), 2);
    mock_text_add(out, (const char *)bytes, (size_t)(to - bytes));
}

void mock_sound_add(struct mock_text *out, const struct mock_sound *s,
                    enum mock_sound_format format)
{
    assert(s->samples > 0);
    assert(s->samples <= 20 * MOCK_SOUND_RATE);
    switch (format) {
    case MOCK_SOUND_MP3:
        mock_silence_mp3(out, s->samples);
        break;
    case MOCK_SOUND_AAC:
        mock_silence_aac(out, s->samples);
        break;
    case MOCK_SOUND_OPUS:
        mock_silence_opus(out, s->samples, (uint32_t)s->draw);
        break;
    case MOCK_SOUND_FLAC:
        add_flac_head(out, s->samples);
        each_block(out, s, add_flac_frame);
        break;
    case MOCK_SOUND_WAV:
        add_wav_head(out, s->samples);
        each_block(out, s, add_pcm);
        break;
    case MOCK_SOUND_PCM:
    case MOCK_SOUND_FORMATS:
        each_block(out, s, add_pcm);
        break;
    }
}

const char *mock_sound_type(enum mock_sound_format format)
{
    static const char *const types[MOCK_SOUND_FORMATS] = {
        [MOCK_SOUND_MP3] = "audio/mpeg", [MOCK_SOUND_OPUS] = "audio/opus",
        [MOCK_SOUND_AAC] = "audio/aac",  [MOCK_SOUND_FLAC] = "audio/flac",
        [MOCK_SOUND_WAV] = "audio/wav",  [MOCK_SOUND_PCM] = "audio/pcm",
    };
    return types[format];
}
