#ifndef MOCK_TOOLS_H
#define MOCK_TOOLS_H

#include "mockserver/meter.h"
#include "mockserver/prose.h"

/*
 * What kind of reply a request wishes: its tools, and its format.
 *
 * A tool is called when the request says so: tool_choice is "required" (the
 * tool is then drawn among the functions and custom tools) or names one.
 * With "auto" and "none" the reply is text.  No two tools are called at once.
 */
enum mock_wish_kind {
    MOCK_WISH_TEXT,
    MOCK_WISH_JSON,
    MOCK_WISH_CALL,  /* of a function, with JSON arguments */
    MOCK_WISH_CUSTOM /* of a custom tool, with text for input */
};

#define MOCK_TOOL_NAME 65

struct mock_wish {
    enum mock_wish_kind kind;
    const cJSON *schema;       /* of that JSON, in the body; NULL: any object */
    bool named;                /* the request names the tool */
    char name[MOCK_TOOL_NAME]; /* of the tool: [a-zA-Z0-9_-] */
};

/* Chat nests what a tool or a format is, "function": {...}; responses have
   it flat. */
enum mock_tools_shape { MOCK_TOOLS_NESTED, MOCK_TOOLS_FLAT };

/* Reads tools and tool_choice; a tool to be drawn is by `draw`. */
void mock_tools_read(struct mock_meter *m, enum mock_tools_shape shape,
                     uint64_t draw, struct mock_wish *wish);

/* Reads a format ("response_format", "text.format"; NULL: none) of that name.
   A tool that is to be called goes before it. */
void mock_tools_format(struct mock_meter *m, const cJSON *format,
                       const char *param, enum mock_tools_shape shape,
                       struct mock_wish *wish);

/* Makes the JSON that the choices say, if that is the wish. */
void mock_tools_fill(const struct mock_wish *wish, struct mock_prose *prose);

#endif
