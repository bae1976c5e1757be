/*
 * POST /v1/embeddings.  A vector is a function of its input alone: of length
 * 1, in a direction drawn by the input's bytes.
 */

#include <inttypes.h>
#include <string.h>

#include "limiter/rng.h"
#include "mockserver/base64.h"
#include "mockserver/family.h"
#include "mockserver/jsontext.h"
#include "mockserver/params.h"

#define INPUTS_MAX 2048
#define TOKENS_MAX 300000
#define DIMENSIONS_MAX 3072

struct embeddings {
    struct mock_meter m;
    const cJSON *inputs; /* a string, or an array */
    size_t count;
    int64_t dimensions;
    bool base64;
};

static const char *const parameters[] = { "input",      "model",
                                          "dimensions", "encoding_format",
                                          "user",       NULL };

static int64_t token_count(struct mock_meter *m, const cJSON *list)
{
    const cJSON *token;
    int64_t n = 0;
    cJSON_ArrayForEach(token, list)
    {
        if (!cJSON_IsNumber(token) || token->valuedouble < 0 ||
            token->valuedouble != (double)(int64_t)token->valueint) {
            mock_meter_type(m, "input", token, "integers in arrays of tokens");
            return n;
        }
        n++;
    }
    return n;
}

static void read_input(struct embeddings *e, const cJSON *input)
{
    int64_t tokens = 0;
    if (cJSON_IsString(input)) {
        if (input->valuestring[0] == '\0')
            mock_meter_wrong(&e->m, "input", NULL,
                             "'$.input' is invalid: an empty string.");
        tokens =
            lim_estimate_text(mock_jsontext_characters(input->valuestring));
    } else if (cJSON_IsArray(input)) {
        tokens = token_count(&e->m, input);
        if (tokens == 0)
            mock_meter_wrong(&e->m, "input", NULL,
                             "'$.input' is invalid: an empty array.");
    } else {
        mock_meter_type(&e->m, "input", input,
                        "a string or an array of strings or tokens");
    }
    if (sim_service_room(e->m.call.price, tokens) < 0)
        mock_meter_wrong(&e->m, "input", NULL,
                         "This model's maximum context length is %" PRId64
                         " tokens, however you requested %" PRId64 " tokens.",
                         e->m.call.price->context_tokens, tokens);
    e->m.prompt_tokens += tokens;
    e->count++;
}

static void read_inputs(struct embeddings *e)
{
    const cJSON *input = cJSON_GetObjectItemCaseSensitive(e->m.root, "input");
    const cJSON *item;
    e->inputs = input;
    if (input == NULL) {
        mock_meter_wrong(&e->m, "input", "missing_required_parameter",
                         "Missing required parameter: 'input'.");
    } else if (!cJSON_IsArray(input) || input->child == NULL ||
               cJSON_IsNumber(input->child)) {
        read_input(e, input);
    } else {
        bool lists = cJSON_IsArray(input->child);
        cJSON_ArrayForEach(item, input)
        {
            if (lists != (bool)cJSON_IsArray(item))
                mock_meter_type(&e->m, "input", item,
                                lists ? "an array of tokens" : "a string");
            read_input(e, item);
        }
    }
    if (e->count > INPUTS_MAX)
        mock_meter_wrong(&e->m, "input", NULL,
                         "'input' has %zu entries; at most %d are taken.",
                         e->count, INPUTS_MAX);
    if (e->m.prompt_tokens > TOKENS_MAX)
        mock_meter_wrong(&e->m, "input", "max_tokens_per_request",
                         "Invalid 'input': maximum request size is %d tokens "
                         "per request.",
                         TOKENS_MAX);
}

static void read_format(struct embeddings *e)
{
    static const char key[] = "encoding_format";
    const cJSON *f = cJSON_GetObjectItemCaseSensitive(e->m.root, key);
    if (f == NULL || cJSON_IsNull(f))
        return;
    if (!cJSON_IsString(f))
        mock_meter_type(&e->m, key, f, "a string");
    else if (strcmp(f->valuestring, "base64") == 0)
        e->base64 = true;
    else if (strcmp(f->valuestring, "float") != 0)
        mock_meter_wrong(&e->m, key, "invalid_value",
                         "Invalid value for 'encoding_format'. Supported "
                         "values are: 'float' and 'base64'.");
}

