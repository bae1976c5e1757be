#ifndef MOCK_TALK_H
#define MOCK_TALK_H

#include "mockserver/prose.h"
#include "mockserver/tools.h"

/*
 * The answer of chat/completions: whole, or as chunks.  A stream begins with
 * the roles of all choices, then comes a chunk for each token, then those
 * with the reasons to finish, with the usage if it was asked for, and [DONE].
 */
struct mock_talk {
    struct mock_prose prose;
    struct mock_wish wish; /* its schema is not looked at any more */
    int64_t prompt_tokens;
    bool usage;            /* a stream tells it at its end */
    struct mock_text head; /* private: what each chunk begins with */
};

/* Answers with `talk`, which is moved. */
void mock_talk_answer(struct mock_visit *v, const struct sim_plan *plan,
                      struct mock_talk *talk, bool stream);

#endif
