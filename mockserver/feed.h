#ifndef MOCK_FEED_H
#define MOCK_FEED_H

#include "mockserver/visit.h"

/*
 * An answer that comes token by token: the first when the answer is due, the
 * last at the plan's total time, the others evenly between.  A reply of 11
 * tokens with its first after 1 s and its last after 3 s has one each 200 ms.
 *
 * What the events look like is the room's affair: its form writes them from
 * a state of its own, which outlives the request and so points to nothing of
 * it.
 */
struct mock_feed_form {
    size_t size; /* of the state */

    /* Each adds whole events to `out`; tokens come in order, from 0 on. */
    void (*begin)(void *state, struct mock_text *out);
    void (*token)(void *state, int64_t index, struct mock_text *out);
    void (*end)(void *state, struct mock_text *out);

    /* NULL, or writes what is told where a fault cuts the stream; false: it
       just breaks off. */
    bool (*fail)(void *state, struct mock_text *out);

    void (*fini)(void *state); /* NULL: there is nothing to free */
};

/*
 * Makes the stream of server-sent events that an admitted visit is answered
 * with.  The state is moved: it is freed with the stream, or here when there
 * is no memory (the answer is then a failed one).
 */
void mock_feed_answer(struct mock_visit *v, const struct sim_plan *plan,
                      const struct mock_feed_form *form, void *state);

/* Drops the second half of what `out` holds from `start` on: JSON that
   nobody can read, as of a malformed answer. */
void mock_feed_break(struct mock_text *out, size_t start);

#endif
