#include "mockserver/silence.h"

#include <string.h>

#define MP3_FRAME 96
#define MP3_SAMPLES 576
#define AAC_SAMPLES 1024

/* Opus counts at 48,000 whatever went in (RFC 7845). */
#define OPUS_PACKET 960
#define OPUS_SKIP 312 /* decoded and dropped at the start */
#define PAGE_PACKETS 50

static void add(struct mock_text *out, const unsigned char *bytes,
                size_t length)
{
    mock_text_add(out, (const char *)bytes, length);
}

/*
 * ISO 13818-3: sync, MPEG-2, layer III, no CRC; 32 kbit/s, 24 kHz, no
 * padding; mono, original.  Of side information and data all bits are 0: no
 * part has a length, so all of the spectrum is 0.
 */
void mock_silence_mp3(struct mock_text *out, int64_t samples)
{
    static const unsigned char frame[MP3_FRAME] = { 0xff, 0xf3, 0x44, 0xc4 };
    for (int64_t n = 0; n < samples; n += MP3_SAMPLES)
        add(out, frame, sizeof frame);
}

/*
 * ISO 14496-3, 1.A.2.2: sync, no CRC; LC, 24 kHz, one channel; 11 bytes;
 * buffer fullness not told.  Then a channel element: 3 bits of its kind and 4
 * of its tag, 8 of gain, 11 of a long window without any band, 3 for no
 * pulse, noise shaping or gain control, all 0; and three 1s end the block.
 */
void mock_silence_aac(struct mock_text *out, int64_t samples)
{
    static const unsigned char frame[] = { 0xff, 0xf1, 0x58, 0x40, 0x01, 0x7f,
                                           0xfc, 0x00, 0x00, 0x00, 0x07 };
    for (int64_t n = 0; n < samples; n += AAC_SAMPLES)
        add(out, frame, sizeof frame);
}

static unsigned char *put(unsigned char *to, uint64_t n, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *to++ = (unsigned char)(n >> 8 * i);
    return to;
}

/* RFC 3533: polynomial 04c11db7, from the top, without complements. */
static uint32_t crc(const char *bytes, size_t length)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum ^= (uint32_t)(unsigned char)bytes[i] << 24;
        for (int k = 0; k < 8; k++)
            sum = sum << 1 ^ ((sum & 0x80000000U) != 0 ? 0x04c11db7U : 0);
    }
    return sum;
}

enum { PAGE_GOES_ON, PAGE_FIRST = 2, PAGE_LAST = 4 };

struct page {
    int flags;
    int64_t granule; /* samples up to its end */
    uint32_t serial, number;
    const char *packet; /* each of the same bytes */
    size_t length;      /* below 255 */
    size_t packets;     /* at most 255 */
};

static void add_page(struct mock_text *out, const struct page *p)
{
    unsigned char head[27 + 255] = "OggS";
    unsigned char *to = head + 4;
    size_t start = out->length;
    to = put(to, 0, 1);
    to = put(to, (uint64_t)p->flags, 1);
    to = put(to, (uint64_t)p->granule, 8);
    to = put(to, p->serial, 4);
    to = put(to, p->number, 4);
    to = put(to, 0, 4); /* the sum, once it is known */
    to = put(to, p->packets, 1);
    for (size_t i = 0; i < p->packets; i++)
        to = put(to, p->length, 1);
    add(out, head, (size_t)(to - head));
    for (size_t i = 0; i < p->packets; i++)
        mock_text_add(out, p->packet, p->length);
    if (out->failed)
        return;
    put((unsigned char *)out->data + start + 22,
        crc(out->data + start, out->length - start), 4);
}

static void add_heads(struct mock_text *out, uint32_t serial)
{
    /* version 1, one channel, samples to skip, 24,000 a second, no gain */
    static const char head[] = "OpusHead\1\1\x38\1\xc0\x5d\0\0\0\0";
    static const char tags[] = "OpusTags\7\0\0\0tierlab\0\0\0";
    struct page p = { .flags = PAGE_FIRST,
                      .serial = serial,
                      .packet = head,
                      .length = sizeof head, /* with its last 0 */
                      .packets = 1 };
    add_page(out, &p);
    p.flags = PAGE_GOES_ON;
    p.number = 1;
    p.packet = tags;
    p.length = sizeof tags;
    add_page(out, &p);
}

void mock_silence_opus(struct mock_text *out, int64_t samples, uint32_t serial)
{
    /* CELT, full band, 20 ms, mono, one frame; it is silent (RFC 6716) */
    static const char packet[] = { '\xf8', '\xff', '\xfe' };
    int64_t end = OPUS_SKIP + samples * 2;
    int64_t left = (end + OPUS_PACKET - 1) / OPUS_PACKET;
    struct page p = { .granule = 0,
                      .serial = serial,
                      .number = 2,
                      .packet = packet,
                      .length = sizeof packet };
    add_heads(out, serial);
    for (; left > 0; left -= PAGE_PACKETS, p.number++) {
        p.packets = left > PAGE_PACKETS ? PAGE_PACKETS : (size_t)left;
        p.granule += (int64_t)p.packets * OPUS_PACKET;
        if (left <= PAGE_PACKETS) {
            p.flags = PAGE_LAST;
            p.granule = end;
        }
        add_page(out, &p);
    }
}
