#include "mockserver/family.h"

#include <stdio.h>
#include <string.h>

#include "mockserver/azure.h"
#include "mockserver/jsontext.h"
#include "mockserver/visit.h"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* "o1", "o3-mini": an o and a number. */
static bool is_o_series(const char *model)
{
    return model[0] == 'o' && model[1] >= '1' && model[1] <= '9';
}

/* What chats, or answers at greater length: "o1-pro", "o3-deep-research". */
static enum mock_family chat_of(const char *model)
{
    const char *pro = strstr(model, "-pro");
    if ((pro != NULL && (pro[4] == '\0' || pro[4] == '-')) ||
        strstr(model, "-deep-research") != NULL)
        return MOCK_FAMILY_RESPONSES;
    return MOCK_FAMILY_CHAT;
}

/* Of what begins with "gpt-", the parts of the names that are no chat's. */
static enum mock_family gpt_of(const char *model)
{
    static const struct {
        const char *part;
        enum mock_family family;
    } others[] = {
        { "instruct", MOCK_FAMILY_COMPLETION },
        { "tts", MOCK_FAMILY_SPEECH },
        { "transcribe", MOCK_FAMILY_TRANSCRIPTION },
        { "image", MOCK_FAMILY_OTHER },
        { "realtime", MOCK_FAMILY_OTHER },
        { "codex", MOCK_FAMILY_RESPONSES },
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strstr(model, others[i].part) != NULL)
            return others[i].family;
    return chat_of(model);
}

enum mock_family mock_family_of(const char *model)
{
    static const struct {
        const char *begin;
        enum mock_family family;
    } names[] = {
        { "text-embedding-", MOCK_FAMILY_EMBEDDING },
        { "chatgpt-", MOCK_FAMILY_CHAT },
        { "codex-", MOCK_FAMILY_RESPONSES },
        { "davinci-002", MOCK_FAMILY_COMPLETION },
        { "babbage-002", MOCK_FAMILY_COMPLETION },
        { "text-davinci-", MOCK_FAMILY_COMPLETION },
        { "dall-e-", MOCK_FAMILY_OTHER },
        { "tts-1", MOCK_FAMILY_SPEECH },
        { "whisper-1", MOCK_FAMILY_TRANSCRIPTION },
        { "omni-moderation-", MOCK_FAMILY_MODERATION },
        { "text-moderation-", MOCK_FAMILY_MODERATION },
    };
    if (begins(model, "gpt-"))
        return gpt_of(model);
    if (is_o_series(model))
        return chat_of(model);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (begins(model, names[i].begin))
            return names[i].family;
    return MOCK_FAMILY_ANY;
}

bool mock_family_replies(enum mock_family family)
{
    return family == MOCK_FAMILY_ANY || family == MOCK_FAMILY_CHAT ||
           family == MOCK_FAMILY_RESPONSES ||
           family == MOCK_FAMILY_COMPLETION ||
           family == MOCK_FAMILY_TRANSCRIPTION;
}

bool mock_family_reasons(const char *model)
{
    return is_o_series(model) || begins(model, "gpt-5") ||
           begins(model, "gpt-6");
}

int64_t mock_family_reply_max(const char *model)
{
    static const struct {
        const char *begin;
        int64_t tokens;
    } names[] = {
        { "gpt-4o-2024-05-13", 4096 }, { "gpt-4o", 16384 },
        { "gpt-4-turbo", 4096 },       { "gpt-4-1106-preview", 4096 },
        { "gpt-3.5-turbo", 4096 },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (begins(model, names[i].begin))
            return names[i].tokens;
    return -1;
}

static const struct {
    enum mock_family family;
    int status;
    const char *param, *code;
    const char *words, *behind; /* NULL: words alone, else the model between */
    const char *azure;          /* the operation */
} rooms[MOCK_ROOMS] = {
    [MOCK_ROOM_CHAT] = { MOCK_FAMILY_CHAT, 404, "model", NULL,
                         "This is not a chat model and thus not supported in "
                         "the v1/chat/completions endpoint. Did you mean to "
                         "use v1/completions?",
                         NULL, "chatCompletion" },
    [MOCK_ROOM_COMPLETIONS] = { MOCK_FAMILY_COMPLETION, 404, "model", NULL,
                                "This is a chat model and not supported in "
                                "the v1/completions endpoint. Did you mean to "
                                "use v1/chat/completions?",
                                NULL, "completion" },
    [MOCK_ROOM_EMBEDDINGS] = { MOCK_FAMILY_EMBEDDING, 403, NULL, NULL,
                               "You are not allowed to generate embeddings "
                               "from this model",
                               NULL, "embeddings" },
    [MOCK_ROOM_RESPONSES] = { MOCK_FAMILY_CHAT, 404, "model", "model_not_found",
                              "The requested model '",
                              "' is not supported with the Responses API.",
                              "responses" },
};

static void refuse_azure(struct mock_visit *v, const char *model,
                         const char *operation)
{
    char text[400];
    snprintf(text, sizeof text,
             "The %s operation does not work with the specified model, %.100s. "
             "Please choose different model and try again. You can learn more "
             "about which models can be used with each operation here: "
             "https://go.microsoft.com/fwlink/?linkid=2197993.",
             operation, model);
    v->a->status = 400;
    mock_azure_error(&v->a->body, 400, "OperationNotSupported", text);
}

static bool fits(enum mock_family family, enum mock_family_room room)
{
    return family == MOCK_FAMILY_ANY || family == rooms[room].family ||
           (family == MOCK_FAMILY_RESPONSES && room == MOCK_ROOM_RESPONSES);
}

bool mock_family_fits(struct mock_visit *v, const char *model,
                      enum mock_family_room room)
{
    enum mock_family family = mock_family_of(model);
    if (fits(family, room))
        return true;
    if (v->api->config.manner.dialect == MOCK_AZURE) {
        refuse_azure(v, model, rooms[room].azure);
        return false;
    }
    if (family == MOCK_FAMILY_RESPONSES && room == MOCK_ROOM_CHAT) {
        mock_visit_fail(v, 404, "model", NULL,
                        "This model is only supported in v1/responses and not "
                        "in v1/chat/completions.");
        return false;
    }
    char quoted[128];
    const char *behind = rooms[room].behind;
    mock_visit_fail(
        v, rooms[room].status, rooms[room].param, rooms[room].code, "%s%s%s",
        rooms[room].words,
        behind != NULL ? mock_jsontext_quote(model, quoted, sizeof quoted) : "",
        behind != NULL ? behind : "");
    return false;
}
