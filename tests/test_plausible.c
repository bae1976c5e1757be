/* Values drawn from schemas are checked against them, by other code. */

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#include "mockserver/plausible.h"

#define DRAWS 50

static const cJSON *at(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static double number_at(const cJSON *object, const char *key, double otherwise)
{
    const cJSON *n = at(object, key);
    return cJSON_IsNumber(n) ? n->valuedouble : otherwise;
}

static bool fits(const cJSON *root, const cJSON *schema, const cJSON *value);

static bool is_type(const cJSON *value, const char *type)
{
    if (strcmp(type, "integer") == 0)
        return cJSON_IsNumber(value) &&
               value->valuedouble == (double)(int64_t)value->valuedouble;
    return (strcmp(type, "object") == 0 && cJSON_IsObject(value)) ||
           (strcmp(type, "array") == 0 && cJSON_IsArray(value)) ||
           (strcmp(type, "string") == 0 && cJSON_IsString(value)) ||
           (strcmp(type, "number") == 0 && cJSON_IsNumber(value)) ||
           (strcmp(type, "boolean") == 0 && cJSON_IsBool(value)) ||
           (strcmp(type, "null") == 0 && cJSON_IsNull(value));
}

static bool fits_type(const cJSON *schema, const cJSON *value)
{
    const cJSON *type = at(schema, "type");
    const cJSON *one;
    if (cJSON_IsString(type))
        return is_type(value, type->valuestring);
    cJSON_ArrayForEach(one, type)
    {
        if (is_type(value, one->valuestring))
            return true;
    }
    return type == NULL;
}

static bool fits_list(const cJSON *list, const cJSON *value)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_Compare(item, value, true))
            return true;
    }
    return list == NULL;
}

static bool fits_any(const cJSON *root, const cJSON *list, const cJSON *value)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (fits(root, item, value))
            return true;
    }
    return list == NULL;
}

static bool fits_object(const cJSON *root, const cJSON *schema,
                        const cJSON *value)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, at(schema, "required"))
    {
        if (at(value, item->valuestring) == NULL)
            return false;
    }
    cJSON_ArrayForEach(item, value)
    {
        const cJSON *inner = at(at(schema, "properties"), item->string);
        if (inner != NULL && !fits(root, inner, item))
            return false;
    }
    return true;
}

static bool fits_array(const cJSON *root, const cJSON *schema,
                       const cJSON *value)
{
    const cJSON *item;
    int n = cJSON_GetArraySize(value);
    if (n < number_at(schema, "minItems", 0) ||
        n > number_at(schema, "maxItems", 1e9))
        return false;
    cJSON_ArrayForEach(item, value)
    {
        if (!fits(root, at(schema, "items"), item))
            return false;
    }
    return true;
}

static bool fits_scalar(const cJSON *schema, const cJSON *value)
{
    double x = value->valuedouble;
    if (cJSON_IsString(value)) {
        size_t n = strlen(value->valuestring);
        return (double)n >= number_at(schema, "minLength", 0) &&
               (double)n <= number_at(schema, "maxLength", 1e9);
    }
    if (!cJSON_IsNumber(value))
        return true;
    double part = x / number_at(schema, "multipleOf", x != 0 ? x : 1);
    double off = part - (double)(int64_t)(part + (part < 0 ? -0.5 : 0.5));
    return x >= number_at(schema, "minimum", -1e308) &&
           x <= number_at(schema, "maximum", 1e308) &&
           x > number_at(schema, "exclusiveMinimum", -1.7e308) &&
           x < number_at(schema, "exclusiveMaximum", 1.7e308) && off < 1e-6 &&
           off > -1e-6;
}

static bool fits(const cJSON *root, const cJSON *schema, const cJSON *value)
{
    const cJSON *constant = at(schema, "const");
    const cJSON *reference = at(schema, "$ref");
    if (reference != NULL) {
        const char *name = strrchr(reference->valuestring, '/');
        schema = name == NULL ? root : at(at(root, "$defs"), name + 1);
        return fits(root, schema, value);
    }
    return (constant == NULL || cJSON_Compare(constant, value, true)) &&
           fits_type(schema, value) && fits_list(at(schema, "enum"), value) &&
           fits_any(root, at(schema, "anyOf"), value) &&
           (!cJSON_IsObject(value) || fits_object(root, schema, value)) &&
           (!cJSON_IsArray(value) || fits_array(root, schema, value)) &&
           fits_scalar(schema, value);
}

