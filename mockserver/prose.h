#ifndef MOCK_PROSE_H
#define MOCK_PROSE_H

#include <stdbool.h>
#include <stdint.h>

#include "mockserver/text.h"

/*
 * What the choices of a reply say: words, as many as the choice has tokens,
 * or a text that was made for it (a JSON value), spread over them.  All is a
 * function of `draw`, so a reply says the same whether it streams or not.
 *
 * The tokens are dealt to the choices in turn: of 5 for two choices, those
 * with the numbers 0, 2 and 4 are the first's.
 */
struct mock_prose {
    int64_t choices;    /* > 0 */
    int64_t tokens;     /* of all of them */
    int64_t max_tokens; /* of one; -1: no bound */
    uint64_t draw;
    struct mock_text texts; /* of all choices, one behind the other */
    size_t *ends;           /* of each choice's text; NULL: words */
};

/* For the text of choice number n: add it to p->texts, then close it.  In
   order, all or none; too little memory makes p->texts a failed one. */
void mock_prose_close(struct mock_prose *p, int64_t choice);
void mock_prose_fini(struct mock_prose *p); /* one of zeros is allowed */

/* A draw of the choice's own, for what `purpose` is. */
uint64_t mock_prose_draw(const struct mock_prose *p, int64_t choice,
                         unsigned purpose);

int64_t mock_prose_tokens(const struct mock_prose *p, int64_t choice);

/* Tells whether the bound cut what the choice says. */
bool mock_prose_cut(const struct mock_prose *p, int64_t choice);

/* Adds what the choice says as a JSON string. */
void mock_prose_whole(const struct mock_prose *p, int64_t choice,
                      struct mock_text *out);

/* Adds token number `index` of the choice as a JSON string; false: it is
   empty, and nothing was added. */
bool mock_prose_piece(const struct mock_prose *p, int64_t choice, int64_t index,
                      struct mock_text *out);

#endif
