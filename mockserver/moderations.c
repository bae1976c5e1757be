/*
 * POST /v1/moderations.  Scores are small numbers drawn by the input's bytes,
 * so nothing is flagged; but a text that holds the word "mock-flagged", or
 * an image whose URL does, is flagged as violence, so that a client can see
 * both.
 *
 * How the API counts tokens of images is not known: here they count nothing.
 */

#include <string.h>

#include "limiter/rng.h"
#include "limiter/tier.h"
#include "mockserver/jsontext.h"
#include "mockserver/meter.h"

#define MAGIC "mock-flagged"
#define FLAGGED "violence"
#define INPUTS_MAX 2048

/* `image`: the newer models judge images by it; `newer`: only those have
   it. */
static const struct category {
    const char *name;
    bool image, newer;
} categories[] = {
    { "harassment", false, false },
    { "harassment/threatening", false, false },
    { "sexual", true, false },
    { "hate", false, false },
    { "hate/threatening", false, false },
    { "illicit", false, true },
    { "illicit/violent", false, true },
    { "self-harm/intent", true, false },
    { "self-harm/instructions", true, false },
    { "self-harm", true, false },
    { "sexual/minors", false, false },
    { "violence", true, false },
    { "violence/graphic", true, false },
};

#define CATEGORIES (sizeof categories / sizeof categories[0])

/* What one result is about. */
struct subject {
    uint64_t draw;
    bool text, image, flagged;
};

struct moderation {
    struct mock_meter m;
    const cJSON *input;
    bool parts; /* the input is a list of objects: one result for all */
    bool older; /* a text-moderation model */
};

static void see(struct subject *s, const char *bytes)
{
    s->flagged = s->flagged || strstr(bytes, MAGIC) != NULL;
    s->draw = lim_rng_mix(s->draw);
    for (const char *c = bytes; *c != '\0'; c++)
        s->draw = lim_rng_mix(s->draw ^ (unsigned char)*c);
}

static const char *string_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* The text of a part, or the address of its image; NULL: it has none. */
static const char *part_value(const cJSON *part, bool *image)
{
    const char *type = string_of(part, "type");
    *image = type != NULL && strcmp(type, "image_url") == 0;
    if (*image)
        return string_of(cJSON_GetObjectItemCaseSensitive(part, "image_url"),
                         "url");
    return type != NULL && strcmp(type, "text") == 0 ? string_of(part, "text")
                                                     : NULL;
}

static void read_text(struct moderation *r, const char *text)
{
    r->m.prompt_tokens += lim_estimate_text(mock_jsontext_characters(text));
}

static void read_part(struct moderation *r, const cJSON *part)
{
    bool image;
    const char *value = part_value(part, &image);
    if (value == NULL)
        mock_meter_wrong(&r->m, "input", "invalid_value",
                         "Invalid value for 'input': expected parts of type "
                         "'text' with a text, or 'image_url' with a url.");
    else if (image && r->older)
        mock_meter_wrong(&r->m, "input", "invalid_value",
                         "Invalid value for 'input': this model takes no "
                         "images.");
    else if (!image)
        read_text(r, value);
}

static void read_list(struct moderation *r, const cJSON *list)
{
    const cJSON *item;
    int count = 0;
    if (list->child == NULL)
        mock_meter_wrong(&r->m, "input", "empty_array",
                         "Invalid 'input': empty array.");
    r->parts = cJSON_IsObject(list->child);
    cJSON_ArrayForEach(item, list)
    {
        if (++count > INPUTS_MAX) {
            mock_meter_wrong(&r->m, "input", "array_above_max_length",
                             "Invalid 'input': at most %d entries are taken.",
                             INPUTS_MAX);
            return;
        }
        if (r->parts)
            read_part(r, item);
        else if (cJSON_IsString(item))
            read_text(r, item->valuestring);
        else
            mock_meter_type(&r->m, "input", item, "a string");
    }
}

static void read_request(struct moderation *r)
{
    const cJSON *input = cJSON_GetObjectItemCaseSensitive(r->m.root, "input");
    r->input = input;
    r->older = strncmp(r->m.model, "text-moderation-", 16) == 0;
    r->m.completion_tokens = 0;
    if (lim_price_find(r->m.model) != NULL &&
        strstr(r->m.model, "moderation") == NULL)
        mock_meter_wrong(&r->m, "model", "invalid_value",
                         "Invalid value: '%s'. Supported values are: "
                         "'omni-moderation-latest'.",
                         r->m.model);
    if (input == NULL)
        mock_meter_wrong(&r->m, "input", "missing_required_parameter",
                         "Missing required parameter: 'input'.");
    else if (cJSON_IsString(input))
        read_text(r, input->valuestring);
    else if (cJSON_IsArray(input))
        read_list(r, input);
    else
        mock_meter_type(&r->m, "input", input,
                        "a string or an array of strings or objects");
}

