#include "mockserver/strict.h"

#include <stdio.h>
#include <string.h>

#include "mockserver/jsontext.h"

#define COMPARISONS_MAX 1000000

/* Where in the schema: ('properties', 'a', 'items') */
struct context {
    char text[200];
    size_t length;
    int parts;
};

struct check {
    struct mock_meter *m;
    const struct mock_strict *whose;
    int64_t left; /* comparisons: a schema may be made to need many */
};

static void walk(struct check *c, const cJSON *schema,
                 const struct context *at);

static const cJSON *get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static struct context inside(const struct context *at, const char *part)
{
    char clean[64];
    struct context in = *at;
    size_t room = sizeof in.text - in.length;
    mock_jsontext_quote(part, clean, sizeof clean);
    int n = snprintf(in.text + in.length, room, "%s'%s'",
                     in.parts > 0 ? ", " : "", clean);
    if (n > 0 && (size_t)n < room)
        in.length += (size_t)n;
    else
        in.text[in.length] = '\0';
    in.parts++;
    return in;
}

static void wrong(struct check *c, const struct context *at,
                  const char *problem)
{
    const struct mock_strict *w = c->whose;
    mock_meter_wrong(c->m, w->param, w->code,
                     "Invalid schema for %s '%s': In context=(%s%s), %s",
                     w->what, w->name, at->text, at->parts == 1 ? "," : "",
                     problem);
}

static bool is(const cJSON *value, const char *text)
{
    return cJSON_IsString(value) && strcmp(value->valuestring, text) == 0;
}

static bool requires(struct check *c, const cJSON *list, const char *key)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (c->left-- <= 0 || is(item, key))
            return true;
    }
    return false;
}

static void check_object(struct check *c, const cJSON *schema,
                         const struct context *at)
{
    char problem[256], key[64];
    const cJSON *property;
    const cJSON *required = get(schema, "required");
    if (!cJSON_IsFalse(get(schema, "additionalProperties"))) {
        wrong(c, at,
              "'additionalProperties' is required to be supplied and to be "
              "false.");
        return;
    }
    cJSON_ArrayForEach(property, get(schema, "properties"))
    {
        if (property->string == NULL || requires(c, required, property->string))
            continue;
        snprintf(problem, sizeof problem,
                 "'required' is required to be supplied and to be an array "
                 "including every key in properties. Missing '%s'.",
                 mock_jsontext_quote(property->string, key, sizeof key));
        wrong(c, at, problem);
        return;
    }
}

/* The schemas under each key of an object. */
static void walk_named(struct check *c, const cJSON *schema, const char *key,
                       const struct context *at)
{
    const cJSON *item;
    const struct context in = inside(at, key);
    cJSON_ArrayForEach(item, get(schema, key))
    {
        if (c->m->wrong || item->string == NULL)
            return;
        const struct context deeper = inside(&in, item->string);
        walk(c, item, &deeper);
    }
}

static void walk_any(struct check *c, const cJSON *schema,
                     const struct context *at)
{
    const cJSON *item;
    const struct context in = inside(at, "anyOf");
    int i = 0;
    cJSON_ArrayForEach(item, get(schema, "anyOf"))
    {
        char index[16];
        if (c->m->wrong)
            return;
        snprintf(index, sizeof index, "%d", i++);
        const struct context deeper = inside(&in, index);
        walk(c, item, &deeper);
    }
}

static bool is_object(const cJSON *schema)
{
    const cJSON *type = get(schema, "type");
    const cJSON *one;
    cJSON_ArrayForEach(one, type)
    {
        if (is(one, "object"))
            return true;
    }
    return is(type, "object");
}

static void walk(struct check *c, const cJSON *schema, const struct context *at)
{
    if (!cJSON_IsObject(schema) || c->m->wrong)
        return;
    if (is_object(schema))
        check_object(c, schema, at);
    walk_named(c, schema, "properties", at);
    walk_named(c, schema, "$defs", at);
    walk_named(c, schema, "definitions", at);
    walk_any(c, schema, at);
    if (cJSON_IsObject(get(schema, "items"))) {
        const struct context in = inside(at, "items");
        walk(c, get(schema, "items"), &in);
    }
}

void mock_strict_check(struct mock_meter *m, const struct mock_strict *whose,
                       const cJSON *schema)
{
    struct check c = { m, whose, COMPARISONS_MAX };
    const struct context at = { .parts = 0 };
    const cJSON *type = get(schema, "type");
    char found[48];
    if (!is_object(schema) && get(schema, "$ref") == NULL) {
        const char *name = cJSON_IsString(type) ? type->valuestring : "None";
        mock_meter_wrong(m, whose->param, whose->code,
                         "Invalid schema for %s '%s': schema must be a JSON "
                         "Schema of 'type: \"object\"', got 'type: \"%s\"'.",
                         whose->what, whose->name,
                         mock_jsontext_quote(name, found, sizeof found));
        return;
    }
    walk(&c, schema, &at);
}
