#include "mockserver/tools.h"

#include <stdio.h>
#include <string.h>

#include "mockserver/jsontext.h"
#include "mockserver/params.h"
#include "mockserver/plausible.h"
#include "mockserver/strict.h"

#define TOOLS_MAX 128
#define VALUE_DRAW 8 /* purpose of a draw: beside those of the answers */

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(value) ? NULL : value;
}

static bool is(const cJSON *object, const char *key, const char *text)
{
    const cJSON *value = get(object, key);
    return cJSON_IsString(value) && strcmp(value->valuestring, text) == 0;
}

/* What may be called: functions and custom tools. */
static bool callable(const cJSON *tool)
{
    return is(tool, "type", "function") || is(tool, "type", "custom");
}

/* The object that has a tool's name. */
static const cJSON *named(const cJSON *tool, enum mock_tools_shape shape)
{
    if (shape == MOCK_TOOLS_FLAT)
        return tool;
    return get(tool, is(tool, "type", "custom") ? "custom" : "function");
}

static const char *name_of(const cJSON *tool, enum mock_tools_shape shape)
{
    const cJSON *name = get(named(tool, shape), "name");
    return cJSON_IsString(name) ? name->valuestring : "";
}

static void read_tool(struct mock_meter *m, const cJSON *tool,
                      enum mock_tools_shape shape, int index)
{
    static const char *const nested[] = { "function", "custom", NULL };
    char param[48];
    bool flat = shape == MOCK_TOOLS_FLAT;
    const char *within = flat                         ? ""
                         : is(tool, "type", "custom") ? ".custom"
                                                      : ".function";
    snprintf(param, sizeof param, "tools[%d]", index);
    if (!cJSON_IsObject(tool)) {
        mock_meter_type(m, param, tool, "an object");
        return;
    }
    snprintf(param, sizeof param, "tools[%d].type", index);
    if (!flat)
        mock_params_one_of(m, param, get(tool, "type"), nested);
    else if (!cJSON_IsString(get(tool, "type")))
        mock_params_missing(m, param);
    if (!callable(tool))
        return;
    snprintf(param, sizeof param, "tools[%d]%s", index, within);
    if (named(tool, shape) == NULL) {
        mock_params_missing(m, param);
        return;
    }
    snprintf(param, sizeof param, "tools[%d]%s.name", index, within);
    mock_params_name(m, param, get(named(tool, shape), "name"));
    const cJSON *schema = get(named(tool, shape), "parameters");
    snprintf(param, sizeof param, "tools[%d]%s.parameters", index, within);
    if (schema != NULL && !cJSON_IsObject(schema))
        mock_meter_type(m, param, schema, "an object");
    else if (schema != NULL && cJSON_IsTrue(get(named(tool, shape), "strict")))
        mock_strict_check(
            m,
            &(struct mock_strict){ "function", name_of(tool, shape), param,
                                   "invalid_function_parameters" },
            schema);
}

static const cJSON *read_list(struct mock_meter *m, enum mock_tools_shape shape)
{
    const cJSON *tools = get(m->root, "tools");
    const cJSON *tool;
    int n = 0;
    if (tools == NULL)
        return NULL;
    if (!cJSON_IsArray(tools)) {
        mock_meter_type(m, "tools", tools, "an array of objects");
        return NULL;
    }
    if (tools->child == NULL && shape == MOCK_TOOLS_NESTED)
        mock_meter_wrong(m, "tools", "empty_array",
                         "Invalid 'tools': empty array. Expected an array with "
                         "minimum length 1, but got an empty array instead.");
    cJSON_ArrayForEach(tool, tools)
    {
        read_tool(m, tool, shape, n++);
    }
    if (n > TOOLS_MAX)
        mock_meter_wrong(m, "tools", "array_above_max_length",
                         "Invalid 'tools': array too long. Expected an array "
                         "with maximum length %d, but got an array with "
                         "length %d instead.",
                         TOOLS_MAX, n);
    return tools;
}

static const cJSON *find(const cJSON *tools, enum mock_tools_shape shape,
                         const char *name)
{
    const cJSON *tool;
    cJSON_ArrayForEach(tool, tools)
    {
        if (callable(tool) && strcmp(name_of(tool, shape), name) == 0)
            return tool;
    }
    return NULL;
}

static const cJSON *draw_one(const cJSON *tools, uint64_t draw)
{
    const cJSON *tool;
    uint64_t n = 0;
    cJSON_ArrayForEach(tool, tools) n += callable(tool);
    if (n == 0)
        return NULL;
    n = draw % n;
    cJSON_ArrayForEach(tool, tools)
    {
        if (callable(tool) && n-- == 0)
            return tool;
    }
    return NULL;
}

/* `tool` is one of the list's, or NULL: nothing that can be called. */
static void call(struct mock_wish *wish, const cJSON *tool,
                 enum mock_tools_shape shape)
{
    if (tool == NULL)
        return;
    bool custom = is(tool, "type", "custom");
    wish->kind = custom ? MOCK_WISH_CUSTOM : MOCK_WISH_CALL;
    wish->schema = custom ? NULL : get(named(tool, shape), "parameters");
    snprintf(wish->name, sizeof wish->name, "%s", name_of(tool, shape));
}

