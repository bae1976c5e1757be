/*
 * A PNG (W3C, third edition) of one IDAT chunk, which is a zlib stream
 * (RFC 1950) of one stored block (RFC 1951, 3.2.4): nothing is compressed.
 */

#include "mockserver/png.h"

#include <string.h>

#include "limiter/rng.h"

#define SIDE 64
#define CELL 8               /* pixels of a cell's side */
#define LINE (1 + SIDE / 4)  /* the filter's byte, four pixels a byte */
#define PIXELS (SIDE * LINE) /* bytes */
#define STREAM (2 + 5 + PIXELS + 4)

static void put_32(unsigned char *to, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(n >> (24 - 8 * i));
}

static uint32_t crc(uint32_t crc, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
    }
    return crc;
}

static uint32_t adler(const unsigned char *bytes, size_t length)
{
    uint32_t a = 1;
    uint32_t b = 0;
    for (size_t i = 0; i < length; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void add(struct mock_text *out, const unsigned char *bytes,
                size_t length)
{
    mock_text_add(out, (const char *)bytes, length);
}

static void add_chunk(struct mock_text *out, const char type[4],
                      const unsigned char *data, uint32_t length)
{
    unsigned char head[8], tail[4];
    put_32(head, length);
    memcpy(head + 4, type, 4);
    uint32_t sum = crc(crc(UINT32_MAX, head + 4, 4), data, length);
    put_32(tail, ~sum);
    add(out, head, 8);
    add(out, data, length);
    add(out, tail, 4);
}

/* A light ground, and three colours of some strength on it. */
static void choose_colours(uint64_t draw, unsigned char palette[12])
{
    for (size_t i = 0; i < 12; i++, draw >>= 5) {
        unsigned part = (unsigned)draw & 31;
        palette[i] = (unsigned char)(i < 3 ? 224 + part : 40 + 5 * part);
    }
}

/* Two bits of the draw for each cell of the left half: 8 rows of 4. */
static unsigned colour_at(uint64_t draw, unsigned x, unsigned y)
{
    unsigned column = (x < SIDE / 2 ? x : SIDE - 1 - x) / CELL;
    return (unsigned)(draw >> 2 * (y / CELL * 4 + column)) & 3;
}

/* Four pixels, from the left, are a byte from its top. */
static unsigned char four_at(uint64_t draw, unsigned x, unsigned y)
{
    unsigned four = 0;
    for (unsigned k = 0; k < 4; k++)
        four = four << 2 | colour_at(draw, x + k, y);
    return (unsigned char)four;
}

static void paint(uint64_t draw, unsigned char *to)
{
    for (unsigned y = 0; y < SIDE; y++) {
        *to++ = 0; /* no filter */
        for (unsigned x = 0; x < SIDE; x += 4)
            *to++ = four_at(draw, x, y);
    }
}

void mock_png_add(struct mock_text *out, uint64_t draw)
{
    static const unsigned char magic[] = { 137, 'P', 'N', 'G', 13, 10, 26, 10 };
    /* width, height, 2 bits a pixel, a palette, deflate, filters, no lace */
    static const unsigned char header[] = { 0,    0, 0, SIDE, 0, 0, 0,
                                            SIDE, 2, 3, 0,    0, 0 };
    unsigned char palette[12];
    unsigned char stream[STREAM] = { 0x78, 0x01, 1 };
    stream[3] = PIXELS & 255;
    stream[4] = PIXELS >> 8;
    stream[5] = stream[3] ^ 255;
    stream[6] = stream[4] ^ 255;
    paint(draw, stream + 7);
    put_32(stream + 7 + PIXELS, adler(stream + 7, PIXELS));
    choose_colours(lim_rng_mix(draw), palette);
    add(out, magic, sizeof magic);
    add_chunk(out, "IHDR", header, sizeof header);
    add_chunk(out, "PLTE", palette, sizeof palette);
    add_chunk(out, "IDAT", stream, sizeof stream);
    add_chunk(out, "IEND", header, 0);
}
