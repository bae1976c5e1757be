#include "bench/collect.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/events.h"
#include "limiter/apierror.h"

static cJSON *get(const cJSON *o, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(o, key);
}

static bool is(const cJSON *string, const char *text)
{
    return cJSON_IsString(string) && strcmp(string->valuestring, text) == 0;
}

static void put(cJSON *o, const char *key, cJSON *value)
{
    if (get(o, key) != NULL)
        cJSON_ReplaceItemInObjectCaseSensitive(o, key, value);
    else
        cJSON_AddItemToObject(o, key, value);
}

static void put_missing(cJSON *o, const char *key)
{
    if (get(o, key) == NULL)
        cJSON_AddNullToObject(o, key);
}

/* The room of a text of that length: it doubles, so that a long reply is not
   copied with every token. */
static size_t room_for(size_t length)
{
    size_t room = 16;
    while (room <= length)
        room *= 2;
    return room;
}

/* A copy; that of a text can grow by append. */
static cJSON *copy_of(const cJSON *part)
{
    if (!cJSON_IsString(part))
        return cJSON_Duplicate(part, true);
    size_t length = strlen(part->valuestring);
    cJSON *copy = cJSON_CreateString("");
    char *room =
        copy != NULL ? realloc(copy->valuestring, room_for(length)) : NULL;
    if (room == NULL) {
        cJSON_Delete(copy);
        return NULL;
    }
    memcpy(room, part->valuestring, length + 1);
    copy->valuestring = room;
    return copy;
}

static void append(cJSON *to, const char *text)
{
    size_t old = strlen(to->valuestring), more = strlen(text);
    if (room_for(old + more) > room_for(old)) {
        char *grown = realloc(to->valuestring, room_for(old + more));
        if (grown == NULL)
            return;
        to->valuestring = grown;
    }
    memcpy(to->valuestring + old, text, more + 1);
}

/* The element of a list that has that index, made if there is none. */
static cJSON *at_index(cJSON *list, const cJSON *element)
{
    const cJSON *index = get(element, "index");
    cJSON *known;
    cJSON_ArrayForEach(known, list)
    {
        if (cJSON_Compare(get(known, "index"), index, true))
            return known;
    }
    known = cJSON_CreateObject();
    cJSON_AddItemToArray(list, known);
    return known;
}