static bool flags(const struct subject *s, const struct category *c)
{
    return s->flagged && strcmp(c->name, FLAGGED) == 0;
}

/* Below 0.01, or above 0.9; five digits, as many as are needed. */
static void add_score(struct mock_text *b, const struct subject *s, size_t i)
{
    int64_t n = (int64_t)(lim_rng_draw(s->draw, i, 0) % 999) + 1;
    mock_text_printf(b, "0.%05d",
                     (int)(flags(s, &categories[i]) ? 90000 + n : n));
}

static void add_applied(struct mock_text *b, const struct subject *s, size_t i)
{
    bool image = s->image && categories[i].image;
    mock_text_puts(b, s->text && image ? "[\"text\",\"image\"]"
                      : s->text        ? "[\"text\"]"
                      : image          ? "[\"image\"]"
                                       : "[]");
}

static void add_flag(struct mock_text *b, const struct subject *s, size_t i)
{
    mock_text_puts(b, flags(s, &categories[i]) ? "true" : "false");
}

static void add_map(struct mock_text *b, const struct moderation *r,
                    const struct subject *s, const char *key,
                    void add(struct mock_text *b, const struct subject *s,
                             size_t i))
{
    mock_text_printf(b, ",\"%s\":{", key);
    for (size_t i = 0; i < CATEGORIES; i++) {
        if (r->older && categories[i].newer)
            continue;
        mock_text_puts(b, i > 0 ? ",\"" : "\"");
        mock_text_puts(b, categories[i].name);
        mock_text_puts(b, "\":");
        add(b, s, i);
    }
    mock_text_puts(b, "}");
}

static void add_result(struct mock_text *b, const struct moderation *r,
                       const struct subject *s)
{
    mock_text_puts(b, s->flagged ? "{\"flagged\":true" : "{\"flagged\":false");
    add_map(b, r, s, "categories", add_flag);
    add_map(b, r, s, "category_scores", add_score);
    if (!r->older)
        add_map(b, r, s, "category_applied_input_types", add_applied);
    mock_text_puts(b, "}");
}

static void add_text_result(struct mock_text *b, const struct moderation *r,
                            const char *text)
{
    struct subject s = { .text = true };
    see(&s, text);
    add_result(b, r, &s);
}

static void add_parts_result(struct mock_text *b, const struct moderation *r)
{
    struct subject s = { .draw = 0 };
    const cJSON *part;
    cJSON_ArrayForEach(part, r->input)
    {
        bool image;
        see(&s, part_value(part, &image));
        s.text = s.text || !image;
        s.image = s.image || image;
    }
    add_result(b, r, &s);
}

static void add_results(struct mock_text *b, const struct moderation *r)
{
    const cJSON *item;
    if (cJSON_IsString(r->input)) {
        add_text_result(b, r, r->input->valuestring);
    } else if (r->parts) {
        add_parts_result(b, r);
    } else {
        cJSON_ArrayForEach(item, r->input)
        {
            if (item != r->input->child)
                mock_text_puts(b, ",");
            add_text_result(b, r, item->valuestring);
        }
    }
}

static void write_answer(struct mock_visit *v, const struct moderation *r)
{
    struct mock_text *b = &v->a->body;
    mock_text_puts(b, "{\"id\":\"modr-");
    mock_text_hex(b, mock_visit_draw(v, 0), 16);
    mock_text_hex(b, mock_visit_draw(v, 1), 16);
    mock_text_puts(b, "\",\"model\":");
    mock_text_json(b, r->m.model, strlen(r->m.model));
    mock_text_puts(b, ",\"results\":[");
    add_results(b, r);
    mock_text_puts(b, "]}\n");
}

void mock_moderations_post(struct mock_visit *v)
{
    struct moderation r = { .parts = false };
    if (mock_meter_open(v, &r.m, "omni-moderation-latest")) {
        read_request(&r);
        if (mock_meter_admit(v, &r.m) != NULL)
            write_answer(v, &r);
    }
    mock_meter_fini(&r.m);
}
