#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/base64.h"
#include "mockserver/png.h"
#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define IMAGES "/v1/images/generations"
#define FREELY                                                                 \
    "{\"table\":\"none\",\"latency\":\"none\",\"organisations\":"              \
    "[{\"name\":\"a\"}]}"
#define TABLE(name)                                                            \
    "{\"table\":\"" name "\",\"latency\":\"none\",\"organisations\":"          \
    "[{\"name\":\"a\",\"tier\":\"tier1\"}]}"

static uint32_t get_32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

/* By the polynomial itself, bit for bit from the top of the division. */
static uint32_t crc(const unsigned char *p, size_t length)
{
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < 8 * length; i++) {
        uint32_t bit = ((uint32_t)p[i / 8] >> i % 8 ^ sum) & 1;
        sum = sum >> 1 ^ bit * 0xedb88320U;
    }
    return ~sum;
}

/* Goes through a PNG strictly; returns its chunks, 0 if one is wrong. */
static int read_png(const unsigned char *p, size_t length, char *types,
                    const unsigned char **pixels)
{
    size_t at = 8;
    int n = 0;
    if (length < 8 || memcmp(p, "\x89PNG\r\n\x1a\n", 8) != 0)
        return 0;
    for (; at + 12 <= length; n++) {
        size_t data = get_32(p + at);
        if (data > length - at - 12 ||
            get_32(p + at + 8 + data) != crc(p + at + 4, data + 4))
            return 0;
        memcpy(types + (size_t)4 * (size_t)n, p + at + 4, 4);
        if (memcmp(p + at + 4, "IDAT", 4) == 0)
            *pixels = p + at + 8;
        at += data + 12;
    }
    return at == length ? n : 0;
}

/* A stored block within zlib's frame; returns its bytes, or NULL. */
static const unsigned char *inflate_stored(const unsigned char *p,
                                           size_t *length)
{
    uint32_t a = 1, b = 0;
    *length = (size_t)p[3] | (size_t)p[4] << 8;
    if ((p[0] * 256 + p[1]) % 31 != 0 || (p[0] & 15) != 8 || p[2] != 1 ||
        (p[3] ^ p[5]) != 255 || (p[4] ^ p[6]) != 255)
        return NULL;
    for (size_t i = 0; i < *length; i++) {
        a = (a + p[7 + i]) % 65521;
        b = (b + a) % 65521;
    }
    return get_32(p + 7 + *length) == (b << 16 | a) ? p + 7 : NULL;
}