/* Texts that come whole, again in some servers' chunks. */
static bool is_name(const char *key)
{
    static const char *const names[] = { "id", "type", "role", "name" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return false;
}

static void merge(cJSON *to, const cJSON *delta);

static void merge_list(cJSON *to, const cJSON *list)
{
    const cJSON *element;
    cJSON_ArrayForEach(element, list)
    {
        if (get(element, "index") != NULL)
            merge(at_index(to, element), element);
        else
            cJSON_AddItemToArray(to, cJSON_Duplicate(element, true));
    }
}

/* Adds what a delta brings: texts and lists grow, the rest takes its place. */
static void merge(cJSON *to, const cJSON *delta)
{
    const cJSON *part;
    cJSON_ArrayForEach(part, delta)
    {
        cJSON *known = get(to, part->string);
        bool whole = cJSON_IsArray(part) || cJSON_IsObject(part);
        if (whole && (known == NULL || known->type != part->type)) {
            known = cJSON_IsArray(part) ? cJSON_CreateArray()
                                        : cJSON_CreateObject();
            put(to, part->string, known);
        }
        if (cJSON_IsArray(part))
            merge_list(known, part);
        else if (cJSON_IsObject(part))
            merge(known, part);
        else if (cJSON_IsString(part) && cJSON_IsString(known) &&
                 !is_name(part->string))
            append(known, part->valuestring);
        else if (known == NULL || !cJSON_IsNull(part))
            put(to, part->string, copy_of(part));
    }
}

/* Of a choice only these grow. */
static bool grows(const char *key)
{
    return strcmp(key, "text") == 0 || strcmp(key, "logprobs") == 0 ||
           strcmp(key, "message") == 0;
}

static void merge_choice(cJSON *to, const cJSON *choice)
{
    cJSON *part, *one = cJSON_CreateObject();
    cJSON_ArrayForEach(part, choice)
    {
        const char *key =
            strcmp(part->string, "delta") == 0 ? "message" : part->string;
        if (grows(key))
            cJSON_AddItemToObject(one, key, cJSON_Duplicate(part, true));
        else if (get(to, key) == NULL || !cJSON_IsNull(part))
            put(to, key, cJSON_Duplicate(part, true));
    }
    merge(to, one);
    cJSON_Delete(one);
}

/* A chunk: its choices go to those before, the rest is as in the first that
   tells it. */
static void merge_chunk(cJSON *to, const cJSON *chunk)
{
    const cJSON *part, *choice;
    if (!cJSON_IsObject(chunk))
        return;
    cJSON_ArrayForEach(part, chunk)
    {
        cJSON *known = get(to, part->string);
        if (strcmp(part->string, "choices") == 0) {
            if (known == NULL)
                known = cJSON_AddArrayToObject(to, "choices");
            cJSON_ArrayForEach(choice, part)
            {
                if (cJSON_IsObject(choice))
                    merge_choice(at_index(known, choice), choice);
            }
        } else if (known == NULL || cJSON_IsNull(known) || is(known, "") ||
                   (strcmp(part->string, "usage") == 0 &&
                    !cJSON_IsNull(part))) {
            put(to, part->string, cJSON_Duplicate(part, true));
        }
    }
}

/* Tells whether every choice came to its end. */
static bool all_ended(const cJSON *answer)
{
    const cJSON *choice;
    bool any = false;
    cJSON_ArrayForEach(choice, get(answer, "choices"))
    {
        any = true;
        if (!cJSON_IsString(get(choice, "finish_reason")))
            return false;
    }
    return any;
}

/* In the order of a whole answer. */
static void put_last(cJSON *o, const char *key)
{
    cJSON *value = cJSON_DetachItemFromObjectCaseSensitive(o, key);
    if (value != NULL)
        cJSON_AddItemToObject(o, key, value);
    else
        cJSON_AddNullToObject(o, key);
}

/* What only a chunk has goes, what only a whole answer has comes. */
static void finish(cJSON *answer)
{
    cJSON *choice, *call;
    if (is(get(answer, "object"), "chat.completion.chunk"))
        put(answer, "object", cJSON_CreateString("chat.completion"));
    if (cJSON_IsNull(get(answer, "usage")))
        cJSON_DeleteItemFromObjectCaseSensitive(answer, "usage");
    cJSON_DeleteItemFromObjectCaseSensitive(answer, "obfuscation");
    cJSON_ArrayForEach(choice, get(answer, "choices"))
    {
        cJSON *message = get(choice, "message");
        put_last(choice, "logprobs");
        put_last(choice, "finish_reason");
        if (message == NULL)
            continue;
        put_missing(message, "content");
        put_missing(message, "refusal");
        cJSON_ArrayForEach(call, get(message, "tool_calls"))
        {
            cJSON_DeleteItemFromObjectCaseSensitive(call, "index");
        }
    }
}

/* An error that an event tells. */
static void fail(struct bench_collected *c, const char *text, size_t length)
{
    struct lim_apierror e;
    lim_apierror_read(&e, 200, text, length);
    c->class = e.class == LIM_CLASS_OK ? LIM_CLASS_TRANSIENT : e.class;
    snprintf(c->message, sizeof c->message, "%.190s",
             e.message[0] != '\0' ? e.message : "the stream told of an error");
}

static void fail_response(struct bench_collected *c, const cJSON *response)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "error",
                          cJSON_Duplicate(get(response, "error"), true));
    char *text = cJSON_PrintUnformatted(o);
    fail(c, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
    cJSON_free(text);
    cJSON_Delete(o);
}

/* One event; true: it is the last. */
static bool take(struct bench_collected *c, const struct bench_event *e)
{
    if (e->length == 6 && memcmp(e->data, "[DONE]", 6) == 0)
        return true;
    cJSON *root = cJSON_ParseWithLength(e->data, e->length);
    const cJSON *type = get(root, "type");
    const cJSON *response = get(root, "response");
    bool last = false;
    if (!cJSON_IsObject(root)) {
        c->class = LIM_CLASS_TRANSIENT;
        snprintf(c->message, sizeof c->message, "an event is no JSON");
    } else if (e->error || cJSON_IsObject(get(root, "error")) ||
               is(type, "error")) {
        fail(c, e->data, e->length);
    } else if (is(type, "response.failed")) {
        fail_response(c, response);
    } else if (is(type, "response.completed") ||
               is(type, "response.incomplete")) {
        cJSON_Delete(c->answer);
        c->answer = cJSON_Duplicate(response, true);
        last = c->answer != NULL;
    } else if (type == NULL) {
        if (c->answer == NULL)
            c->answer = cJSON_CreateObject();
        merge_chunk(c->answer, root);
    }
    cJSON_Delete(root);
    return last;
}

void bench_collect(struct bench_collected *c, const char *body, size_t length)
{
    struct bench_event e = { .rest = body, .left = length };
    bool last = false;
    *c = (struct bench_collected){ .class = LIM_CLASS_OK };
    while (c->class == LIM_CLASS_OK && !last && bench_events_next(&e))
        last = take(c, &e);
    if (c->class == LIM_CLASS_OK &&
        (c->answer == NULL || (!last && !all_ended(c->answer)))) {
        c->class = LIM_CLASS_TRANSIENT;
        snprintf(c->message, sizeof c->message, "the stream was cut");
    }
    if (c->class == LIM_CLASS_OK) {
        finish(c->answer);
        return;
    }
    cJSON_Delete(c->answer);
    c->answer = NULL;
}