static void call_named(struct mock_meter *m, struct mock_wish *wish,
                       const cJSON *tools, const cJSON *choice,
                       enum mock_tools_shape shape)
{
    char quoted[80];
    const char *name = name_of(choice, shape);
    const cJSON *tool = find(tools, shape, name);
    if (tool == NULL)
        mock_meter_wrong(m, "tool_choice", NULL,
                         "Tool choice '%s' not found in 'tools' parameter.",
                         mock_jsontext_quote(name, quoted, sizeof quoted));
    call(wish, tool, shape);
    wish->named = true;
}

/* {"type": "allowed_tools", "mode": ..., "tools": [...]} */
static void call_allowed(struct mock_wish *wish, const cJSON *tools,
                         const cJSON *choice, enum mock_tools_shape shape,
                         uint64_t draw)
{
    const cJSON *set =
        shape == MOCK_TOOLS_FLAT ? choice : get(choice, "allowed_tools");
    const cJSON *one = draw_one(get(set, "tools"), draw);
    if (is(set, "mode", "required") && one != NULL)
        call(wish, find(tools, shape, name_of(one, shape)), shape);
}

void mock_tools_read(struct mock_meter *m, enum mock_tools_shape shape,
                     uint64_t draw, struct mock_wish *wish)
{
    static const char *const modes[] = { "none", "auto", "required", NULL };
    static const char key[] = "tool_choice";
    const cJSON *tools = read_list(m, shape);
    const cJSON *choice = get(m->root, key);
    if (choice == NULL)
        return;
    if (!cJSON_IsString(choice) && !cJSON_IsObject(choice))
        mock_meter_type(m, key, choice, "a string or an object");
    else if (cJSON_IsString(choice))
        mock_params_one_of(m, key, choice, modes);
    if (tools == NULL && (shape == MOCK_TOOLS_NESTED || cJSON_IsObject(choice)))
        mock_meter_wrong(m, key, NULL,
                         "Invalid value for 'tool_choice': 'tool_choice' is "
                         "only allowed when 'tools' are specified.");
    if (m->wrong)
        return;
    if (cJSON_IsString(choice) && strcmp(choice->valuestring, modes[2]) == 0)
        call(wish, draw_one(tools, draw), shape);
    else if (callable(choice))
        call_named(m, wish, tools, choice, shape);
    else if (is(choice, "type", "allowed_tools"))
        call_allowed(wish, tools, choice, shape, draw);
}

/* Returns what holds name and schema, or NULL: it is missing. */
static const cJSON *read_schema(struct mock_meter *m, const cJSON *format,
                                const char *param, enum mock_tools_shape shape)
{
    char path[64];
    bool flat = shape == MOCK_TOOLS_FLAT;
    const char *nest = flat ? "" : ".json_schema";
    const cJSON *within = flat ? format : get(format, "json_schema");
    const cJSON *schema = get(within, "schema");
    snprintf(path, sizeof path, "%s%s", param, nest);
    if (within == NULL) {
        mock_params_missing(m, path);
        return NULL;
    }
    snprintf(path, sizeof path, "%s%s.name", param, nest);
    if (!mock_params_name(m, path, get(within, "name")))
        return within;
    snprintf(path, sizeof path, "%s%s.schema", param, nest);
    if (schema != NULL && !cJSON_IsObject(schema))
        mock_meter_type(m, path, schema, "an object");
    else if (schema != NULL && cJSON_IsTrue(get(within, "strict")))
        mock_strict_check(
            m,
            &(struct mock_strict){
                "response_format", get(within, "name")->valuestring,
                flat ? path : param, flat ? "invalid_json_schema" : NULL },
            schema);
    return within;
}

void mock_tools_format(struct mock_meter *m, const cJSON *format,
                       const char *param, enum mock_tools_shape shape,
                       struct mock_wish *wish)
{
    static const char *const types[] = { "json_object", "json_schema", "text",
                                         NULL };
    char path[64];
    const cJSON *within = format;
    if (format == NULL || cJSON_IsNull(format))
        return;
    if (!cJSON_IsObject(format)) {
        mock_meter_type(m, param, format, "an object");
        return;
    }
    snprintf(path, sizeof path, "%s.type", param);
    int type = mock_params_one_of(m, path, get(format, "type"), types);
    if (type == 1)
        within = read_schema(m, format, param, shape);
    if ((type == 0 || type == 1) && wish->kind == MOCK_WISH_TEXT) {
        wish->kind = MOCK_WISH_JSON;
        wish->schema = type == 1 ? get(within, "schema") : NULL;
    }
}

void mock_tools_fill(const struct mock_wish *wish, struct mock_prose *prose)
{
    if (wish->kind != MOCK_WISH_JSON && wish->kind != MOCK_WISH_CALL)
        return;
    for (int64_t i = 0; i < prose->choices; i++) {
        uint64_t draw = mock_prose_draw(prose, i, VALUE_DRAW);
        if (wish->kind == MOCK_WISH_CALL && wish->schema == NULL)
            mock_text_puts(&prose->texts, "{}");
        else
            mock_plausible_value(&prose->texts, wish->schema, draw);
        mock_prose_close(prose, i);
    }
}
