/*
 * POST /v1/images/generations, and the pictures that it names.
 *
 * A picture is a small ornament, whatever size is asked for.  It is a
 * function of the number in its name, so the daemon keeps none: its URL leads
 * back here, and works after a restart as well.
 *
 * The gpt-image models sell an image by output tokens.  How many is told in
 * the usage by a table of ours, which at $40 a million comes to the list
 * prices of gpt-image-1 ($0.011 to $0.25 an image, by quality and size, as
 * resellers' pages of 2025 tell them).  Limits count images.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "limiter/tier.h"
#include "mockserver/base64.h"
#include "mockserver/choice.h"
#include "mockserver/jsontext.h"
#include "mockserver/png.h"

#define NAME "img-"
#define NAME_END ".png"

/* What a model takes; the first of sizes and qualities is the default. */
struct painter {
    const char *model; /* the beginning of its name */
    int64_t prompt_max, images_max;
    const char *const *sizes, *const *qualities;
};

static const char *const sizes_2[] = { "1024x1024", "256x256", "512x512",
                                       NULL };
static const char *const sizes_3[] = { "1024x1024", "1792x1024", "1024x1792",
                                       NULL };
static const char *const sizes_gpt[] = { "auto", "1024x1024", "1536x1024",
                                         "1024x1536", NULL };
static const char *const qualities_2[] = { "standard", NULL };
static const char *const qualities_3[] = { "standard", "hd", NULL };
static const char *const qualities_gpt[] = { "auto", "low", "medium", "high",
                                             NULL };

/* Of the models whose usage tells of images. */
static const struct painter gpt = { "gpt-image", 32000, 10, sizes_gpt,
                                    qualities_gpt };

static const struct painter others[] = {
    { "dall-e-3", 4000, 1, sizes_3, qualities_3 },
    { "", 1000, 10, sizes_2, qualities_2 }, /* dall-e-2, and others */
};

/* Rows: qualities_gpt; columns: sizes_gpt. */
static const int64_t output_tokens[4][4] = {
    { SIM_IMAGE_TOKENS, SIM_IMAGE_TOKENS, 1568, 1584 },
    { 272, 272, 400, 408 },
    { SIM_IMAGE_TOKENS, SIM_IMAGE_TOKENS, 1568, 1584 },
    { 4160, 4160, 6208, 6240 },
};

struct images {
    struct mock_meter m;
    const struct painter *painter;
    const char *prompt;
    int64_t count;
    size_t size, quality, background;
    bool in_base64;
};

/* Of gpt-image: never a url, and a usage. */
static bool tells(const struct images *i)
{
    return i->m.call.image_tokens >= 0;
}

static const char *const backgrounds[] = { "auto", "opaque", "transparent",
                                           NULL };

static void find_painter(struct images *i)
{
    const char *model = i->m.model;
    const struct lim_price *price = lim_price_find(model);
    const struct painter *p = tells(i) ? &gpt : others;
    while (p != &gpt && strncmp(model, p->model, strlen(p->model)) != 0)
        p++;
    i->painter = p;
    if (p->model[0] == '\0' && price != NULL && price->image_microusd < 0)
        mock_meter_wrong(&i->m, "model", "invalid_value",
                         "Invalid value: '%s'. Supported values are: "
                         "'gpt-image-1', 'gpt-image-2', 'dall-e-2', and "
                         "'dall-e-3'.",
                         model);
}

static void unknown(struct images *i, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(i->m.root, key);
    if (value != NULL && !cJSON_IsNull(value))
        mock_meter_wrong(&i->m, key, "unknown_parameter",
                         "Unknown parameter: '%s'.", key);
}

/* What only the gpt-image models know. */
static void read_gpt(struct images *i)
{
    static const char *const formats[] = { "png", NULL };
    static const char *const moderations[] = { "auto", "low", NULL };
    int64_t ignored = 0;
    unknown(i, "response_format");
    unknown(i, "style");
    i->in_base64 = true;
    i->background = mock_choice_read(&i->m, "background", backgrounds, 0);
    mock_choice_read(&i->m, "output_format", formats, 0);
    mock_choice_read(&i->m, "moderation", moderations, 0);
    mock_meter_int(&i->m, "output_compression", 0, 100, &ignored);
    mock_meter_int(&i->m, "partial_images", 0, 3, &ignored);
}

/* What only DALL-E knows. */
static void read_dalle(struct images *i)
{
    static const char *const formats[] = { "url", "b64_json", NULL };
    static const char *const styles[] = { "vivid", "natural", NULL };
    i->in_base64 = mock_choice_read(&i->m, "response_format", formats, 0) == 1;
    mock_choice_read(&i->m, "style", styles, 0);
}

static void read_stream(struct images *i)
{
    bool stream = false;
    mock_meter_bool(&i->m, "stream", &stream);
    if (stream)
        mock_meter_wrong(&i->m, "stream", "unsupported_value",
                         "Images are not streamed here: send the request "
                         "without 'stream'.");
}

