#ifndef MOCK_METER_H
#define MOCK_METER_H

#include "mockserver/visit.h"

/*
 * The way of a request that costs: its body is parsed, its model looked up,
 * its fields read (the first mistake is kept), and then the provider
 * decides.  A mistake in a field is answered only if the limits let the
 * request through, and is charged where the charge policy says so, as seen
 * of the API in 2026.
 */
struct mock_meter {
    cJSON *root; /* the body */
    const char *model;
    int group;
    int64_t prompt_tokens;
    int64_t max_tokens;        /* -1: none */
    int64_t completion_tokens; /* -1: drawn */
    struct mock_text problem;  /* the first mistake's sentence */
    char param[64];
    const char *code;
    bool wrong;
};

/*
 * Parses the body and looks up the model.  False: it is answered.  Either
 * way the caller ends with mock_meter_fini.
 */
bool mock_meter_open(struct mock_visit *v, struct mock_meter *m);
void mock_meter_fini(struct mock_meter *m);

/* Keeps a mistake, if it is the first.  `param` and `code` may be NULL. */
void mock_meter_wrong(struct mock_meter *m, const char *param, const char *code,
                      const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Keeps the mistake of a wrong type: `expected` is "a string", ... */
void mock_meter_type(struct mock_meter *m, const char *param,
                     const cJSON *found, const char *expected);

/* Reads a whole number, if it is there and not null. */
void mock_meter_int(struct mock_meter *m, const char *key, int64_t min,
                    int64_t max, int64_t *out);

/*
 * Lets the provider decide.  Returns the plan of an admitted request, whose
 * flight, headers and time are then in the answer; NULL: it is answered.
 */
const struct sim_plan *mock_meter_admit(struct mock_visit *v,
                                        struct mock_meter *m);

#endif
