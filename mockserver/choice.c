#include "mockserver/choice.h"

#include <inttypes.h>
#include <string.h>

#include "mockserver/jsontext.h"

/* "'a', 'b', and 'c'" */
static void add_names(struct mock_text *t, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (i > 0)
            mock_text_puts(t, names[i + 1] != NULL ? ", "
                              : i > 1              ? ", and "
                                                   : " and ");
        mock_text_printf(t, "'%s'", names[i]);
    }
}

size_t mock_choice_of(struct mock_meter *m, const char *key, const char *word,
                      const char *const *names, size_t fallback)
{
    char found[64];
    struct mock_text valid = { 0 };
    if (word == NULL)
        return fallback;
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(word, names[i]) == 0)
            return i;
    add_names(&valid, names);
    mock_meter_wrong(m, key, "invalid_value",
                     "Invalid value: '%s'. Supported values are: %s.",
                     mock_jsontext_quote(word, found, sizeof found),
                     valid.data != NULL ? valid.data : "");
    mock_text_fini(&valid);
    return fallback;
}

size_t mock_choice_read(struct mock_meter *m, const char *key,
                        const char *const *names, size_t fallback)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(m->root, key);
    if (value == NULL || cJSON_IsNull(value))
        return fallback;
    if (cJSON_IsString(value))
        return mock_choice_of(m, key, value->valuestring, names, fallback);
    mock_meter_type(m, key, value, "a string");
    return fallback;
}

void mock_choice_number(struct mock_meter *m, const char *key, double min,
                        double max, double *out)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(m->root, key);
    if (value == NULL || cJSON_IsNull(value))
        return;
    if (!cJSON_IsNumber(value))
        mock_meter_type(m, key, value, "a decimal");
    else if (!(value->valuedouble >= min))
        mock_meter_wrong(m, key, "decimal_below_min_value",
                         "Invalid '%s': decimal below minimum value. Expected "
                         "a value >= %g, but got %g instead.",
                         key, min, value->valuedouble);
    else if (!(value->valuedouble <= max))
        mock_meter_wrong(m, key, "decimal_above_max_value",
                         "Invalid '%s': decimal above maximum value. Expected "
                         "a value <= %g, but got %g instead.",
                         key, max, value->valuedouble);
    else
        *out = value->valuedouble;
}

const char *mock_choice_text(struct mock_meter *m, const char *key, int64_t max)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(m->root, key);
    if (value == NULL) {
        mock_meter_wrong(m, key, "missing_required_parameter",
                         "Missing required parameter: '%s'.", key);
        return NULL;
    }
    if (!cJSON_IsString(value)) {
        mock_meter_type(m, key, value, "a string");
        return NULL;
    }
    int64_t length = mock_jsontext_characters(value->valuestring);
    if (length > 0 && length <= max)
        return value->valuestring;
    if (length == 0)
        mock_meter_wrong(m, key, "empty_string",
                         "Invalid '%s': empty string. Expected a string with "
                         "minimum length 1, but got an empty string instead.",
                         key);
    else
        mock_meter_wrong(m, key, "string_above_max_length",
                         "Invalid '%s': string too long. Expected a string "
                         "with maximum length %" PRId64
                         ", but got a string with length %" PRId64 " instead.",
                         key, max, length);
    return NULL;
}