static cJSON *drawn(const cJSON *schema, uint64_t draw, struct mock_text *t)
{
    mock_text_clear(t);
    mock_plausible_value(t, schema, draw);
    CU_ASSERT_FALSE_FATAL(t->failed);
    return cJSON_ParseWithOpts(t->data, NULL, true);
}

static void values_fit_their_schemas(void)
{
    static const char *const schemas[] = {
        "{}",
        "{\"type\":\"string\"}",
        "{\"type\":\"string\",\"minLength\":40}",
        "{\"type\":\"string\",\"maxLength\":3}",
        "{\"type\":\"string\",\"minLength\":2000,\"maxLength\":2000}",
        "{\"type\":\"string\",\"maxLength\":0}",
        "{\"type\":\"integer\"}",
        "{\"type\":\"integer\",\"minimum\":3,\"maximum\":3}",
        "{\"type\":\"integer\",\"minimum\":2.5,\"maximum\":4.5}",
        "{\"type\":\"integer\",\"maximum\":-7}",
        "{\"type\":\"integer\",\"exclusiveMinimum\":6,\"exclusiveMaximum\":8}",
        "{\"type\":\"integer\",\"minimum\":1,\"multipleOf\":7}",
        "{\"type\":\"number\",\"minimum\":0.25,\"maximum\":0.26}",
        "{\"type\":\"number\",\"multipleOf\":0.1,\"minimum\":-3}",
        "{\"type\":\"number\",\"minimum\":1e18}",
        "{\"type\":\"number\",\"minimum\":-1e300,\"maximum\":1e300}",
        "{\"type\":\"boolean\"}",
        "{\"type\":\"null\"}",
        "{\"type\":[\"integer\",\"null\"],\"minimum\":5}",
        "{\"enum\":[\"a\",2,null,{\"b\":[]}]}",
        "{\"const\":{\"x\":[1,\"\\u00fc\"]}}",
        "{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"minItems\":4}",
        "{\"type\":\"array\",\"items\":{\"enum\":[1]},\"maxItems\":0}",
        "{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\",\"const\":"
        "\"all\"}]}",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"object\","
        "\"properties\":{\"b\":{\"type\":\"boolean\"},\"c\":{\"type\":"
        "\"array\",\"items\":{\"type\":\"number\"}}},\"required\":[\"b\","
        "\"c\"]},\"o\":{\"type\":\"string\"}},\"required\":[\"a\"]}",
        "{\"type\":\"object\",\"required\":[\"unnamed\"]}",
        "{\"type\":\"object\",\"properties\":{\"p\":{\"$ref\":\"#/$defs/p\"}},"
        "\"required\":[\"p\"],\"$defs\":{\"p\":{\"type\":\"integer\","
        "\"minimum\":8}}}",
        "{\"type\":\"object\",\"properties\":{\"value\":{\"type\":\"integer\"},"
        "\"next\":{\"anyOf\":[{\"$ref\":\"#\"},{\"type\":\"null\"}]}},"
        "\"required\":[\"value\",\"next\"]}",
        "{\"$ref\":\"#/$defs/t\",\"$defs\":{\"t\":{\"type\":\"object\","
        "\"properties\":{\"kids\":{\"type\":\"array\",\"items\":{\"$ref\":"
        "\"#/$defs/t\"}}},\"required\":[\"kids\"]}}}",
    };
    struct mock_text t = { 0 };
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        cJSON *schema = cJSON_Parse(schemas[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
        for (uint64_t draw = 0; draw < DRAWS; draw++) {
            cJSON *value = drawn(schema, draw, &t);
            bool good = value != NULL && fits(schema, schema, value);
            CU_ASSERT_TRUE(good);
            if (!good)
                printf("\n  %s: %s\n", schemas[i], t.data);
            cJSON_Delete(value);
        }
        cJSON_Delete(schema);
    }
    mock_text_fini(&t);
}

static void formats_look_right(void)
{
    static const struct {
        const char *format, *like; /* 9: a digit, h: a hexadecimal one */
    } rows[] = {
        { "date-time", "9999-99-99T99:99:99Z" },
        { "date", "9999-99-99" },
        { "time", "99:99:99Z" },
        { "uuid", "hhhhhhhh-hhhh-4hhh-ahhh-hhhhhhhhhhhh" },
    };
    struct mock_text t = { 0 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char schema[64];
        snprintf(schema, sizeof schema,
                 "{\"type\":\"string\",\"format\":\"%s\"}", rows[i].format);
        cJSON *root = cJSON_Parse(schema);
        for (uint64_t draw = 0; draw < DRAWS; draw++) {
            cJSON *value = drawn(root, draw, &t);
            const char *like = rows[i].like;
            const char *text = value->valuestring;
            CU_ASSERT_EQUAL_FATAL(strlen(text), strlen(like));
            for (size_t k = 0; like[k] != '\0'; k++)
                CU_ASSERT_TRUE(like[k] == '9' ? text[k] >= '0' && text[k] <= '9'
                               : like[k] == 'h'
                                   ? strchr("0123456789abcdef", text[k]) != NULL
                                   : text[k] == like[k]);
            cJSON_Delete(value);
        }
        cJSON_Delete(root);
    }
    mock_text_fini(&t);
}

static void the_same_draw_makes_the_same(void)
{
    struct mock_text a = { 0 };
    struct mock_text b = { 0 };
    int differ = 0;
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        mock_text_clear(&a);
        mock_text_clear(&b);
        mock_plausible_value(&a, NULL, draw);
        mock_plausible_value(&b, NULL, draw);
        CU_ASSERT_STRING_EQUAL(a.data, b.data);
        mock_text_clear(&b);
        mock_plausible_value(&b, NULL, draw + 1);
        differ += strcmp(a.data, b.data) != 0;
    }
    CU_ASSERT_TRUE(differ > DRAWS / 2);
    mock_text_fini(&a);
    mock_text_fini(&b);
}

