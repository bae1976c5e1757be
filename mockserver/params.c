#include "mockserver/params.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mockserver/jsontext.h"

#define STOPS_MAX 4
#define NAME_MAX_LENGTH 64

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(value) ? NULL : value;
}

static int index_of(const char *name, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++)
        if (name[0] == names[i][0] && strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

static void refuse(struct mock_meter *m, const char *name,
                   enum mock_params_unknown words)
{
    char quoted[64];
    mock_jsontext_quote(name, quoted, sizeof quoted);
    if (words == MOCK_PARAMS_UNKNOWN)
        mock_meter_wrong(m, quoted, "unknown_parameter",
                         "Unknown parameter: '%s'.", quoted);
    else
        mock_meter_wrong(m, NULL, NULL,
                         "Unrecognized request argument supplied: %s", quoted);
}

uint64_t mock_params_known(struct mock_meter *m, const char *const *names,
                           enum mock_params_unknown words)
{
    uint64_t known = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, m->root)
    {
        int i = index_of(item->string, names);
        assert(i < 64);
        if (i < 0)
            refuse(m, item->string, words);
        else
            known |= UINT64_C(1) << i;
    }
    return known;
}

void mock_params_missing(struct mock_meter *m, const char *param)
{
    mock_meter_wrong(m, param, "missing_required_parameter",
                     "Missing required parameter: '%s'.", param);
}

void mock_params_number(struct mock_meter *m, const char *key, int min, int max)
{
    const cJSON *value = get(m->root, key);
    if (value == NULL)
        return;
    if (!cJSON_IsNumber(value))
        mock_meter_type(m, key, value, "a decimal");
    else if (value->valuedouble < min)
        mock_meter_wrong(m, key, "decimal_below_min_value",
                         "Invalid '%s': decimal below minimum value. Expected "
                         "a value >= %d, but got %g instead.",
                         key, min, value->valuedouble);
    else if (value->valuedouble > max)
        mock_meter_wrong(m, key, "decimal_above_max_value",
                         "Invalid '%s': decimal above maximum value. Expected "
                         "a value <= %d, but got %g instead.",
                         key, max, value->valuedouble);
}

/* "'a', 'b', and 'c'" */
static void add_names(struct mock_text *out, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        bool last = names[i + 1] == NULL;
        const char *before = i == 0   ? ""
                             : !last  ? ", "
                             : i == 1 ? " and "
                                      : ", and ";
        mock_text_printf(out, "%s'%s'", before, names[i]);
    }
}

int mock_params_one_of(struct mock_meter *m, const char *param,
                       const cJSON *value, const char *const *names)
{
    struct mock_text list = { 0 };
    char quoted[64];
    if (value == NULL) {
        mock_params_missing(m, param);
        return -1;
    }
    if (!cJSON_IsString(value)) {
        mock_meter_type(m, param, value, "a string");
        return -1;
    }
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(value->valuestring, names[i]) == 0)
            return i;
    add_names(&list, names);
    mock_jsontext_quote(value->valuestring, quoted, sizeof quoted);
    mock_meter_wrong(m, param, "invalid_value",
                     "Invalid value: '%s'. Supported values are: %s.", quoted,
                     list.data != NULL ? list.data : "");
    mock_text_fini(&list);
    return -1;
}

bool mock_params_string(struct mock_meter *m, const char *param,
                        const cJSON *value, int64_t min, int64_t max)
{
    if (value == NULL) {
        mock_params_missing(m, param);
        return false;
    }
    if (!cJSON_IsString(value)) {
        mock_meter_type(m, param, value, "a string");
        return false;
    }
    int64_t length = mock_jsontext_characters(value->valuestring);
    if (length < min)
        mock_meter_wrong(m, param, "empty_string",
                         "Invalid '%s': empty string. Expected a string with "
                         "minimum length %" PRId64
                         ", but got an empty string instead.",
                         param, min);
    else if (length > max)
        mock_meter_wrong(m, param, "string_above_max_length",
                         "Invalid '%s': string too long. Expected a string "
                         "with maximum length %" PRId64
                         ", but got a string with length %" PRId64 " instead.",
                         param, max, length);
    return length >= min && length <= max;
}

bool mock_params_name(struct mock_meter *m, const char *param,
                      const cJSON *value)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-"
                               "abcdefghijklmnopqrstuvwxyz0123456789";
    if (!mock_params_string(m, param, value, 1, NAME_MAX_LENGTH))
        return false;
    if (value->valuestring[strspn(value->valuestring, good)] == '\0')
        return true;
    mock_meter_wrong(m, param, "invalid_value",
                     "Invalid '%s': string does not match pattern. Expected a "
                     "string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
                     param);
    return false;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool has_word(const char *text, const char *word)
{
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (word[i] != '\0' && lower(text[i]) == word[i])
            i++;
        if (word[i] == '\0')
            return true;
    }
    return false;
}

bool mock_params_mention(const cJSON *value, const char *word)
{
    const cJSON *item;
    if (cJSON_IsString(value))
        return has_word(value->valuestring, word);
    cJSON_ArrayForEach(item, value)
    {
        if (mock_params_mention(item, word))
            return true;
    }
    return false;
}

static void read_stop(struct mock_meter *m)
{
    const cJSON *stop = get(m->root, "stop");
    const cJSON *item;
    int n = 0;
    if (stop == NULL || cJSON_IsString(stop))
        return;
    if (!cJSON_IsArray(stop)) {
        mock_meter_type(m, "stop", stop, "a string or an array of strings");
        return;
    }
    cJSON_ArrayForEach(item, stop)
    {
        char param[24];
        snprintf(param, sizeof param, "stop[%d]", n++);
        if (!cJSON_IsString(item))
            mock_meter_type(m, param, item, "a string");
    }
    if (n > STOPS_MAX)
        mock_meter_wrong(m, "stop", "array_above_max_length",
                         "Invalid 'stop': array too long. Expected an array "
                         "with maximum length %d, but got an array with "
                         "length %d instead.",
                         STOPS_MAX, n);
}

void mock_params_sampling(struct mock_meter *m)
{
    const cJSON *user = get(m->root, "user");
    mock_params_number(m, "temperature", 0, 2);
    mock_params_number(m, "top_p", 0, 1);
    mock_params_number(m, "presence_penalty", -2, 2);
    mock_params_number(m, "frequency_penalty", -2, 2);
    if (user != NULL && !cJSON_IsString(user))
        mock_meter_type(m, "user", user, "a string");
    read_stop(m);
}

void mock_params_stream(struct mock_meter *m, bool *usage)
{
    static const char key[] = "stream_options";
    static const char inner[] = "stream_options.include_usage";
    const cJSON *options = get(m->root, key);
    mock_meter_bool(m, "stream", &m->stream);
    *usage = false;
    if (options == NULL)
        return;
    if (!cJSON_IsObject(options)) {
        mock_meter_type(m, key, options, "an object");
        return;
    }
    if (!m->stream)
        mock_meter_wrong(m, key, NULL,
                         "The 'stream_options' parameter is only allowed when "
                         "'stream' is enabled.");
    const cJSON *asked = get(options, "include_usage");
    if (asked != NULL && !cJSON_IsBool(asked))
        mock_meter_type(m, inner, asked, "a boolean");
    *usage = cJSON_IsTrue(asked);
}