static void the_file_is_a_strict_png(void)
{
    struct mock_text t = { 0 }, again = { 0 }, other = { 0 };
    char types[40] = "";
    const unsigned char *stream = NULL;
    size_t length = 0;
    mock_png_add(&t, UINT64_C(0x0123456789abcdef));
    mock_png_add(&again, UINT64_C(0x0123456789abcdef));
    mock_png_add(&other, UINT64_C(0x0123456789abcdee));
    CU_ASSERT_EQUAL(t.length, 1180);
    CU_ASSERT_EQUAL(read_png((unsigned char *)t.data, t.length, types, &stream),
                    4);
    CU_ASSERT_STRING_EQUAL(types, "IHDRPLTEIDATIEND");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    const unsigned char *lines = inflate_stored(stream, &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
    CU_ASSERT_EQUAL(length, 64 * 17);
    for (size_t y = 0; y < 64; y++) {
        CU_ASSERT_EQUAL(lines[17 * y], 0);
        CU_ASSERT_EQUAL(lines[17 * y + 1], lines[17 * y + 16]);
    }
    CU_ASSERT_EQUAL(lines[1], 0xff); /* the draw's lowest bits: 3 */
    CU_ASSERT_EQUAL(lines[5], 0xaa); /* 2 */
    CU_ASSERT_EQUAL(lines[7], 0xff);
    CU_ASSERT_EQUAL(memcmp(t.data, again.data, t.length), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(t.data, other.data, t.length), 0);
    mock_text_fini(&t);
    mock_text_fini(&again);
    mock_text_fini(&other);
}

static void base64_is_padded(void)
{
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
        { "\xfb\xff", "+/8=" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mock_text t = { 0 };
        mock_text_puts(&t, "");
        mock_base64_add(&t, (const unsigned char *)rows[i].bytes,
                        strlen(rows[i].bytes));
        CU_ASSERT_STRING_EQUAL(t.data, rows[i].text);
        mock_text_fini(&t);
    }
}

/* The path of the first URL in the answer. */
static bool read_url(const struct ask *f, char path[64])
{
    static const char start[] = "{\"url\":\"http://here:81/mock";
    const char *at = strstr(f->a.body.data, start);
    return at != NULL && sscanf(at + strlen(start) - 5, "%63[^\"]", path) == 1;
}

static int ask_here(struct ask *f, const char *body)
{
    const struct mock_question q = {
        .method = ask_slice("POST"),
        .path = ask_slice(IMAGES),
        .body = ask_slice(body),
        .host = ask_slice("here:81"),
        .authorization = ask_slice("Bearer sk-mock-a-1"),
        .now = f->now,
    };
    return ask_question(f, &q);
}

static void a_url_leads_to_its_picture(void)
{
    struct ask f;
    char path[64] = "";
    ask_set_up(&f, FREELY);
    CU_ASSERT_EQUAL(ask_here(&f, "{\"prompt\":\"A cat\"}"), 200);
    CU_ASSERT_TRUE(ask_says(&f, "{\"created\":1767225600,\"data\":[{"));
    CU_ASSERT_TRUE(read_url(&f, path));
    CU_ASSERT_EQUAL(ask_as(&f, NULL, "GET", path, ""), 200);
    CU_ASSERT_STRING_EQUAL(f.a.type, "image/png");
    CU_ASSERT_EQUAL_FATAL(f.a.body.length, 1180);
    CU_ASSERT_EQUAL(memcmp(f.a.body.data, "\x89PNG", 4), 0);
    path[strlen(path) - 5] = 'G';
    CU_ASSERT_EQUAL(ask_as(&f, NULL, "GET", path, ""), 404);
    CU_ASSERT_EQUAL(ask_as(&f, NULL, "GET", "/mock/images/img-.png", ""), 404);
    CU_ASSERT_EQUAL(ask_as(&f, NULL, "POST", "/mock/images/img-1.png", "{}"),
                    405);
    ask_tear_down(&f);
}

/* What base64 says is the same file. */
static void base64_holds_the_file_itself(void)
{
    struct ask f;
    struct mock_text png = { 0 }, expected = { 0 };
    char path[64] = "";
    ask_set_up(&f, FREELY);
    CU_ASSERT_EQUAL(ask_here(&f, "{\"prompt\":\"A cat\"}"), 200);
    CU_ASSERT_TRUE_FATAL(read_url(&f, path));
    ask_tear_down(&f);
    mock_png_add(&png, strtoull(path + strlen("/mock/images/img-"), NULL, 16));
    mock_text_puts(&expected, "{\"b64_json\":\"");
    mock_base64_add(&expected, (const unsigned char *)png.data, png.length);
    mock_text_puts(&expected, "\"}");
    ask_set_up(&f, FREELY);
    CU_ASSERT_EQUAL(ask_here(&f, "{\"prompt\":\"A cat\","
                                 "\"response_format\":\"b64_json\"}"),
                    200);
    CU_ASSERT_TRUE(ask_says(&f, expected.data));
    ask_tear_down(&f);
    mock_text_fini(&png);
    mock_text_fini(&expected);
}

static int occurrences(const struct ask *f, const char *word)
{
    int n = 0;
    for (const char *p = f->a.body.data; (p = strstr(p, word)) != NULL; p++)
        n++;
    return n;
}

static void each_family_answers_in_its_form(void)
{
    struct ask f;
    ask_set_up(&f, FREELY);
    CU_ASSERT_EQUAL(ask_here(&f, "{\"prompt\":\"A cat\",\"n\":10}"), 200);
    CU_ASSERT_EQUAL(occurrences(&f, "\"url\""), 10);
    CU_ASSERT_FALSE(ask_says(&f, "revised_prompt"));
    CU_ASSERT_EQUAL(ask_here(&f, "{\"model\":\"dall-e-3\",\"prompt\":\"A "
                                 "\\\"cat\\\"\"}"),
                    200);
    CU_ASSERT_TRUE(ask_says(&f, "\"revised_prompt\":\"A \\\"cat\\\"\"}"));
    CU_ASSERT_EQUAL(ask_here(&f, "{\"model\":\"gpt-image-1\",\"prompt\":\"A "
                                 "cat\",\"n\":2,\"quality\":\"high\","
                                 "\"size\":\"1536x1024\"}"),
                    200);
    CU_ASSERT_EQUAL(occurrences(&f, "\"b64_json\":\"iVBORw0KGgo"), 2);
    CU_ASSERT_TRUE(ask_says(&f, "\"background\":\"opaque\",\"output_format\":"
                                "\"png\",\"quality\":\"high\",\"size\":"
                                "\"1536x1024\",\"usage\":{\"input_tokens\":3,"
                                "\"input_tokens_details\":{\"text_tokens\":3,"
                                "\"image_tokens\":0},\"output_tokens\":12416,"
                                "\"total_tokens\":12419}}"));
    ask_tear_down(&f);
}

static void mistakes_are_named(void)
{
    static const struct {
        const char *body, *words;
    } rows[] = {
        { "{", "We could not parse the JSON body" },
        { "{}", "Missing required parameter: 'prompt'." },
        { "{\"prompt\":7}", "Invalid type for 'prompt': expected a string" },
        { "{\"prompt\":\"\"}", "Invalid 'prompt': empty string." },
        { "{\"prompt\":\"a\",\"n\":0}", "Expected a value >= 1, but got 0" },
        { "{\"prompt\":\"a\",\"n\":11}", "Expected a value <= 10, but got 11" },
        { "{\"prompt\":\"a\",\"n\":2,\"model\":\"dall-e-3\"}",
          "Expected a value <= 1, but got 2" },
        { "{\"prompt\":\"a\",\"size\":\"1792x1024\"}",
          "Invalid value: '1792x1024'. Supported values are: '1024x1024', "
          "'256x256', and '512x512'." },
        { "{\"prompt\":\"a\",\"size\":5}", "Invalid type for 'size'" },
        { "{\"prompt\":\"a\",\"quality\":\"hd\"}",
          "Invalid value: 'hd'. Supported values are: 'standard'." },
        { "{\"prompt\":\"a\",\"response_format\":\"png\"}",
          "Supported values are: 'url' and 'b64_json'." },
        { "{\"prompt\":\"a\",\"model\":\"gpt-image-1\","
          "\"response_format\":\"url\"}",
          "Unknown parameter: 'response_format'." },
        { "{\"prompt\":\"a\",\"model\":\"gpt-image-1\","
          "\"output_format\":\"webp\"}",
          "Invalid value: 'webp'. Supported values are: 'png'." },
        { "{\"prompt\":\"a\",\"stream\":true}", "\"unsupported_value\"" },
        { "{\"prompt\":\"a\",\"model\":\"gpt-4o\"}",
          "Invalid value: 'gpt-4o'" },
    };
    struct ask f;
    ask_set_up(&f, FREELY);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(ask(&f, IMAGES, rows[i].body), 400);
        CU_ASSERT_TRUE(ask_says(&f, rows[i].words));
        if (!ask_says(&f, rows[i].words))
            printf("\n  row %zu: %s\n", i, f.a.body.data);
    }
    ask_tear_down(&f);
}