static void read_request(struct images *i)
{
    struct mock_meter *m = &i->m;
    const struct painter *p;
    find_painter(i);
    p = i->painter;
    i->prompt = mock_choice_text(m, "prompt", p->prompt_max);
    mock_meter_int(m, "n", 1, p->images_max, &i->count);
    i->size = mock_choice_read(m, "size", p->sizes, 0);
    i->quality = mock_choice_read(m, "quality", p->qualities, 0);
    if (tells(i))
        read_gpt(i);
    else
        read_dalle(i);
    read_stream(i);
    m->images = i->count;
    m->completion_tokens = 0;
    if (tells(i) && i->prompt != NULL)
        m->prompt_tokens =
            lim_estimate_text(mock_jsontext_characters(i->prompt));
}

static void add_url(struct mock_text *b, struct mock_slice host, uint64_t draw)
{
    struct mock_text url = { 0 };
    mock_text_puts(&url, "http://");
    if (host.at != NULL && host.length > 0)
        mock_text_add(&url, host.at, host.length);
    else
        mock_text_puts(&url, "localhost");
    mock_text_puts(&url, "/mock/images/" NAME);
    mock_text_hex(&url, draw, 16);
    mock_text_puts(&url, NAME_END);
    if (!url.failed)
        mock_text_json(b, url.data, url.length);
    b->failed = b->failed || url.failed;
    mock_text_fini(&url);
}

static void add_base64(struct mock_text *b, uint64_t draw)
{
    struct mock_text png = { 0 };
    mock_png_add(&png, draw);
    mock_text_puts(b, "\"");
    if (!png.failed)
        mock_base64_add(b, (const unsigned char *)png.data, png.length);
    mock_text_puts(b, "\"");
    b->failed = b->failed || png.failed;
    mock_text_fini(&png);
}

static void add_image(struct mock_visit *v, const struct images *i,
                      uint64_t draw)
{
    struct mock_text *b = &v->a->body;
    mock_text_puts(b, i->in_base64 ? "{\"b64_json\":" : "{\"url\":");
    if (i->in_base64)
        add_base64(b, draw);
    else
        add_url(b, v->q->host, draw);
    if (i->painter->sizes == sizes_3) {
        mock_text_puts(b, ",\"revised_prompt\":");
        mock_text_json(b, i->prompt, strlen(i->prompt));
    }
    mock_text_puts(b, "}");
}

/* "auto" is told as what was chosen for it. */
static void add_gpt(struct mock_text *b, const struct images *i)
{
    int64_t text = i->m.prompt_tokens;
    int64_t image = output_tokens[i->quality][i->size] * i->count;
    mock_text_printf(b,
                     ",\"background\":\"%s\",\"output_format\":\"png\","
                     "\"quality\":\"%s\",\"size\":\"%s\"",
                     i->background > 0 ? backgrounds[i->background] : "opaque",
                     qualities_gpt[i->quality > 0 ? i->quality : 2],
                     sizes_gpt[i->size > 0 ? i->size : 1]);
    mock_text_printf(b,
                     ",\"usage\":{\"input_tokens\":%" PRId64
                     ",\"input_tokens_details\":{\"text_tokens\":%" PRId64
                     ",\"image_tokens\":0},\"output_tokens\":%" PRId64
                     ",\"total_tokens\":%" PRId64 "}",
                     text, text, image, text + image);
}

static void write_answer(struct mock_visit *v, const struct images *i)
{
    struct mock_text *b = &v->a->body;
    mock_text_puts(b, "{\"created\":");
    mock_text_int(b, v->q->now / LIM_SEC);
    mock_text_puts(b, ",\"data\":[");
    for (int64_t k = 0; k < i->count; k++) {
        if (k > 0)
            mock_text_puts(b, ",");
        add_image(v, i, mock_visit_draw(v, (uint64_t)k));
    }
    mock_text_puts(b, "]");
    if (tells(i))
        add_gpt(b, i);
    mock_text_puts(b, "}\n");
}

void mock_images_post(struct mock_visit *v)
{
    struct images i = { .count = 1 };
    if (mock_meter_open(v, &i.m, "dall-e-2")) {
        read_request(&i);
        if (mock_meter_admit(v, &i.m) != NULL)
            write_answer(v, &i);
    }
    mock_meter_fini(&i.m);
}

/* "img-" and 16 digits: those that mock_text_hex writes, and no others. */
static bool read_name(struct mock_slice name, uint64_t *draw)
{
    size_t head = strlen(NAME);
    size_t tail = strlen(NAME_END);
    *draw = 0;
    if (name.length != head + 16 + tail || memcmp(name.at, NAME, head) != 0 ||
        memcmp(name.at + head + 16, NAME_END, tail) != 0)
        return false;
    for (size_t k = 0; k < 16; k++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = memchr(digits, name.at[head + k], 16);
        if (digit == NULL)
            return false;
        *draw = *draw << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

void mock_images_get(struct mock_visit *v)
{
    uint64_t draw;
    if (!read_name(v->rest, &draw)) {
        mock_visit_fail(v, 404, NULL, NULL, "There is no such image.");
        return;
    }
    v->a->type = "image/png";
    mock_png_add(&v->a->body, draw);
}