static void read_dimensions(struct embeddings *e)
{
    bool third = strncmp(e->m.model, "text-embedding-3-", 17) == 0;
    bool large = strncmp(e->m.model, "text-embedding-3-large", 22) == 0;
    int64_t asked = -1;
    e->dimensions = large ? DIMENSIONS_MAX : DIMENSIONS_MAX / 2;
    mock_meter_int(&e->m, "dimensions", 1, e->dimensions, &asked);
    if (asked >= 0 && !third)
        mock_meter_wrong(&e->m, "dimensions", NULL,
                         "This model does not support specifying dimensions.");
    if (asked >= 0)
        e->dimensions = asked;
}

static uint64_t hash_input(const cJSON *input)
{
    const cJSON *token;
    uint64_t hash = 0;
    if (cJSON_IsString(input)) {
        for (const char *p = input->valuestring; *p != '\0'; p++)
            hash = lim_rng_mix(hash ^ (unsigned char)*p);
        return hash;
    }
    cJSON_ArrayForEach(token, input) hash =
        lim_rng_mix(hash ^ (uint64_t)token->valueint);
    return hash;
}

/* Newton's method: libm is not linked here.  x > 0. */
static double square_root(double x)
{
    double r = x > 1 ? x : 1;
    for (int i = 0; i < 64; i++)
        r = (r + x / r) / 2;
    return r;
}

static void make_vector(const cJSON *input, int64_t dimensions,
                        float out[DIMENSIONS_MAX])
{
    uint64_t item = hash_input(input);
    double sum = 0;
    for (int64_t i = 0; i < dimensions; i++) {
        uint64_t bits = lim_rng_draw(0, item, (uint64_t)i);
        double d = 2 * lim_rng_uniform(bits) - 1;
        sum += d * d;
        out[i] = (float)d;
    }
    float scale = (float)(1 / square_root(sum));
    for (int64_t i = 0; i < dimensions; i++)
        out[i] *= scale;
}

static void write_vector(struct mock_text *b, const struct embeddings *e,
                         const cJSON *input)
{
    float vector[DIMENSIONS_MAX];
    make_vector(input, e->dimensions, vector);
    if (!e->base64) {
        for (int64_t i = 0; i < e->dimensions; i++)
            mock_text_printf(b, "%c%.8g", i == 0 ? '[' : ',',
                             (double)vector[i]);
        mock_text_puts(b, "]");
        return;
    }
    unsigned char bytes[DIMENSIONS_MAX * 4] = { 0 };
    for (int64_t i = 0; i < e->dimensions; i++) {
        uint32_t bits;
        memcpy(&bits, &vector[i], 4);
        for (int k = 0; k < 4; k++)
            bytes[4 * i + k] = (unsigned char)(bits >> 8 * k);
    }
    mock_text_puts(b, "\"");
    mock_base64_add(b, bytes, (size_t)e->dimensions * 4);
    mock_text_puts(b, "\"");
}

static void write_entry(struct mock_text *b, const struct embeddings *e,
                        const cJSON *input, size_t index)
{
    mock_text_printf(b,
                     "%s{\"object\":\"embedding\",\"index\":%zu,"
                     "\"embedding\":",
                     index > 0 ? "," : "", index);
    write_vector(b, e, input);
    mock_text_puts(b, "}");
}

static void write_answer(struct mock_visit *v, const struct embeddings *e)
{
    struct mock_text *b = &v->a->body;
    const cJSON *item;
    size_t index = 0;
    mock_text_puts(b, "{\"object\":\"list\",\"data\":[");
    if (cJSON_IsString(e->inputs) || cJSON_IsNumber(e->inputs->child))
        write_entry(b, e, e->inputs, 0);
    else
        cJSON_ArrayForEach(item, e->inputs)
        {
            write_entry(b, e, item, index++);
        }
    mock_text_puts(b, "],\"model\":");
    mock_text_json(b, e->m.model, strlen(e->m.model));
    mock_text_printf(b,
                     ",\"usage\":{\"prompt_tokens\":%" PRId64
                     ",\"total_tokens\":%" PRId64 "}}\n",
                     e->m.prompt_tokens, e->m.prompt_tokens);
}

void mock_embeddings_post(struct mock_visit *v)
{
    struct embeddings e = { .base64 = false };
    if (mock_meter_open(v, &e.m, NULL) &&
        mock_family_fits(v, e.m.model, MOCK_ROOM_EMBEDDINGS)) {
        e.m.completion_tokens = 0;
        mock_params_known(&e.m, parameters, MOCK_PARAMS_UNRECOGNIZED);
        read_inputs(&e);
        read_format(&e);
        read_dimensions(&e);
        if (mock_meter_admit(v, &e.m) != NULL)
            write_answer(v, &e);
    }
    mock_meter_fini(&e.m);
}
