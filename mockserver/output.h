#ifndef MOCK_OUTPUT_H
#define MOCK_OUTPUT_H

#include "mockserver/prose.h"
#include "mockserver/tools.h"

/*
 * The answer of responses: one output item, a message or a call, whole or as
 * a stream of numbered events:
 *
 *     response.created, response.in_progress,
 *     response.output_item.added, response.content_part.added (of a message),
 *     response.output_text.delta (or ...function_call_arguments.delta,
 *     ...custom_tool_call_input.delta) for each token, and .done,
 *     response.content_part.done, response.output_item.done,
 *     response.completed, or response.incomplete if the bound cut it
 *
 * Where a fault cuts the stream, one in three just breaks off, one ends with
 * response.failed and one with an error event, by draw.
 */
struct mock_output {
    struct mock_prose prose; /* of one choice */
    struct mock_wish wish;   /* its schema is not looked at any more */
    int64_t input_tokens;
    struct mock_text asked; /* what the response repeats of its request, as
                               members of an object with a comma at the end */
    struct mock_text head;  /* private, as what is below */
    int64_t sequence;
};

/* Answers with `output`, which is moved. */
void mock_output_answer(struct mock_visit *v, const struct sim_plan *plan,
                        struct mock_output *output, bool stream);

#endif
