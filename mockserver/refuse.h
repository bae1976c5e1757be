#ifndef MOCK_REFUSE_H
#define MOCK_REFUSE_H

#include "mockserver/kinds.h"
#include "mockserver/visit.h"

/*
 * Answers of a question that is not served, with status, body and headers, in
 * the daemon's manner.
 */

/* What is known of the request that is refused. */
struct mock_refuse_request {
    const char *model;
    bool images; /* it asked for some */
};

/* The provider refused: the verdict is not SIM_ADMITTED, SIM_WRONG or
   SIM_UNASKED. */
void mock_refuse_verdict(struct mock_visit *v,
                         const struct mock_refuse_request *r,
                         const struct sim_verdict *verdict);

/* The model is not there, or not for this organisation; 403 where it is the
   project alone that may not use it. */
void mock_refuse_model(struct mock_visit *v, const char *model);

/*
 * Answers with a kind of failure, whatever is asked for.  `model` NULL: the
 * one that the question's log names, if any.  A body that another status
 * would have to be sent with keeps its own.
 */
void mock_refuse_kind(struct mock_visit *v, const struct mock_kind *kind,
                      const char *model);

/* The header lines of limits. */
void mock_refuse_show(struct mock_visit *v, const struct sim_verdict *verdict);

#endif
