#include "mockserver/soundfile.h"

#include <stdbool.h>
#include <string.h>

typedef const unsigned char *bytes_t;

/* Little end first. */
static uint64_t low(bytes_t p, int n)
{
    uint64_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

static uint64_t high(bytes_t p, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static bool begins(bytes_t p, size_t length, const char *magic)
{
    size_t n = strlen(magic);
    return length >= n && memcmp(p, magic, n) == 0;
}

static int64_t ms_of(uint64_t samples, uint64_t rate)
{
    return rate == 0 || samples > INT64_MAX / 1000
               ? -1
               : (int64_t)(samples * 1000 / rate);
}

/* A file that is written as it is spoken tells 0 or too much: what is there
   counts then. */
static int64_t wav_ms(bytes_t p, size_t length)
{
    uint64_t rate = 0; /* bytes a second */
    if (length < 12 || memcmp(p + 8, "WAVE", 4) != 0)
        return -1;
    for (size_t at = 12; length - at >= 8;) {
        size_t left = length - at - 8;
        size_t size = (size_t)low(p + at + 4, 4);
        bool data = memcmp(p + at, "data", 4) == 0;
        if (memcmp(p + at, "fmt ", 4) == 0 && size >= 16 && left >= 16)
            rate = low(p + at + 16, 4);
        if (data && (size > left || size == 0))
            size = left;
        if (data)
            return ms_of(size, rate);
        size += size & 1;
        if (size > left)
            return -1;
        at += 8 + size;
    }
    return -1;
}

static int64_t flac_ms(bytes_t p, size_t length)
{
    if (length < 26 || (p[4] & 0x7f) != 0)
        return -1;
    uint64_t packed = high(p + 18, 8); /* rate 20, channels 3, bits 5 */
    return ms_of(packed & ((UINT64_C(1) << 36) - 1), packed >> 44);
}

/* The last page's position; Opus counts 48,000 a second and tells how many
   samples come before its beginning. */
static int64_t ogg_ms(bytes_t p, size_t length)
{
    if (length < 28 + 19)
        return -1;
    size_t last = length - 14;
    while (last > 0 && memcmp(p + last, "OggS", 4) != 0)
        last--;
    uint64_t position = low(p + last + 6, 8), rate = 48000, skip = 0;
    bytes_t head = p + 28;
    if (memcmp(head, "OpusHead", 8) == 0)
        skip = low(head + 10, 2);
    else if (memcmp(head, "\x01vorbis", 7) == 0)
        rate = low(head + 12, 4);
    else
        return -1;
    return position >= skip ? ms_of(position - skip, rate) : -1;
}

struct frame {
    size_t size; /* 0: it is none */
    uint64_t samples, rate;
};

/* Layer III of MPEG 1, 2 and 2.5. */
static struct frame mp3_frame(bytes_t p)
{
    static const int kbits[2][16] = {
        { 0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0 },
        { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0 },
    };
    static const unsigned rates[4] = { 44100, 48000, 32000, 0 };
    unsigned version = p[1] >> 3 & 3; /* 3: MPEG 1, 2: 2, 0: 2.5 */
    unsigned kbit = (unsigned)kbits[version != 3][p[2] >> 4];
    unsigned rate = rates[p[2] >> 2 & 3];
    if (p[0] != 0xff || (p[1] & 0xe6) != 0xe2 || version == 1 || kbit == 0 ||
        rate == 0)
        return (struct frame){ 0, 0, 0 };
    rate >>= version == 3 ? 0 : version == 2 ? 1 : 2;
    unsigned samples = version == 3 ? 1152 : 576;
    return (struct frame){ samples / 8 * kbit * 1000 / rate + (p[2] >> 1 & 1),
                           samples, rate };
}

static struct frame aac_frame(bytes_t p)
{
    static const unsigned rates[16] = { 96000, 88200, 64000, 48000, 44100,
                                        32000, 24000, 22050, 16000, 12000,
                                        11025, 8000,  7350 };
    unsigned rate = rates[p[2] >> 2 & 15];
    size_t size = (size_t)(high(p + 3, 3) >> 5 & 0x1fff);
    if (p[0] != 0xff || (p[1] & 0xf6) != 0xf0 || rate == 0 || size < 7)
        return (struct frame){ 0, 0, 0 };
    return (struct frame){ size, 1024, rate };
}

static size_t skip_tag(bytes_t p, size_t length)
{
    if (length < 10 || !begins(p, length, "ID3"))
        return 0;
    size_t size = 10;
    for (int i = 0; i < 4; i++)
        size += (size_t)(p[6 + i] & 0x7f) << 7 * (3 - i);
    return size < length ? size : length;
}

/* To the first that is no frame, or not wholly there. */
static int64_t frames_ms(bytes_t p, size_t length, struct frame next(bytes_t p))
{
    size_t at = skip_tag(p, length);
    uint64_t samples = 0, rate = 0;
    while (length - at >= 7) {
        struct frame f = next(p + at);
        if (f.size == 0 || f.size > length - at)
            break;
        samples += f.samples;
        rate = f.rate;
        at += f.size;
    }
    return ms_of(samples, rate);
}

int64_t mock_soundfile_ms(const char *bytes, size_t length)
{
    bytes_t p = (bytes_t)bytes;
    if (begins(p, length, "RIFF"))
        return wav_ms(p, length);
    if (begins(p, length, "fLaC"))
        return flac_ms(p, length);
    if (begins(p, length, "OggS"))
        return ogg_ms(p, length);
    int64_t ms = frames_ms(p, length, mp3_frame);
    return ms >= 0 ? ms : frames_ms(p, length, aac_frame);
}