static void a_long_prompt_is_too_long(void)
{
    struct ask f;
    char body[1100] = "{\"prompt\":\"";
    size_t head = strlen(body);
    ask_set_up(&f, FREELY);
    memset(body + head, 'a', 1001);
    memcpy(body + head + 1001, "\"}", 3);
    CU_ASSERT_EQUAL(ask(&f, IMAGES, body), 400);
    CU_ASSERT_TRUE(ask_says(&f, "Expected a string with maximum length 1000, "
                                "but got a string with length 1001 instead."));
    memcpy(body + head + 1000, "\"}", 3);
    CU_ASSERT_EQUAL(ask(&f, IMAGES, body), 200);
    ask_tear_down(&f);
}

/* Tier 1 of mid 2024: five images a minute of dall-e-2. */
static void limits_count_images(void)
{
    struct ask f;
    ask_set_up(&f, TABLE("official-2024-mid"));
    CU_ASSERT_EQUAL(ask(&f, IMAGES, "{\"prompt\":\"a\",\"n\":3}"), 200);
    CU_ASSERT_FALSE(ask_header(&f, "-tokens:"));
    CU_ASSERT_EQUAL(ask(&f, IMAGES, "{\"prompt\":\"a\",\"n\":3}"), 429);
    CU_ASSERT_TRUE(ask_header(&f, "retry-after: 12\r\n"));
    CU_ASSERT_EQUAL(ask(&f, IMAGES, "{\"prompt\":\"a\",\"n\":2}"), 200);
    f.now += 12 * LIM_SEC - 1;
    CU_ASSERT_EQUAL(ask(&f, IMAGES, "{\"prompt\":\"a\"}"), 429);
    f.now += 1;
    CU_ASSERT_EQUAL(ask(&f, IMAGES, "{\"prompt\":\"a\"}"), 200);
    CU_ASSERT_EQUAL(ask(&f, IMAGES, "{\"prompt\":\"a\",\"model\":\"x\"}"), 404);
    ask_tear_down(&f);
}

CU_TestInfo images_tests[] = {
    { "the file is a strict PNG", the_file_is_a_strict_png },
    { "base64 is padded", base64_is_padded },
    { "a URL leads to its picture", a_url_leads_to_its_picture },
    { "base64 holds the file itself", base64_holds_the_file_itself },
    { "each family answers in its form", each_family_answers_in_its_form },
    { "mistakes are named", mistakes_are_named },
    { "a long prompt is too long", a_long_prompt_is_too_long },
    { "limits count images", limits_count_images },
    CU_TEST_INFO_NULL
};