/* What asks for too much ends all the same, in JSON. */
static void nothing_grows_without_bound(void)
{
    static const char *const schemas[] = {
        "{\"$ref\":\"#\"}",
        "{\"$ref\":\"#/$defs/none\"}",
        "{\"$ref\":\"http://elsewhere/\"}",
        "{\"type\":\"array\",\"minItems\":1e9,\"items\":{\"$ref\":\"#\"}}",
        "{\"type\":\"array\",\"minItems\":1e9,\"items\":{\"type\":\"string\","
        "\"minLength\":1e9}}",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"},\"b\":{"
        "\"$ref\":\"#\"},\"c\":{\"$ref\":\"#\"}},\"required\":[\"a\",\"b\","
        "\"c\"]}",
        "{\"anyOf\":[]}",
        "{\"enum\":[]}",
        "{\"type\":[]}",
        "{\"type\":7,\"properties\":[],\"required\":{}}",
        "{\"type\":\"object\",\"properties\":[1],\"required\":[1,null]}",
        "{\"type\":\"integer\",\"minimum\":5,\"maximum\":1}",
        "{\"type\":\"number\",\"minimum\":1e308,\"multipleOf\":1e-300}",
        "{\"type\":\"number\",\"minimum\":-1e999,\"maximum\":1e999}",
        "{\"type\":\"string\",\"minLength\":5,\"maxLength\":1}",
        "{\"allOf\":[]}",
        "[1,2]",
        "true",
    };
    struct mock_text t = { 0 };
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        cJSON *schema = cJSON_Parse(schemas[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
        for (uint64_t draw = 0; draw < 3; draw++) {
            cJSON *value = drawn(schema, draw, &t);
            CU_ASSERT_PTR_NOT_NULL(value);
            CU_ASSERT_TRUE(t.length < 300000);
            if (value == NULL)
                printf("\n  %s: %.300s\n", schemas[i], t.data);
            cJSON_Delete(value);
        }
        cJSON_Delete(schema);
    }
    mock_text_fini(&t);
}

CU_TestInfo plausible_tests[] = {
    { "values fit their schemas", values_fit_their_schemas },
    { "formats look right", formats_look_right },
    { "the same draw makes the same", the_same_draw_makes_the_same },
    { "nothing grows without bound", nothing_grows_without_bound },
    CU_TEST_INFO_NULL
};
