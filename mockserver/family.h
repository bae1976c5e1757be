#ifndef MOCK_FAMILY_H
#define MOCK_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

struct mock_visit;

/*
 * What a model is for, as far as its name tells: OpenAI's own names do, one
 * of another make is for everything.
 */
enum mock_family {
    MOCK_FAMILY_ANY,
    MOCK_FAMILY_CHAT,
    MOCK_FAMILY_RESPONSES,  /* and no chat: o1-pro, gpt-5-codex */
    MOCK_FAMILY_COMPLETION, /* of a text, as gpt-3.5-turbo-instruct */
    MOCK_FAMILY_EMBEDDING,
    MOCK_FAMILY_SPEECH,        /* of a text */
    MOCK_FAMILY_TRANSCRIPTION, /* of a file of sound */
    MOCK_FAMILY_MODERATION,
    MOCK_FAMILY_OTHER /* images, realtime */
};

enum mock_family mock_family_of(const char *model);

/* Tells whether its answers are of tokens, which come one by one. */
bool mock_family_replies(enum mock_family family);

/* Tells whether a model thinks before it answers (o1, gpt-5 and their like):
   for those the bound is called max_completion_tokens. */
bool mock_family_reasons(const char *model);

/*
 * The longest reply of a chat model, or -1: not known, and then nothing but
 * its context bounds it.  From errors: gpt-4o forgecode#1185 2025-07,
 * gpt-4o-mini ha-claude#42 2026-04, gpt-3.5-turbo and gpt-4-1106-preview
 * NextChat#3195 2023-11, the first gpt-4o optillm#4 2024-09, gpt-4-turbo as
 * its preview.
 */
int64_t mock_family_reply_max(const char *model);

enum mock_family_room {
    MOCK_ROOM_CHAT,
    MOCK_ROOM_COMPLETIONS,
    MOCK_ROOM_EMBEDDINGS,
    MOCK_ROOM_RESPONSES,
    MOCK_ROOMS
};

/*
 * Tells whether a model may come to a room.  False: it is answered with the
 * API's own error, which like that of an unknown model comes before the
 * limits and costs nothing.  The words are as seen, and their place in the
 * order is ours:
 *
 *   chat          chatgpt-web#1428 2023-04, chatwise-releases#1256 2026-02
 *   ... of a model that has /v1/responses alone: goose#2564 2025-05
 *                 (codex-mini-latest), puter#1303 2025-06 (o3-pro),
 *                 n8n#18352 2025-08 (deep-research), docker-agent#313 2025-09
 *                 (gpt-5-codex), chatwise-releases#1122 2025-10 and
 *                 pgadmin4#9795 2026-03 (gpt-5-pro); the other -pro and codex
 *                 models by the same rule (the model pages of o1-pro and
 *                 gpt-5.4-pro say so).  Some were told the words for no chat
 *                 model instead: o1-pro chatbox#2173 2025-03, codex 5.3
 *                 chatwise-releases#1256 2026-02
 *   completions   go-openai#126 2023-03, prompttools#115 2023-12
 *   embeddings    ragflow#1835 2024-08
 *   responses     one-api#88 of Laisky 2025-06; the status is our guess
 *   on Azure      graphrag#1557 2024-12 for chat, the others alike
 */
bool mock_family_fits(struct mock_visit *v, const char *model,
                      enum mock_family_room room);

#endif
